//! Results of actions in the local store.

use std::path::PathBuf;

use azl_action::ActionResult;
use azl_action::ports::{ActionCache, BlobStore, PortError};
use azl_digest::Digest;
use azl_host::{FileError, files};

use crate::LocalStore;
use crate::blobs::infrastructure;

impl LocalStore {
    /// Forgets the result of an action, so that it is done again; its outputs stay.
    ///
    /// # Errors
    /// If the result cannot be removed.
    pub fn forget(&self, action: Digest) -> Result<(), FileError> {
        match files::remove_file(self.action_path(action)) {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }

    fn action_path(&self, action: Digest) -> PathBuf {
        let name = action.to_string();
        self.root.join("actions").join(&name[..2]).join(name)
    }
}

impl ActionCache for LocalStore {
    /// A result counts only while every blob it names is there; an unreadable one counts as absent.
    fn get(&self, action: Digest) -> Option<ActionResult> {
        let bytes = files::read(self.action_path(action)).ok()?;
        let result: ActionResult = serde_json::from_slice(&bytes).ok()?;
        result.outputs.values().all(|output| self.contains(*output)).then_some(result)
    }

    fn put(&self, action: Digest, result: &ActionResult) -> Result<(), PortError> {
        let path = self.action_path(action);
        let json = serde_json::to_vec(result).map_err(|error| PortError::Infrastructure(error.to_string()))?;
        files::create_dir_all(path.parent().expect("a result lies in a directory")).map_err(infrastructure)?;
        files::write_atomic(path, &json).map_err(infrastructure)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_result_counts_only_while_its_outputs_are_there() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let store = LocalStore::open(directory.path()).expect("a store");
        let output = BlobStore::put(&store, b"out").expect("put");
        let result = ActionResult {
            outputs: BTreeMap::from([("o".to_owned(), output)]),
            log: None,
            millis: 1,
            usage: azl_action::Usage::default(),
        };
        let action = Digest::of(b"action");
        ActionCache::put(&store, action, &result).expect("put");
        assert_eq!(store.get(action), Some(result));
        files::remove_file(store.path(output).expect("path")).expect("removal");
        assert_eq!(store.get(action), None);
    }

    #[test]
    fn a_damaged_result_counts_as_absent() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let store = LocalStore::open(directory.path()).expect("a store");
        let action = Digest::of(b"action");
        files::create_dir_all(store.action_path(action).parent().expect("parent")).expect("directory");
        files::write_atomic(store.action_path(action), b"{\"outp").expect("write");
        assert_eq!(store.get(action), None);
    }
}
