//! Blobs in the local store.

use std::path::{Path, PathBuf};

use azl_action::ports::{BlobStore, PortError};
use azl_digest::Digest;
use azl_host::{FileError, files};

use crate::LocalStore;

impl LocalStore {
    /// Returns the size in bytes of a blob that is there.
    pub fn size(&self, digest: Digest) -> Option<u64> {
        files::size(self.blobs.path(digest))
    }

    fn is_checked(&self, digest: Digest) -> bool {
        self.checked.lock().is_ok_and(|checked| checked.contains(&digest))
    }

    fn set_checked(&self, digest: Digest) {
        if let Ok(mut checked) = self.checked.lock() {
            checked.insert(digest);
        }
    }

    /// Moves a file that lies about its content out of the way, keeping it for inspection.
    fn set_aside(&self, file: &Path, digest: Digest) -> PortError {
        let kept = self.root.join("quarantine").join(digest.to_string());
        match files::rename(file, kept) {
            Ok(()) => self.lost(digest),
            // Another run found it as well.
            Err(error) if error.is_not_found() => self.lost(digest),
            Err(error) => infrastructure(error),
        }
    }

    /// Gives `file`, already in the store's file system and complete, its name.
    fn adopt(&self, file: &Path, digest: Digest) -> Result<Digest, PortError> {
        let path = self.blobs.path(digest);
        if self.path(digest).is_ok() {
            files::remove_file(file).map_err(infrastructure)?;
            return Ok(digest);
        }
        files::create_dir_all(path.parent().expect("a blob lies in a directory")).map_err(infrastructure)?;
        files::set_mode(file, 0o444).map_err(infrastructure)?;
        files::rename(file, path).map_err(infrastructure)?;
        self.blobs.insert(digest);
        self.set_checked(digest);
        Ok(digest)
    }

    /// Says that a blob is not there, from now on.
    fn lost(&self, digest: Digest) -> PortError {
        self.blobs.forget(digest);
        if let Ok(mut checked) = self.checked.lock() {
            checked.remove(&digest);
        }
        PortError::LostBlob(digest)
    }
}

/// Makes a file error a port error, with advice where the disk is full.
pub(crate) fn infrastructure(error: FileError) -> PortError {
    if error.is_full() {
        return PortError::Infrastructure(format!(
            "{error}\n  hint: the disk of the store is full; free space or set AZL_STORE to another disk, then run again: finished work is kept"
        ));
    }
    PortError::Infrastructure(error.to_string())
}

impl BlobStore for LocalStore {
    fn contains(&self, digest: Digest) -> bool {
        self.blobs.contains(digest)
    }

    fn path(&self, digest: Digest) -> Result<PathBuf, PortError> {
        let path = self.blobs.path(digest);
        if self.is_checked(digest) && files::size(&path).is_some() {
            return Ok(path);
        }
        match files::digest(&path) {
            Ok(found) if found == digest => {
                self.set_checked(digest);
                Ok(path)
            }
            Ok(_) => Err(self.set_aside(&path, digest)),
            Err(error) if error.is_not_found() => Err(self.lost(digest)),
            Err(error) => Err(infrastructure(error)),
        }
    }

    fn read(&self, digest: Digest) -> Result<Vec<u8>, PortError> {
        let path = self.blobs.path(digest);
        let bytes = match files::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.is_not_found() => return Err(self.lost(digest)),
            Err(error) => return Err(infrastructure(error)),
        };
        if !self.is_checked(digest) {
            if Digest::of(&bytes) != digest {
                return Err(self.set_aside(&path, digest));
            }
            self.set_checked(digest);
        }
        Ok(bytes)
    }

    fn put(&self, bytes: &[u8]) -> Result<Digest, PortError> {
        let digest = Digest::of(bytes);
        if self.path(digest).is_ok() {
            return Ok(digest);
        }
        let file = self.scratch.path("put").map_err(infrastructure)?;
        files::write_new(&file, bytes, 0o444).map_err(infrastructure)?;
        self.adopt(&file, digest)
    }

    fn take(&self, file: &Path) -> Result<Digest, PortError> {
        let digest = files::digest(file).map_err(infrastructure)?;
        self.adopt(file, digest)
    }

    fn quarantine(&self, file: &Path) -> Result<(), PortError> {
        let digest = files::digest(file).map_err(infrastructure)?;
        files::rename(file, self.root.join("quarantine").join(digest.to_string())).map_err(infrastructure)
    }

    fn scratch(&self, label: &str) -> Result<PathBuf, PortError> {
        let path = self.scratch.path(label).map_err(infrastructure)?;
        files::create_dir_all(&path).map_err(infrastructure)?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, LocalStore) {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let store = LocalStore::open(directory.path().join("store")).expect("a store");
        (directory, store)
    }

    #[test]
    fn a_blob_comes_back_and_is_read_only() {
        let (_directory, store) = store();
        let digest = store.put(b"hello").expect("put");
        assert_eq!(store.read(digest).expect("read"), b"hello");
        assert_eq!(files::mode(store.path(digest).expect("path")).expect("mode"), 0o444);
        assert!(!store.contains(Digest::of(b"other")));
    }

    #[test]
    fn a_corrupted_blob_is_quarantined_and_reported_lost() {
        let (directory, store) = store();
        let digest = store.put(b"hello").expect("put");
        let path = store.path(digest).expect("path");
        files::write_atomic(&path, b"jello").expect("corruption");
        let reopened = LocalStore::open(directory.path().join("store")).expect("a store");
        assert!(matches!(reopened.path(digest), Err(PortError::LostBlob(lost)) if lost == digest));
        assert!(!reopened.contains(digest));
        assert!(files::exists(reopened.root().join("quarantine").join(digest.to_string())));
        assert_eq!(reopened.put(b"hello").expect("put again"), digest);
        assert_eq!(reopened.read(digest).expect("read"), b"hello");
    }

    #[test]
    fn a_taken_file_is_moved() {
        let (_directory, store) = store();
        let file = store.scratch("x").expect("scratch").join("f");
        files::write_atomic(&file, b"bytes").expect("write");
        let digest = store.take(&file).expect("take");
        assert!(!files::exists(&file));
        assert_eq!(store.read(digest).expect("read"), b"bytes");
    }

    #[test]
    fn a_refused_file_is_kept_under_its_digest_and_is_no_blob() {
        let (_directory, store) = store();
        let file = store.scratch("x").expect("scratch").join("f.refused");
        files::write_atomic(&file, b"not this").expect("write");
        store.quarantine(&file).expect("quarantine");
        let digest = Digest::of(b"not this");
        assert!(!files::exists(&file) && !store.contains(digest));
        assert!(files::exists(store.root().join("quarantine").join(digest.to_string())));
    }

    #[test]
    fn another_format_is_refused() {
        let (directory, store) = store();
        files::write_atomic(store.root().join("FORMAT"), b"azl-store 9\n").expect("write");
        let error = LocalStore::open(directory.path().join("store")).expect_err("another format");
        assert!(error.to_string().contains("azl-store 9"), "{error}");
    }
}
