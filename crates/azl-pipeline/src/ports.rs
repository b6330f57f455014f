//! The adapters of one run, put together.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use azl_action::ports::{BlobStore, Executor, Fetcher, Hypervisor, PortError, Signer};
use azl_action::{Action, NodeId};
use azl_digest::Digest;
use azl_host::files;
use azl_rpm::PackageHeader;
use azl_store::LocalStore;
use serde::{Deserialize, Serialize};

/// Everything the realise loop may ask for an effect.
pub struct Ports {
    /// Blobs and results.
    pub store: Arc<LocalStore>,
    /// Does fetches.
    pub fetcher: Box<dyn Fetcher>,
    /// Does runs.
    pub executor: Box<dyn Executor>,
    /// Does signatures.
    pub signer: Box<dyn Signer>,
    /// Does boots.
    pub hypervisor: Box<dyn Hypervisor>,
    /// Package headers read so far: closures ask for the same ones again and again.
    pub headers: Mutex<BTreeMap<Digest, Arc<PackageHeader>>>,
}

/// The last two different actions of a node, for `explain`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct History {
    /// The node.
    pub node: NodeId,
    /// The action done last.
    pub current: Action,
    /// The one before it.
    pub previous: Option<Action>,
}

impl Ports {
    /// Returns a package's header, read once per process.
    ///
    /// # Errors
    /// If the blob is lost or no package.
    pub fn header(&self, digest: Digest) -> Result<Arc<PackageHeader>, PortError> {
        if let Some(header) = self.headers.lock().ok().and_then(|headers| headers.get(&digest).cloned()) {
            return Ok(header);
        }
        let bytes = self.store.read(digest)?;
        let header = azl_rpm::read_header(&bytes).map_err(|error| PortError::Input(error.to_string()))?;
        let header = Arc::new(header);
        if let Ok(mut headers) = self.headers.lock() {
            headers.insert(digest, Arc::clone(&header));
        }
        Ok(header)
    }

    /// Notes the action a node has just done; a failure to note it is no failure of the run.
    pub fn record(&self, node: &NodeId, action: &Action) {
        let previous = self.history(node).map(|history| history.current).filter(|last| last != action);
        let history = History { node: node.clone(), current: action.clone(), previous };
        let path = self.history_path(node);
        if let (Some(parent), Ok(json)) = (path.parent(), serde_json::to_vec(&history)) {
            let _ = files::create_dir_all(parent).and_then(|()| files::write_atomic(&path, &json));
        }
    }

    /// Returns the last actions of a node, if it was ever done here.
    pub fn history(&self, node: &NodeId) -> Option<History> {
        let bytes = files::read(self.history_path(node)).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Returns the log of a node's last action, if it was done here and left one.
    pub fn log_of(&self, node: &NodeId) -> Option<PathBuf> {
        let log = self.store.log_path(self.history(node)?.current.digest());
        files::exists(&log).then_some(log)
    }

    fn history_path(&self, node: &NodeId) -> PathBuf {
        let name = azl_digest::canonical("node.v1", node).to_string();
        self.store.root().join("history").join(format!("{name}.json"))
    }
}
