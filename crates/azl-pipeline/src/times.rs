//! How long each node took when it was done last, so that the next run begins what takes longest first.
//!
//! One line a node and time, `<milliseconds> <node>`, appended to `history/times` of the store; the last one counts. Losing
//! or garbling it makes a run slower and changes nothing else.
//!
//! **Invariant:** no result depends on it.

use std::collections::HashMap;
use std::path::PathBuf;

use azl_action::NodeId;
use azl_host::files;
use azl_store::LocalStore;

/// Lines that are kept for one node on average before the file is written anew.
const SPARE: usize = 8;

/// Milliseconds by node.
pub type Times = HashMap<NodeId, u64>;

/// Returns what is known.
pub fn read(store: &LocalStore) -> Times {
    let text = files::read(path(store)).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let parse = |line: &str| {
        let (millis, node) = line.split_once(' ')?;
        Some((NodeId(node.to_owned()), millis.parse().ok()?))
    };
    let times: Times = text.lines().filter_map(parse).collect();
    if text.lines().count() > SPARE * (times.len() + SPARE) {
        let mut lines: Vec<String> = times.iter().map(|(node, millis)| format!("{millis} {node}\n")).collect();
        lines.sort();
        let _ = files::write_atomic(path(store), lines.concat().as_bytes());
    }
    times
}

/// Notes how long a node took.
pub fn record(store: &LocalStore, node: &NodeId, millis: u64) {
    let path = path(store);
    let line = format!("{millis} {node}\n");
    let append = || files::append_bytes(&path, line.as_bytes());
    if append().is_err_and(|error| error.is_not_found())
        && let Some(parent) = path.parent()
    {
        let _ = files::create_dir_all(parent).and_then(|()| append());
    }
}

fn path(store: &LocalStore) -> PathBuf {
    store.root().join("history").join("times")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_time_counts_and_nonsense_does_no_harm() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = LocalStore::open(directory.path()).expect("a store");
        let node = NodeId::new("rpm", "bash");
        for millis in 0..200 {
            record(&store, &node, millis);
        }
        let garbage = b"\xff\n-1 rpm:x\n99999999999999999999999 rpm:y\nrpm:z\n";
        files::append_bytes(path(&store), garbage).expect("append");
        assert_eq!(read(&store), Times::from([(node.clone(), 199)]));
        let lines = files::read_to_string(path(&store)).expect("the file");
        assert_eq!(lines, "199 rpm:bash\n", "the file was written anew");
    }
}
