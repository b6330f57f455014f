//! The blobs that came with an errand, and what it makes, as a store that lasts as long as the errand.
//!
//! **Invariant:** a blob's bytes are checked before they are used, and its file looks as one of a store does: read-only,
//! and no older than the errand. Packages record both.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use azl_action::ports::{BlobStore, PortError};
use azl_digest::Digest;
use azl_host::files;

use crate::cache::trouble;

/// Blobs by digest: those of the errand, and those taken since.
pub(crate) struct Staged {
    blobs: PathBuf,
    /// On the file system of the roots, so that what is made there can be moved.
    scratch: PathBuf,
    next: AtomicU64,
}

impl Staged {
    /// Takes blobs from `blobs` and keeps new ones below `scratch`.
    pub(crate) fn new(blobs: PathBuf, scratch: &Path) -> Result<Self, PortError> {
        files::create_dir_all(scratch.join("taken")).map_err(trouble)?;
        Ok(Self { blobs, scratch: scratch.to_owned(), next: AtomicU64::new(0) })
    }

    fn taken(&self, digest: Digest) -> PathBuf {
        self.scratch.join("taken").join(digest.to_string())
    }

    /// Returns the file of a blob; one that came along is copied first, since it has whatever mode and time the worker gave.
    fn place(&self, digest: Digest) -> Result<PathBuf, PortError> {
        let own = self.taken(digest);
        if files::exists(&own) {
            return Ok(own);
        }
        let came = match files::open(self.blobs.join(digest.to_string())) {
            Ok(file) => file,
            Err(error) if error.is_not_found() => return Err(PortError::LostBlob(digest)),
            Err(error) => return Err(trouble(error)),
        };
        let partial = files::sibling(&own);
        files::copy_new(came, &partial, 0o444).map_err(trouble)?;
        if files::digest(&partial).map_err(trouble)? != digest {
            return Err(PortError::LostBlob(digest));
        }
        files::rename(&partial, &own).map_err(trouble)?;
        Ok(own)
    }
}

impl BlobStore for Staged {
    fn contains(&self, digest: Digest) -> bool {
        files::exists(self.taken(digest)) || files::exists(self.blobs.join(digest.to_string()))
    }

    fn path(&self, digest: Digest) -> Result<PathBuf, PortError> {
        self.place(digest)
    }

    fn read(&self, digest: Digest) -> Result<Vec<u8>, PortError> {
        let bytes = files::read(self.blobs.join(digest.to_string()))
            .or_else(|_| files::read(self.taken(digest)))
            .map_err(trouble)?;
        if Digest::of(&bytes) == digest { Ok(bytes) } else { Err(PortError::LostBlob(digest)) }
    }

    fn put(&self, bytes: &[u8]) -> Result<Digest, PortError> {
        let digest = Digest::of(bytes);
        files::write_atomic(self.taken(digest), bytes).map_err(trouble)?;
        Ok(digest)
    }

    fn take(&self, file: &Path) -> Result<Digest, PortError> {
        let digest = files::digest(file).map_err(trouble)?;
        files::rename(file, self.taken(digest)).map_err(trouble)?;
        Ok(digest)
    }

    fn scratch(&self, label: &str) -> Result<PathBuf, PortError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.scratch.join(format!("{number}-{label}"));
        files::create_dir_all(&path).map_err(trouble)?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_with_other_bytes_is_not_used_and_what_is_taken_is_found() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let (right, wrong) = (Digest::of(b"right"), Digest::of(b"wrong"));
        for digest in [right, wrong] {
            files::write_atomic(directory.path().join(digest.to_string()), b"right").expect("write");
        }
        let staged = Staged::new(directory.path().to_owned(), &directory.path().join("scratch")).expect("a store");
        assert_eq!(staged.read(right).expect("read"), b"right");
        assert_eq!(files::mode(staged.path(right).expect("path")).expect("mode"), 0o444);
        assert!(matches!(staged.path(wrong), Err(PortError::LostBlob(lost)) if lost == wrong));
        assert!(matches!(staged.read(wrong), Err(PortError::LostBlob(_))));
        let file = staged.scratch("x").expect("scratch").join("f");
        files::write_atomic(&file, b"new").expect("write");
        let new = staged.take(&file).expect("take");
        assert_eq!(staged.read(new).expect("read"), b"new");
        assert!(!files::exists(&file) && staged.contains(new));
    }
}
