//! The directory of one action under way: inputs, outputs, scratch.
//!
//! **Invariant:** it is gone when its [`Work`] is, however the action ended.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

use azl_action::ports::{BlobStore, PortError};
use azl_action::{Blob, Run};
use azl_digest::Digest;
use azl_host::files;

use crate::conditions::Conditions;
use crate::trees::file_error;

/// Directories of the work directory.
const DIRECTORIES: [&str; 5] = ["in", "out", "builddir", "tmp", "vartmp"];

/// The directory of one action under way.
pub(crate) struct Work {
    pub(crate) path: PathBuf,
}

impl Work {
    /// Makes the directories and fills in the inputs.
    pub(crate) fn lay_out(
        run: &Run<Vec<Blob>>,
        store: &dyn BlobStore,
        conditions: &Conditions,
    ) -> Result<Self, PortError> {
        let work = Self { path: store.scratch(conditions.scratch_label())? };
        for directory in conditions.order(&DIRECTORIES) {
            files::create_dir_all(work.path.join(directory)).map_err(file_error)?;
        }
        for (directory, blobs) in conditions.order(&run.inputs.iter().collect::<Vec<_>>()) {
            let directory = work.path.join("in").join(directory);
            files::create_dir_all(&directory).map_err(file_error)?;
            for blob in conditions.order(blobs) {
                files::link_or_copy(store.path(blob.digest)?, directory.join(&blob.name)).map_err(file_error)?;
            }
        }
        Ok(work)
    }

    /// Returns the root to use: the composed one, or one with the same files in another order.
    pub(crate) fn root(&self, composed: PathBuf, conditions: &Conditions) -> Result<PathBuf, PortError> {
        if !conditions.shuffle_directories {
            return Ok(composed);
        }
        let other = self.path.join("root");
        conditions.link_tree(&composed, &other).map_err(file_error)?;
        Ok(other)
    }

    /// Writes the filter of system calls and opens it for the sandbox to read.
    pub(crate) fn filter(&self, filter: &[u8]) -> Result<File, PortError> {
        let path = self.path.join("filter");
        files::write_new(&path, filter, 0o600).map_err(file_error)?;
        files::open(path).map_err(file_error)
    }

    /// Moves what is under `out` into the store.
    pub(crate) fn collect(&self, store: &dyn BlobStore) -> Result<BTreeMap<String, Digest>, PortError> {
        let out = self.path.join("out");
        let mut outputs = BTreeMap::new();
        for name in files::walk_files(&out).map_err(file_error)? {
            let path = out.join(&name);
            if files::size(&path).is_none() {
                return Err(PortError::Input(format!("output `{name}` is not a regular file")));
            }
            outputs.insert(name, store.take(&path)?);
        }
        Ok(outputs)
    }

    /// Removes the directory and says if that fails.
    pub(crate) fn remove(self) -> Result<(), PortError> {
        files::remove_dir_all(&self.path).map_err(file_error)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // Another error is under way already; what stays is removed when the next run starts.
        let _ = files::remove_dir_all(&self.path);
    }
}
