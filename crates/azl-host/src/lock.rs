//! Exclusive locks between processes, released by the kernel when the holder dies.

use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::Path;

use crate::files::{self, FileError};

/// A held lock; dropping it releases it.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Releases the lock itself, not only this handle: a process that is just being started shares the handle for a
    /// moment.
    fn drop(&mut self) {
        // The kernel releases it anyway once the last handle is closed.
        let _ = self.file.unlock();
    }
}

/// The result of trying to take a lock.
#[derive(Debug)]
pub enum Attempt {
    /// The lock is ours.
    Held(Lock),
    /// Another process holds it; what it said of itself, e.g. `process 42: release`.
    HeldBy(String),
}

/// Tries to take the lock at `path`; `purpose` is what other processes are told while it is held.
///
/// # Errors
/// If the lock file cannot be created or written.
pub fn try_lock(path: &Path, purpose: &str) -> Result<Attempt, FileError> {
    let file = files::append(path)?;
    let failed = |source| FileError { operation: "lock", path: path.to_owned(), source };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let holder = files::read_to_string(path).unwrap_or_default();
            return Ok(Attempt::HeldBy(holder.trim().to_owned()));
        }
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    file.set_len(0).map_err(failed)?;
    (&file).write_all(format!("process {}: {purpose}\n", std::process::id()).as_bytes()).map_err(failed)?;
    Ok(Attempt::Held(Lock { file }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_attempt_names_the_holder() {
        let path = std::env::temp_dir().join(format!("azl-host-lock-{}", std::process::id()));
        let Ok(Attempt::Held(lock)) = try_lock(&path, "release") else { panic!("lock was free") };
        let Ok(Attempt::HeldBy(holder)) = try_lock(&path, "build") else { panic!("lock was held") };
        assert_eq!(holder, format!("process {}: release", std::process::id()));
        drop(lock);
        assert!(matches!(try_lock(&path, "build"), Ok(Attempt::Held(_))));
        files::remove_file(&path).expect("clean up");
    }
}
