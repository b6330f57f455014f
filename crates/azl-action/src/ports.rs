//! What an adapter must offer, one trait per kind of effect.
//!
//! Ports speak of blobs and actions; an adapter never sees another adapter, only the [`BlobStore`] it is given.

use std::path::{Path, PathBuf};

use azl_digest::Digest;

use crate::action::{Action, ActionResult, Boot, Fetch, Run, Sign};
use crate::input::Blob;

/// Why an action was not done.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// The work itself failed: a build that does not build, an image that does not boot.
    #[error("{message}")]
    Work {
        /// What failed: command, exit cause and last lines.
        message: String,
        /// The whole log.
        log: Option<PathBuf>,
    },
    /// The input is wrong: a file has another digest than declared, a package is malformed.
    #[error("{0}")]
    Input(String),
    /// A blob is in the store no more or holds other bytes; the action that made it must be done again.
    #[error("blob {0} was lost or corrupted")]
    LostBlob(Digest),
    /// Something round the work failed: disk full, mirror away, no user namespaces.
    #[error("{0}")]
    Infrastructure(String),
    /// Somebody asked this program to stop.
    #[error("interrupted")]
    Interrupted,
}

/// Keeps blobs by digest.
pub trait BlobStore: Send + Sync {
    /// Returns whether a blob is there; looks at its presence, not its bytes.
    fn contains(&self, digest: Digest) -> bool;

    /// Returns the path of a blob whose bytes were checked in this process; nobody may write to it.
    ///
    /// # Errors
    /// [`PortError::LostBlob`] if it is absent or holds other bytes (it is then moved to quarantine).
    fn path(&self, digest: Digest) -> Result<PathBuf, PortError>;

    /// Returns the bytes of a blob, checked.
    ///
    /// # Errors
    /// As [`BlobStore::path`].
    fn read(&self, digest: Digest) -> Result<Vec<u8>, PortError>;

    /// Keeps bytes.
    ///
    /// # Errors
    /// [`PortError::Infrastructure`] if they cannot be written.
    fn put(&self, bytes: &[u8]) -> Result<Digest, PortError>;

    /// Keeps a file by moving it into the store.
    ///
    /// # Errors
    /// [`PortError::Infrastructure`] if it cannot be moved.
    fn take(&self, file: &Path) -> Result<Digest, PortError>;

    /// Keeps a file that is not what it should be for inspection, where nothing will use it; the default forgets it.
    ///
    /// # Errors
    /// [`PortError::Infrastructure`] if it cannot be moved.
    fn quarantine(&self, _file: &Path) -> Result<(), PortError> {
        Ok(())
    }

    /// Returns a fresh empty directory on the store's file system, for one action's scratch files.
    ///
    /// # Errors
    /// [`PortError::Infrastructure`] if it cannot be made.
    fn scratch(&self, label: &str) -> Result<PathBuf, PortError>;
}

/// Remembers what actions gave.
pub trait ActionCache: Send + Sync {
    /// Returns the result of an action that was done before.
    fn get(&self, action: Digest) -> Option<ActionResult>;

    /// Remembers a result.
    ///
    /// # Errors
    /// [`PortError::Infrastructure`] if it cannot be written.
    fn put(&self, action: Digest, result: &ActionResult) -> Result<(), PortError>;
}

/// Shares results of actions with other machines. What it says is never trusted further than its blobs' digests and
/// its own proof of who made them go.
pub trait SharedCache: Send + Sync {
    /// Returns the result of an action that was done elsewhere, its outputs now in `store`.
    ///
    /// # Errors
    /// [`PortError::Input`] if this one entry must not be used, another if the cache cannot be asked.
    fn fetch(&self, action: &Action, store: &dyn BlobStore) -> Result<Option<ActionResult>, PortError>;

    /// Offers a result to others.
    ///
    /// # Errors
    /// If the cache cannot be written.
    fn publish(&self, action: &Action, result: &ActionResult, store: &dyn BlobStore) -> Result<(), PortError>;
}

/// Does [`Fetch`] actions.
pub trait Fetcher: Send + Sync {
    /// Gets every file; none is kept under a name whose digest it does not have.
    ///
    /// # Errors
    /// Names each file that could not be had and every origin tried.
    fn fetch(&self, fetch: &Fetch, store: &dyn BlobStore) -> Result<ActionResult, PortError>;
}

/// Does [`Run`] actions.
pub trait Executor: Send + Sync {
    /// Runs the command and collects what it left under `/out`; `log` receives its output as it comes.
    ///
    /// # Errors
    /// [`PortError::Work`] with command, exit cause, last lines and log if the command fails.
    fn run(&self, run: &Run<Vec<Blob>>, store: &dyn BlobStore, log: &Path) -> Result<ActionResult, PortError>;
}

/// Does [`Sign`] actions.
pub trait Signer: Send + Sync {
    /// Signs each blob of the payload.
    ///
    /// # Errors
    /// [`PortError::Input`] if the key is not the one asked for or may not be used.
    fn sign(&self, sign: &Sign<Vec<Blob>>, store: &dyn BlobStore) -> Result<ActionResult, PortError>;
}

/// Does [`Boot`] actions.
pub trait Hypervisor: Send + Sync {
    /// Boots the image and watches it; the outputs are the report and the serial log.
    ///
    /// # Errors
    /// [`PortError::Work`] if the verdict is not `passed`.
    fn boot(&self, boot: &Boot<Vec<Blob>>, store: &dyn BlobStore, log: &Path) -> Result<ActionResult, PortError>;
}

/// Composes a root directory from packages.
pub trait RootComposer: Send + Sync {
    /// Returns a directory that holds the merged files of all layers (`.deb`, `.rpm`, `.layer.json`); nobody may
    /// write to it.
    ///
    /// # Errors
    /// If a layer cannot be unpacked or the store cannot be written.
    fn compose(&self, layers: &[Blob], store: &dyn BlobStore) -> Result<PathBuf, PortError>;
}
