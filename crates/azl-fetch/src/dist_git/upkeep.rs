//! Keeps a store of thousands of packages fast: few packs, one index over them, one list of refs.
//!
//! Git's own housekeeping is switched off, since it would ask which objects can be reached, and most are elsewhere.
//!
//! **Invariant:** every object stays: a pack goes only when all it holds is in another.

use std::sync::atomic::{AtomicU32, Ordering};

use azl_host::lock::{Attempt, try_lock};
use azl_host::{files, lock};

use super::DistGit;
use super::error::DistGitError;

/// Packs that come in before they are put together.
const PACKS: u32 = 256;
/// Packs smaller than this are put together once they are as much in all.
const BATCH: &str = "--batch-size=8m";

/// Counts packs since the last time.
#[derive(Debug, Default)]
pub(super) struct Upkeep(AtomicU32);

impl DistGit {
    /// Puts small packs together and indexes them, and lists all refs in one file.
    ///
    /// It happens now and then by itself; call it once after many fetches. While another run does it, it does nothing.
    ///
    /// # Errors
    /// What git said; the store is as good as before.
    pub fn tidy(&self) -> Result<(), DistGitError> {
        self.upkeep.0.store(0, Ordering::Relaxed);
        let Some(_held) = self.hold()? else { return Ok(()) };
        let packs = |args: &[&str]| self.git.offline().arg("multi-pack-index").args(args.to_vec()).output();
        packs(&["write"])?;
        packs(&["repack", BATCH])?;
        // Before the old packs go: a fetch looks for what it has in packs that promise the rest.
        self.mark()?;
        packs(&["expire"])?;
        self.git.offline().args(["pack-refs", "--all"]).output()?;
        Ok(())
    }

    /// Notes that a pack came in.
    pub(super) fn count_pack(&self) {
        if self.upkeep.0.fetch_add(1, Ordering::Relaxed) >= PACKS {
            // Best effort: everything is found without it, if slower.
            let _ = self.tidy();
        }
    }

    fn hold(&self) -> Result<Option<lock::Lock>, DistGitError> {
        match try_lock(&self.git.directory().join("tidy.lock"), "tidying dist-git")? {
            Attempt::Held(lock) => Ok(Some(lock)),
            Attempt::HeldBy(_) => Ok(None),
        }
    }

    /// Marks packs that git made of others as such whose missing objects a server has promised, like the others.
    fn mark(&self) -> Result<(), DistGitError> {
        let directory = self.git.directory().join("objects/pack");
        for name in files::list(&directory)? {
            let Some(stem) = name.strip_suffix(".idx") else { continue };
            let mark = directory.join(format!("{stem}.promisor"));
            if !files::exists(&mark) {
                files::create(&mark)?;
            }
        }
        Ok(())
    }
}
