//! The last two different actions of each node, for `explain` and `log`.
//!
//! Kept in the store under `history/`; losing it loses nothing but explanations, so failing to write it fails nothing.

use std::path::PathBuf;

use azl_action::{Action, NodeId};
use azl_host::files;
use azl_store::LocalStore;
use serde::{Deserialize, Serialize};

/// What a node did last, and before that.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct History {
    /// The node.
    pub node: NodeId,
    /// The action done last.
    pub current: Action,
    /// The one before it.
    pub previous: Option<Action>,
}

/// Notes the action a node is about to do.
pub fn record(store: &LocalStore, node: &NodeId, action: &Action) {
    let last = read(store, node);
    let previous = match last {
        Some(history) if history.current == *action => history.previous,
        Some(history) => Some(history.current),
        None => None,
    };
    let history = History { node: node.clone(), current: action.clone(), previous };
    let path = path(store, node);
    if let (Some(parent), Ok(json)) = (path.parent(), serde_json::to_vec(&history)) {
        let _ = files::create_dir_all(parent).and_then(|()| files::write_atomic(&path, &json));
    }
}

/// Returns the last actions of a node, if it ever did one with this store.
pub fn read(store: &LocalStore, node: &NodeId) -> Option<History> {
    let bytes = files::read(path(store, node)).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Returns the log of a node's last action, if it left one.
pub fn log(store: &LocalStore, node: &NodeId) -> Option<PathBuf> {
    let log = store.log_path(read(store, node)?.current.digest());
    files::exists(&log).then_some(log)
}

fn path(store: &LocalStore, node: &NodeId) -> PathBuf {
    let name = azl_digest::canonical("node.v1", node).to_string();
    store.root().join("history").join(format!("{name}.json"))
}
