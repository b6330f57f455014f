//! What lowering one node may ask: the outputs of nodes that are done, and the headers of their packages.
//!
//! **Invariant:** a package that is lost is told from one that is malformed: what made it is done again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use azl_action::ports::PortError;
use azl_action::{Action, Derivation, Known, LowerError, NodeId, Pool};
use azl_digest::Digest;
use azl_rpm::PackageHeader;

use super::walk::Walk;

/// Answers the questions of one lowering.
struct Lowering<'a> {
    walk: &'a Walk<'a>,
    lost: Mutex<Option<Digest>>,
}

impl Walk<'_> {
    /// Fills the holes of a node's derivation.
    pub(super) fn lower(&self, id: &NodeId, derivation: &Derivation) -> Result<Action, PortError> {
        let lowering = Lowering { walk: self, lost: Mutex::default() };
        derivation.lower(&lowering).map_err(|error| {
            match lowering.lost.into_inner().unwrap_or_else(PoisonError::into_inner) {
                Some(blob) => PortError::LostBlob(blob),
                None => refused(id, error),
            }
        })
    }
}

impl Known for Lowering<'_> {
    fn outputs(&self, node: &NodeId) -> Option<BTreeMap<String, Digest>> {
        self.walk.outputs(node)
    }

    fn suppliers(&self, node: &NodeId) -> Vec<NodeId> {
        self.walk.context.graph.get(node).map(|node| node.derivation.suppliers()).unwrap_or_default()
    }

    fn pool(&self) -> &RwLock<Pool> {
        &self.walk.pool
    }

    fn header(&self, digest: Digest) -> Result<Arc<PackageHeader>, String> {
        self.walk.context.ports.header(digest).map_err(|error| {
            if let PortError::LostBlob(blob) = error {
                *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(blob);
            }
            error.to_string()
        })
    }
}

fn refused(id: &NodeId, error: LowerError) -> PortError {
    match error {
        LowerError::Unresolved(missing) => PortError::Input(format!(
            "packages it needs cannot be found:\n  {}\n  hint: cargo xtask graph {id}",
            missing.join("\n  ")
        )),
        other => PortError::Input(other.to_string()),
    }
}
