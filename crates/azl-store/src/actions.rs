//! Results of actions in the local store.
//!
//! A result is a JSON object in a file of its own. Beside what it says of the action, it has the identity of the result:
//! a digest over the action, the outputs and the log. A program that does not know a field leaves it alone; one whose
//! results have no identity (before there was one) is believed as before.
//!
//! **Invariant:** what is returned under an action was written for that action, and every blob it names is there.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use azl_action::ports::{ActionCache, BlobStore, PortError};
use azl_action::{ActionResult, Usage};
use azl_digest::Digest;
use azl_host::{FileError, files};
use serde::{Deserialize, Serialize};

use crate::LocalStore;
use crate::blobs::infrastructure;
use crate::index::Found;

/// A result as it is written: the fields of [`ActionResult`], and the identity.
#[derive(Debug, Serialize, Deserialize)]
struct Stored<'a> {
    outputs: Cow<'a, BTreeMap<String, Digest>>,
    log: Option<Digest>,
    millis: u64,
    #[serde(default)]
    usage: Usage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity: Option<Digest>,
}

impl Stored<'_> {
    fn into_result(self) -> ActionResult {
        let Stored { outputs, log, millis, usage, identity: _ } = self;
        ActionResult { outputs: outputs.into_owned(), log, millis, usage }
    }
}

/// Returns the digest of what a result says; how long it took is no part of it.
fn identify(action: Digest, result: &ActionResult) -> Digest {
    azl_digest::canonical("result.v1", &(action, &result.outputs, result.log))
}

/// A result that the store remembers for a key; its record and its blobs are not looked at yet.
#[derive(Debug)]
pub struct Remembered {
    /// The action.
    pub action: Digest,
    /// What identifies the result.
    pub identity: Digest,
    found: Found,
}

impl LocalStore {
    /// Returns what is remembered for the key of a node; see [`azl_action::memo`].
    pub fn remembered(&self, key: Digest) -> Option<Remembered> {
        let action = self.index.action(key)?;
        let found = self.index.result(action)?;
        Some(Remembered { action, identity: found.identity()?, found })
    }

    /// Returns the result that is remembered, unless its record is damaged, or the result or a blob of it is gone.
    pub fn recall(&self, remembered: &Remembered) -> Option<ActionResult> {
        self.indexed(remembered.action, &remembered.found).filter(|result| self.has_blobs(result))
    }

    /// Notes that the node with this key was lowered to this action, and returns the identity of the action's result.
    pub fn remember(&self, key: Digest, action: Digest, result: &ActionResult) -> Digest {
        self.index.add_memo(key, action);
        identify(action, result)
    }

    /// Writes what was noted; what cannot be written is noted again by the next run.
    pub fn flush(&self) {
        self.index.flush();
    }

    /// A record of the index is of this action, for its checksum covers that.
    fn indexed(&self, action: Digest, found: &Found) -> Option<ActionResult> {
        if !self.results.contains(action) {
            return None;
        }
        serde_json::from_slice::<Stored<'_>>(found.json()?).ok().map(Stored::into_result)
    }

    fn has_blobs(&self, result: &ActionResult) -> bool {
        result.outputs.values().all(|output| self.contains(*output))
    }

    fn read_result(&self, action: Digest) -> Option<ActionResult> {
        let bytes = files::read(self.results.path(action)).ok()?;
        let result = parse(action, &bytes)?;
        self.index.add_result(action, identify(action, &result), &bytes);
        Some(result)
    }

    /// Forgets the result of an action, so that the next process does it again; its outputs stay.
    ///
    /// # Errors
    /// If the result cannot be removed.
    pub fn forget(&self, action: Digest) -> Result<(), FileError> {
        match files::remove_file(self.results.path(action)) {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }
}

/// Reads the result in a file, whichever action it is of.
pub(crate) fn read(path: &Path) -> Option<ActionResult> {
    let stored: Stored<'_> = serde_json::from_slice(&files::read(path).ok()?).ok()?;
    Some(stored.into_result())
}

/// An unreadable result, one that is damaged, and one that was written for another action are no results.
fn parse(action: Digest, json: &[u8]) -> Option<ActionResult> {
    let stored: Stored<'_> = serde_json::from_slice(json).ok()?;
    let identity = stored.identity;
    let result = stored.into_result();
    identity.is_none_or(|identity| identity == identify(action, &result)).then_some(result)
}

impl ActionCache for LocalStore {
    fn get(&self, action: Digest) -> Option<ActionResult> {
        if !self.results.contains(action) {
            return None;
        }
        let indexed = self.index.result(action).and_then(|found| self.indexed(action, &found));
        match indexed.filter(|result| self.has_blobs(result)) {
            Some(result) => Some(result),
            None => self.read_result(action).filter(|result| self.has_blobs(result)),
        }
    }

