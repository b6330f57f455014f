//! For tests: a store that is one directory, without checks, and a web server that answers as told.

mod server;

pub(crate) use server::{Reply, WebServer};

use std::path::{Path, PathBuf};

use azl_action::Origin;
use azl_action::ports::{BlobStore, PortError};
use azl_digest::Digest;
use azl_host::files;

pub(crate) struct DirectoryStore(tempfile::TempDir);

impl DirectoryStore {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    /// Makes a file outside the store and returns it as an origin.
    pub(crate) fn file(&self, name: &str, content: &[u8]) -> Origin {
        let path = self.0.path().join(name);
        files::write_atomic(&path, content).expect("write");
        Origin::Url(format!("file://{}", path.display()))
    }

    /// Returns the bytes that were put into quarantine last.
    pub(crate) fn quarantined(&self) -> Option<Vec<u8>> {
        files::read(self.0.path().join("quarantined")).ok()
    }

    fn blob(&self, digest: Digest) -> PathBuf {
        self.0.path().join(digest.to_string())
    }
}

impl BlobStore for DirectoryStore {
    fn contains(&self, digest: Digest) -> bool {
        files::exists(self.blob(digest))
    }

    fn path(&self, digest: Digest) -> Result<PathBuf, PortError> {
        Ok(self.blob(digest))
    }

    fn read(&self, digest: Digest) -> Result<Vec<u8>, PortError> {
        files::read(self.blob(digest)).map_err(|_| PortError::LostBlob(digest))
    }

    fn put(&self, bytes: &[u8]) -> Result<Digest, PortError> {
        let digest = Digest::of(bytes);
        files::write_atomic(self.blob(digest), bytes).expect("write");
        Ok(digest)
    }

    fn take(&self, file: &Path) -> Result<Digest, PortError> {
        let digest = files::digest(file).expect("digest");
        files::rename(file, self.blob(digest)).expect("move");
        Ok(digest)
    }

    fn quarantine(&self, file: &Path) -> Result<(), PortError> {
        files::rename(file, self.0.path().join("quarantined")).expect("move");
        Ok(())
    }

    fn scratch(&self, label: &str) -> Result<PathBuf, PortError> {
        let path = self.0.path().join(format!("scratch-{label}"));
        files::create_dir_all(&path).expect("directory");
        Ok(path)
    }
}
