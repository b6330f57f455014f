//! The store: blobs by digest, results by action, and nothing else that cannot be made again.
//!
//! ```text
//! <store>/
//!   FORMAT            version of this layout; another version is refused
//!   lock              shared by all runs, held alone by garbage collection
//!   blobs/ab/abcd…    content, named by its SHA-256, mode 0444
//!   actions/ab/abcd…  result of an action (JSON), named by the action's digest
//!   index             copies of the results, read at once, and what derivations were lowered to
//!   trees/ roots/     unpacked packages and composed roots (the executor's)
//!   logs/             one log per action
//!   quarantine/       files whose bytes were not what their name says
//!   locks/            one file for each action that is being done, held by the run that does it
//!   work/<run>/       scratch of a run that lives; the next run removes what dead ones left
//! ```
//!
//! Not here: knowing how anything in it was made.
//!
//! **Invariant:** a blob or result appears under its name in one step and complete; its bytes are
//! checked the first time a process uses it.
//! **Invariant:** nothing is removed from a store while a run holds its lock.

mod actions;
mod blobs;
pub mod gc;
mod index;
mod presence;
mod scratch;

pub use actions::Remembered;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use azl_action::ports::PortError;
use azl_digest::Digest;
use azl_host::lock::{self, Attempt, Lock};
use azl_host::{FileError, files};

use crate::index::Index;
use crate::presence::Presence;
use crate::scratch::Scratch;

/// Version of the on-disk layout.
const FORMAT: &str = "azl-store 1\n";

/// A store that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another version of this program made it.
    #[error(
        "store `{path}` has format `{found}`, this program reads `azl-store 1`\n  hint: use another directory (AZL_STORE) or remove it; everything in it can be made again"
    )]
    Format {
        /// The store.
        path: PathBuf,
        /// What its FORMAT file says.
        found: String,
    },
}

/// A store in a local directory.
#[derive(Debug)]
pub struct LocalStore {
    root: PathBuf,
    /// Blobs whose bytes this process has checked.
    checked: Mutex<BTreeSet<Digest>>,
    blobs: Presence,
    results: Presence,
    index: Index,
    scratch: Scratch,
}

impl LocalStore {
    /// Opens the store at `root`, making it if it is absent.
    ///
    /// # Errors
    /// [`OpenError`] if the directory cannot be used or has another format.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, OpenError> {
        let root = root.into();
        for directory in ["blobs", "actions", "trees", "roots", "logs", "locks", "quarantine", "work"] {
            files::create_dir_all(root.join(directory))?;
        }
        let root = files::canonicalize(&root)?;
        let format = root.join("FORMAT");
        match files::read_to_string(&format) {
            Ok(text) if text == FORMAT => {}
            Ok(text) => return Err(OpenError::Format { path: root, found: text.trim().to_owned() }),
            Err(error) if error.is_not_found() => files::write_atomic(&format, FORMAT.as_bytes())?,
            Err(error) => return Err(error.into()),
        }
        Ok(Self {
            checked: Mutex::default(),
            blobs: Presence::new(root.join("blobs")),
            results: Presence::new(root.join("actions")),
            index: Index::new(root.join("index")),
            scratch: Scratch::new(root.join("work")),
            root,
        })
    }

    /// Returns the directory of the store.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Takes part in the store for one run, beside other runs; `wait` is told who holds it alone, once, before waiting.
    ///
    /// Scratch files that killed runs left are removed.
    ///
    /// # Errors
    /// If the lock file cannot be used.
    pub fn share(&self, purpose: &str, wait: impl FnOnce(&str)) -> Result<Lock, FileError> {
        let path = self.root.join("lock");
        let lock = poll(|| lock::try_share(&path), wait)?;
        self.scratch.remove_leftovers()?;
        self.remove_claims()?;
        self.scratch.begin(purpose)?;
        Ok(lock)
    }

    /// Takes the store alone, to remove things from it; `wait` is told who uses it, once, before waiting.
    ///
    /// # Errors
    /// If the lock file cannot be used.
    pub fn lock(&self, purpose: &str, wait: impl FnOnce(&str)) -> Result<Lock, FileError> {
        let path = self.root.join("lock");
        let lock = poll(
            || lock::try_lock(&path, purpose),
            |holder| match self.scratch.living() {
                Ok(living) if !living.is_empty() => wait(&living.join(", ")),
                _ => wait(holder),
            },
        )?;
        self.scratch.remove_leftovers()?;
        self.remove_claims()?;
        Ok(lock)
    }

    /// Claims an action, so that no other run does it meanwhile; whoever gets the claim looks for a result first.
    ///
    /// # Errors
    /// If the lock file cannot be used.
    pub fn claim(&self, action: Digest, node: &str) -> Result<Attempt, PortError> {
        lock::try_lock(&self.root.join("locks").join(action.to_string()), node).map_err(blobs::infrastructure)
    }

    /// Removes the claims of killed runs.
    fn remove_claims(&self) -> Result<(), FileError> {
        let locks = self.root.join("locks");
        for name in files::list(&locks)? {
            if let Attempt::Held(lock) = lock::try_lock(&locks.join(name), "clean up")? {
                lock.discard();
            }
        }
        Ok(())
    }

    /// Returns the path of the log of an action.
    pub fn log_path(&self, action: Digest) -> PathBuf {
        self.root.join("logs").join(format!("{action}.log"))
    }
}

/// Tries until the lock is ours.
fn poll(mut attempt: impl FnMut() -> Result<Attempt, FileError>, wait: impl FnOnce(&str)) -> Result<Lock, FileError> {
    let mut wait = Some(wait);
    loop {
        match attempt()? {
            Attempt::Held(lock) => return Ok(lock),
            Attempt::HeldBy(holder) => {
                if let Some(wait) = wait.take() {
                    wait(&holder);
                }
                azl_host::clock::sleep(std::time::Duration::from_millis(200));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_share_a_store_and_exclude_who_wants_it_alone() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let [one, other] = [(); 2].map(|()| LocalStore::open(directory.path()).expect("a store"));
        let first = one.share("release", |_| panic!("free")).expect("shared");
        let second = other.share("build", |_| panic!("shared")).expect("shared");
        let alone = || lock::try_lock(&directory.path().join("lock"), "gc").expect("a lock file");
        assert!(matches!(alone(), Attempt::HeldBy(_)));
        assert_eq!(one.scratch.living().expect("list").len(), 2, "both say what they do");
        drop((first, second));
        assert!(matches!(alone(), Attempt::Held(_)));
    }

    #[test]
    fn an_action_is_claimed_by_one_run() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let [one, other] = [(); 2].map(|()| LocalStore::open(directory.path()).expect("a store"));
        let action = Digest::of(b"action");
        let Ok(Attempt::Held(claim)) = one.claim(action, "rpm:bash") else { panic!("nobody has it") };
        let Ok(Attempt::HeldBy(holder)) = other.claim(action, "rpm:bash") else { panic!("it is claimed") };
        assert!(holder.ends_with(": rpm:bash"), "{holder}");
        let _share = other.share("build", |_| {}).expect("shared");
        assert!(matches!(other.claim(action, "rpm:bash"), Ok(Attempt::HeldBy(_))), "the claim of a living run stays");
        claim.discard();
        assert!(matches!(other.claim(action, "rpm:bash"), Ok(Attempt::Held(_))));
    }
}
