//! Locks between processes, released by the kernel when their holder dies.
//!
//! Not here: what a lock protects.
//!
//! **Invariant:** a held lock is the lock of the file that has the path's name now; a file that was removed while
//! somebody waited for it is no lock.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::files::{self, FileError};

/// A held lock; dropping it releases it.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Removes the file and releases the lock.
    pub fn discard(self) {
        // A file that stays is taken by whoever wants the lock next.
        let _ = files::remove_file(&self.path);
    }
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

/// Tries to take the lock at `path` alone; `purpose` is what other processes are told while it is held.
///
/// # Errors
/// If the lock file cannot be created or written.
pub fn try_lock(path: &Path, purpose: &str) -> Result<Attempt, FileError> {
    let Some(file) = acquire(path, File::try_lock)? else {
        let holder = files::read_to_string(path).unwrap_or_default();
        return Ok(Attempt::HeldBy(holder.trim().to_owned()));
    };
    sign(&file, path, purpose)?;
    Ok(Attempt::Held(Lock { file, path: path.to_owned() }))
}

/// Tries to take the lock at `path` together with others who share it.
///
/// # Errors
/// If the lock file cannot be created.
pub fn try_share(path: &Path) -> Result<Attempt, FileError> {
    Ok(match acquire(path, File::try_lock_shared)? {
        Some(file) => Attempt::Held(Lock { file, path: path.to_owned() }),
        None => Attempt::HeldBy(files::read_to_string(path).unwrap_or_default().trim().to_owned()),
    })
}

/// Takes the lock at `path` alone and waits for as long as others hold it: for locks that nobody holds for long.
///
/// # Errors
/// If the lock file cannot be created or written.
pub fn wait(path: &Path, purpose: &str) -> Result<Lock, FileError> {
    let blocking = |file: &File| file.lock().map_err(TryLockError::Error);
    let file = acquire(path, blocking)?.expect("a lock that is waited for is not refused");
    sign(&file, path, purpose)?;
    Ok(Lock { file, path: path.to_owned() })
}

/// Locks the file that has this name, making it if it is absent; nothing if others hold it.
fn acquire(path: &Path, take: impl Fn(&File) -> Result<(), TryLockError>) -> Result<Option<File>, FileError> {
    loop {
        let file = files::append(path)?;
        match take(&file) {
            Ok(()) if has_name(&file, path) => return Ok(Some(file)),
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(source)) if source.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(source)) => return Err(failed(path, source)),
        }
    }
}

fn has_name(file: &File, path: &Path) -> bool {
    let identity = |meta: std::fs::Metadata| (meta.dev(), meta.ino());
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(held), Ok(named)) => identity(held) == identity(named),
        _ => false,
    }
}

fn sign(mut file: &File, path: &Path, purpose: &str) -> Result<(), FileError> {
    file.set_len(0).map_err(|source| failed(path, source))?;
    let text = format!("process {}: {purpose}\n", std::process::id());
    file.write_all(text.as_bytes()).map_err(|source| failed(path, source))
}

fn failed(path: &Path, source: io::Error) -> FileError {
    FileError { operation: "lock", path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("azl-host-lock-{name}-{}", std::process::id()))
    }

    #[test]
    fn second_attempt_names_the_holder() {
        let path = path("exclusive");
        let Ok(Attempt::Held(lock)) = try_lock(&path, "release") else { panic!("lock was free") };
        let Ok(Attempt::HeldBy(holder)) = try_lock(&path, "build") else { panic!("lock was held") };
        assert_eq!(holder, format!("process {}: release", std::process::id()));
        drop(lock);
        assert!(matches!(try_lock(&path, "build"), Ok(Attempt::Held(_))));
        files::remove_file(&path).expect("clean up");
    }

    #[test]
    fn those_who_share_exclude_only_who_wants_it_alone() {
        let path = path("shared");
        let Ok(Attempt::Held(one)) = try_share(&path) else { panic!("lock was free") };
        let Ok(Attempt::Held(other)) = try_share(&path) else { panic!("lock can be shared") };
        assert!(matches!(try_lock(&path, "gc"), Ok(Attempt::HeldBy(_))));
        drop((one, other));
        let Ok(Attempt::Held(alone)) = try_lock(&path, "gc") else { panic!("lock was free") };
        assert!(matches!(try_share(&path), Ok(Attempt::HeldBy(holder)) if holder.ends_with(": gc")));
        alone.discard();
        assert!(!files::exists(&path));
    }

    #[test]
    fn a_file_that_lost_its_name_is_no_lock() {
        let path = path("unnamed");
        let Ok(Attempt::Held(first)) = try_lock(&path, "first") else { panic!("lock was free") };
        let waiting = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| wait(&path, "second"));
            first.discard();
            waiting.join().expect("no panic")
        });
        let second = waiting.expect("taken");
        assert!(files::exists(&path), "the second made a file of its own");
        assert!(matches!(try_lock(&path, "third"), Ok(Attempt::HeldBy(_))));
        second.discard();
    }
}
