//! Scratch of the runs that live: `work/<run>/`, each with a `lock` that its owner holds.
//!
//! Not here: what lies in it.
//!
//! **Invariant:** a directory whose lock is held is touched by its holder alone; all others are leftovers of runs that
//! were killed, and go when the next run starts.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use azl_host::lock::{self, Attempt, Lock};
use azl_host::{FileError, environment, files};

/// Name of the lock file in the directory of a run.
const LOCK: &str = "lock";

/// The scratch directory of this run, made when it is first needed.
#[derive(Debug)]
pub(crate) struct Scratch {
    work: PathBuf,
    own: Mutex<Option<Own>>,
}

#[derive(Debug)]
struct Own {
    directory: PathBuf,
    _lock: Lock,
}

impl Scratch {
    pub(crate) fn new(work: PathBuf) -> Self {
        Self { work, own: Mutex::default() }
    }

    /// Returns a path in the directory of this run that nothing else uses; `label` says what for.
    pub(crate) fn path(&self, label: &str) -> Result<PathBuf, FileError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
        let label: String = label.chars().map(plain).collect();
        Ok(self.begin("reader")?.join(format!("{number}-{label}")))
    }

    /// Makes the directory of this run, if there is none yet, and tells others what it is for.
    pub(crate) fn begin(&self, purpose: &str) -> Result<PathBuf, FileError> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = &*own {
            return Ok(own.directory.clone());
        }
        let (directory, lock) = make(&self.work, purpose)?;
        *own = Some(Own { directory: directory.clone(), _lock: lock });
        Ok(directory)
    }

    /// Removes what runs left that live no more.
    pub(crate) fn remove_leftovers(&self) -> Result<(), FileError> {
        for name in files::list(&self.work)? {
            let directory = self.work.join(name);
            if !files::is_dir(&directory) {
                files::remove_file(&directory)?;
                continue;
            }
            match lock::try_lock(&directory.join(LOCK), "clean up") {
                // A program of the killed run may be ending still, and write; then the run after this one removes it.
                Ok(Attempt::Held(lock)) => drop(remove(&directory, lock)),
                Ok(Attempt::HeldBy(_)) => {}
                // Its owner or another run removed it just now.
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Says who lives, e.g. `process 42: release`.
    pub(crate) fn living(&self) -> Result<Vec<String>, FileError> {
        let mut living = Vec::new();
        for name in files::list(&self.work)? {
            let path = self.work.join(name).join(LOCK);
            if files::exists(&path)
                && let Ok(Attempt::HeldBy(holder)) = lock::try_share(&path)
            {
                living.push(holder);
            }
        }
        Ok(living)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(own) = self.own.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            // What cannot be removed now is a leftover for the next run.
            let _ = remove(&own.directory, own._lock);
        }
    }
}

/// Makes a directory that no living run has; another run may take it for a leftover until its lock is held.
fn make(work: &Path, purpose: &str) -> Result<(PathBuf, Lock), FileError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let directory = work.join(format!("{}-{number}", environment::process_id()));
        if files::exists(&directory) {
            continue;
        }
        files::create_dir_all(&directory)?;
        match lock::try_lock(&directory.join(LOCK), purpose) {
            Ok(Attempt::Held(lock)) => return Ok((directory, lock)),
            Ok(Attempt::HeldBy(_)) => {}
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
}

/// Removes a directory whose lock is held; the lock goes last, so that nobody takes a half-removed directory for its own.
fn remove(directory: &Path, lock: Lock) -> Result<(), FileError> {
    for name in files::list(directory)?.into_iter().filter(|name| name != LOCK) {
        files::remove_dir_all(directory.join(name))?;
    }
    lock.discard();
    // Who looked at it just now may have made a lock file again; then that one removes the directory.
    let _ = files::remove_empty_dir(directory);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_go_and_living_scratch_stays() {
        let work = tempfile::tempdir().expect("a directory");
        let [dead, living, next] = [(); 3].map(|()| Scratch::new(work.path().to_owned()));
        let left = dead.path("left").expect("a path");
        files::create_dir_all(&left).expect("scratch");
        // A killed process releases its lock and cleans nothing up.
        drop(std::mem::take(&mut *dead.own.lock().expect("no panic")));
        let kept = living.path("kept").expect("a path");
        files::create_dir_all(&kept).expect("scratch");
        next.remove_leftovers().expect("clean up");
        assert!(!files::exists(left.parent().expect("a run")) && files::is_dir(&kept));
        assert_eq!(living.living().expect("list").len(), 1);
    }

    #[test]
    fn a_run_that_ends_leaves_nothing() {
        let work = tempfile::tempdir().expect("a directory");
        let scratch = Scratch::new(work.path().to_owned());
        files::create_dir_all(scratch.path("a").expect("a path").join("b")).expect("scratch");
        drop(scratch);
        assert!(files::list(work.path()).expect("list").is_empty());
    }
}
