//! Where a further build leaves its outputs: a directory, with the store behind it for what is read.
//!
//! **Invariant:** nothing is written to the store but scratch directories.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use azl_action::ports::{BlobStore, PortError};
use azl_digest::Digest;
use azl_host::{FileError, files};

/// Blobs in a directory, and behind them a store that is read only.
pub(super) struct Scratch<'a> {
    behind: &'a dyn BlobStore,
    area: PathBuf,
    own: Mutex<BTreeMap<Digest, PathBuf>>,
}

impl<'a> Scratch<'a> {
    /// Makes a directory of its own beside the store's blobs.
    pub(super) fn new(behind: &'a dyn BlobStore) -> Result<Self, PortError> {
        Ok(Self { behind, area: behind.scratch("reproduce")?, own: Mutex::default() })
    }

    /// Removes everything.
    pub(super) fn remove(self) -> Result<(), PortError> {
        files::remove_dir_all(&self.area).map_err(failed)
    }

    /// Returns a path in the directory, for a log.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.area.join(name)
    }

    fn own(&self, digest: Digest) -> Option<PathBuf> {
        self.own.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(&digest).cloned()
    }

    fn place(&self, digest: Digest) -> PathBuf {
        let path = self.area.join(digest.to_string());
        self.own.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(digest, path.clone());
        path
    }
}

impl BlobStore for Scratch<'_> {
    fn contains(&self, digest: Digest) -> bool {
        self.own(digest).is_some() || self.behind.contains(digest)
    }

    fn path(&self, digest: Digest) -> Result<PathBuf, PortError> {
        self.own(digest).map_or_else(|| self.behind.path(digest), Ok)
    }

    fn read(&self, digest: Digest) -> Result<Vec<u8>, PortError> {
        match self.own(digest) {
            Some(path) => files::read(path).map_err(failed),
            None => self.behind.read(digest),
        }
    }

    fn put(&self, bytes: &[u8]) -> Result<Digest, PortError> {
        let digest = Digest::of(bytes);
        files::write_atomic(self.place(digest), bytes).map_err(failed)?;
        Ok(digest)
    }

    fn take(&self, file: &Path) -> Result<Digest, PortError> {
        let digest = files::digest(file).map_err(failed)?;
        files::rename(file, self.place(digest)).map_err(failed)?;
        Ok(digest)
    }

    fn scratch(&self, label: &str) -> Result<PathBuf, PortError> {
        self.behind.scratch(label)
    }
}

pub(super) fn failed(error: FileError) -> PortError {
    PortError::Infrastructure(error.to_string())
}