    fn put(&self, action: Digest, result: &ActionResult) -> Result<(), PortError> {
        let path = self.results.path(action);
        let identity = identify(action, result);
        let ActionResult { outputs, log, millis, usage } = result;
        let stored = Stored {
            outputs: Cow::Borrowed(outputs),
            log: *log,
            millis: *millis,
            usage: *usage,
            identity: Some(identity),
        };
        let json = serde_json::to_vec(&stored).map_err(|error| PortError::Infrastructure(error.to_string()))?;
        let file = self.scratch.path("result").map_err(infrastructure)?;
        files::create_dir_all(path.parent().expect("a result lies in a directory")).map_err(infrastructure)?;
        files::write_new(&file, &json, 0o644).map_err(infrastructure)?;
        files::rename(&file, path).map_err(infrastructure)?;
        self.results.insert(action);
        self.index.add_result(action, identity, &json);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bench {
        directory: tempfile::TempDir,
        store: LocalStore,
        action: Digest,
        result: ActionResult,
    }

    /// A store with one result.
    fn bench() -> Bench {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let store = LocalStore::open(directory.path()).expect("a store");
        let output = BlobStore::put(&store, b"out").expect("put");
        let result = ActionResult {
            outputs: BTreeMap::from([("o".to_owned(), output)]),
            log: None,
            millis: 1,
            usage: Usage::default(),
        };
        let action = Digest::of(b"action");
        ActionCache::put(&store, action, &result).expect("put");
        Bench { directory, store, action, result }
    }

    impl Bench {
        /// The store as another process sees it, without an index.
        fn reopened(&self) -> LocalStore {
            self.store.flush();
            files::remove_file(self.directory.path().join("index")).expect("removal");
            LocalStore::open(self.directory.path()).expect("a store")
        }

        fn damage(&self, bytes: &[u8]) -> Option<ActionResult> {
            files::write_atomic(self.store.results.path(self.action), bytes).expect("damage");
            self.reopened().get(self.action)
        }
    }

    #[test]
    fn a_result_counts_only_while_its_outputs_are_there() {
        let bench = bench();
        assert_eq!(bench.store.get(bench.action), Some(bench.result.clone()));
        let output = bench.result.outputs["o"];
        files::remove_file(bench.store.path(output).expect("path")).expect("removal");
        assert_eq!(LocalStore::open(bench.directory.path()).expect("a store").get(bench.action), None);
    }

    #[test]
    fn a_lost_blob_takes_its_result_along() {
        let bench = bench();
        let output = bench.result.outputs["o"];
        files::remove_file(bench.store.path(output).expect("path")).expect("removal");
        let reopened = bench.reopened();
        assert!(matches!(reopened.read(output), Err(PortError::LostBlob(_))));
        assert_eq!(reopened.get(bench.action), None);
    }

    #[test]
    fn a_removed_result_is_absent_whatever_the_index_says() {
        let bench = bench();
        bench.store.flush();
        files::remove_file(bench.store.results.path(bench.action)).expect("removal");
        assert_eq!(LocalStore::open(bench.directory.path()).expect("a store").get(bench.action), None);
    }

    #[test]
    fn no_flipped_bit_of_a_result_changes_what_it_gives() {
        let bench = bench();
        let good = files::read(bench.store.results.path(bench.action)).expect("the result");
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            let given = bench.damage(&bad).map(|result| result.outputs);
            assert!(given.is_none_or(|outputs| outputs == bench.result.outputs), "byte {at}");
        }
    }

    #[test]
    fn a_cut_result_and_that_of_another_action_are_absent() {
        let bench = bench();
        let good = files::read(bench.store.results.path(bench.action)).expect("the result");
        for at in 0..good.len() {
            assert_eq!(bench.damage(&good[..at]), None, "cut at {at}");
        }
        let other = Digest::of(b"another action");
        ActionCache::put(&bench.store, other, &ActionResult { outputs: BTreeMap::new(), ..bench.result.clone() })
            .expect("put");
        let swapped = files::read(bench.store.results.path(other)).expect("the other result");
        assert_eq!(bench.damage(&swapped), None);
    }

    #[test]
    fn results_of_an_older_and_of_a_newer_program_are_read() {
        let bench = bench();
        let output = bench.result.outputs["o"];
        let older = format!("{{\"outputs\":{{\"o\":\"{output}\"}},\"log\":null,\"millis\":1}}");
        assert_eq!(bench.damage(older.as_bytes()), Some(bench.result.clone()));
        let identity = identify(bench.action, &bench.result);
        let newer = older.replace("\"log\"", &format!("\"identity\":\"{identity}\",\"colour\":{{\"x\":1}},\"log\""));
        assert_eq!(bench.damage(newer.as_bytes()), Some(bench.result.clone()));
    }

    #[test]
    fn what_is_remembered_for_a_key_is_the_result_while_all_of_it_is_there() {
        let bench = bench();
        let key = Digest::of(b"key");
        let identity = bench.store.remember(key, bench.action, &bench.result);
        bench.store.flush();
        let reopened = LocalStore::open(bench.directory.path()).expect("a store");
        let remembered = reopened.remembered(key).expect("remembered");
        assert_eq!((remembered.action, remembered.identity), (bench.action, identity));
        assert_eq!(reopened.recall(&remembered), Some(bench.result.clone()));
        files::remove_file(reopened.path(bench.result.outputs["o"]).expect("path")).expect("removal");
        let reopened = LocalStore::open(bench.directory.path()).expect("a store");
        assert_eq!(reopened.recall(&reopened.remembered(key).expect("remembered")), None);
    }
}
