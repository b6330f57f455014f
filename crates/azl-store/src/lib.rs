//! The store: blobs by digest, results by action, and nothing else that cannot be made again.
//!
//! ```text
//! <store>/
//!   FORMAT            version of this layout; another version is refused
//!   lock              held by the one run that writes
//!   blobs/ab/abcd…    content, named by its SHA-256, mode 0444
//!   actions/ab/abcd…  result of an action (JSON), named by the action's digest
//!   trees/ roots/     unpacked packages and composed roots (the executor's)
//!   logs/             one log per action
//!   quarantine/       files whose bytes were not what their name says
//!   work/             scratch of running actions, emptied when a run starts
//! ```
//!
//! Not here: knowing how anything in it was made.
//!
//! **Invariant:** a blob or result appears under its name in one step and complete; its bytes are
//! checked the first time a process uses it.

mod actions;
mod blobs;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use azl_digest::Digest;
use azl_host::lock::{Attempt, Lock};
use azl_host::{FileError, files};

use std::collections::BTreeSet;

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
}

impl LocalStore {
    /// Opens the store at `root`, making it if it is absent.
    ///
    /// # Errors
    /// [`OpenError`] if the directory cannot be used or has another format.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, OpenError> {
        let root = root.into();
        for directory in ["blobs", "actions", "trees", "roots", "logs", "quarantine", "work"] {
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
        Ok(Self { root, checked: Mutex::default() })
    }

    /// Returns the directory of the store.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Takes the store for one run; `wait` is told who holds it, once, before waiting.
    ///
    /// Scratch files that a killed run left are removed once the lock is ours.
    ///
    /// # Errors
    /// If the lock file cannot be used.
    pub fn lock(&self, purpose: &str, wait: impl FnOnce(&str)) -> Result<Lock, FileError> {
        let path = self.root.join("lock");
        let mut wait = Some(wait);
        loop {
            match azl_host::lock::try_lock(&path, purpose)? {
                Attempt::Held(lock) => {
                    self.empty_work()?;
                    return Ok(lock);
                }
                Attempt::HeldBy(holder) => {
                    if let Some(wait) = wait.take() {
                        wait(&holder);
                    }
                    azl_host::clock::sleep(std::time::Duration::from_millis(200));
                }
            }
        }
    }

    fn empty_work(&self) -> Result<(), FileError> {
        let work = self.root.join("work");
        for name in files::list(&work)? {
            files::remove_dir_all(work.join(name))?;
        }
        Ok(())
    }

    /// Returns the path of the log of an action.
    pub fn log_path(&self, action: Digest) -> PathBuf {
        self.root.join("logs").join(format!("{action}.log"))
    }
}
