//! The directory that all errands of a worker share.
//!
//! ```text
//! <cache>/
//!   trees/ roots/        unpacked packages and composed roots, as in a store
//!   composing            locked while an errand unpacks or composes
//!   work/<name>/         scratch of one errand
//!   work/<name>.lock     locked as long as that errand lives
//! ```
//!
//! **Invariant:** scratch of an errand that was killed is removed by a later one; that of a living one never is.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use azl_action::Blob;
use azl_action::ports::{BlobStore, PortError, RootComposer};
use azl_exec::Roots;
use azl_host::lock::{Attempt, Lock, try_lock};
use azl_host::{FileError, environment, files};

/// Variable with the directory.
const VARIABLE: &str = "AZL_AGENT_CACHE";

/// The directory.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    root: PathBuf,
}

/// Scratch of one errand; its lock says that the errand lives.
pub(crate) struct Scratch {
    pub(crate) directory: PathBuf,
    lock: PathBuf,
    _alive: Lock,
}

impl Drop for Scratch {
    /// What cannot be removed now is swept later; it says nothing about the work.
    fn drop(&mut self) {
        if files::remove_dir_all(&self.directory).is_ok() {
            let _ = files::remove_file(&self.lock);
        }
    }
}

/// Composes roots in the cache, one errand at a time.
pub(crate) struct SharedRoots {
    cache: Cache,
    roots: Roots,
}

impl Cache {
    /// Opens the worker's cache.
    pub(crate) fn open() -> Result<Self, PortError> {
        Self::at(&place())
    }

    pub(crate) fn at(root: &Path) -> Result<Self, PortError> {
        for directory in ["trees", "roots", "work"] {
            files::create_dir_all(root.join(directory)).map_err(trouble)?;
        }
        Ok(Self { root: files::canonicalize(root).map_err(trouble)? })
    }

    /// Makes scratch for the errand in directory `here`, and removes what killed errands left.
    pub(crate) fn scratch(&self, here: &Path) -> Result<Scratch, PortError> {
        let _one = self.lock("composing")?;
        self.sweep()?;
        // Errands in containers of their own may have the same process id; no two have the same directory and moment.
        let place = here.display().to_string();
        let name = azl_digest::canonical("scratch.v1", &(place, environment::process_id(), azl_host::clock::now()));
        let name = format!("work/{}", &name.to_string()[..16]);
        let (directory, lock) = (self.root.join(&name), format!("{name}.lock"));
        let alive = self.lock(&lock)?;
        files::create_dir_all(&directory).map_err(trouble)?;
        Ok(Scratch { directory, lock: self.root.join(lock), _alive: alive })
    }

    fn sweep(&self) -> Result<(), PortError> {
        let work = self.root.join("work");
        for name in files::list(&work).map_err(trouble)? {
            let Some(errand) = name.strip_suffix(".lock") else { continue };
            let lock = work.join(&name);
            if let Attempt::Held(_dead) = try_lock(&lock, "sweeping").map_err(trouble)? {
                files::remove_dir_all(work.join(errand)).map_err(trouble)?;
                // Its errand may have removed it just now.
                let _ = files::remove_file(&lock);
            }
        }
        Ok(())
    }

    fn lock(&self, name: &str) -> Result<Lock, PortError> {
        loop {
            match try_lock(&self.root.join(name), "errand").map_err(trouble)? {
                Attempt::Held(lock) => return Ok(lock),
                Attempt::HeldBy(_) => azl_host::clock::sleep(Duration::from_millis(50)),
            }
        }
    }

    /// Returns what composes roots here.
    pub(crate) fn roots(&self) -> Arc<dyn RootComposer> {
        Arc::new(SharedRoots { cache: self.clone(), roots: Roots::new(&self.root) })
    }
}

impl RootComposer for SharedRoots {
    fn compose(&self, layers: &[Blob], store: &dyn BlobStore) -> Result<PathBuf, PortError> {
        let _one = self.cache.lock("composing")?;
        self.roots.compose(layers, store)
    }
}

fn place() -> PathBuf {
    environment::var(VARIABLE)
        .map(PathBuf::from)
        .or_else(|| environment::cache_dir().map(|cache| cache.join("azl-agent")))
        .unwrap_or_else(|| PathBuf::from("/var/tmp/azl-agent"))
}

pub(crate) fn trouble(error: FileError) -> PortError {
    PortError::Infrastructure(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scratch_of_a_dead_errand_is_swept_and_that_of_a_living_one_is_not() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let cache = Cache::at(directory.path()).expect("a cache");
        let living = cache.scratch(Path::new("/a")).expect("scratch");
        let mut killed = std::mem::ManuallyDrop::new(cache.scratch(Path::new("/b")).expect("scratch"));
        let dead = killed.directory.clone();
        // The kernel lets go of a dead process's lock, and nothing else happens.
        killed._alive = cache.lock("work/other.lock").expect("a lock");
        assert!(files::is_dir(&dead) && dead != living.directory);
        let next = cache.scratch(Path::new("/c")).expect("scratch");
        assert!(!files::exists(&dead) && files::is_dir(&living.directory) && files::is_dir(&next.directory));
    }
}
