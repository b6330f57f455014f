//! What would happen if a graph were realised now: which results are known, which work would be done.
//!
//! Not here: doing any of it (`realise`).
//!
//! **Invariant:** nothing is written and nothing is done; a node is `Due` only if it certainly would be done.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use azl_action::ports::ActionCache;
use azl_action::{Action, Graph, Known, LowerError, NodeId, Pool};
use azl_digest::Digest;
use azl_rpm::PackageHeader;

use crate::ports::Ports;

/// What is known of a node beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prospect {
    /// Its result is known.
    Cached {
        /// Its action.
        action: Digest,
        /// Its outputs.
        outputs: BTreeMap<String, Digest>,
    },
    /// All its inputs are known and its result is not.
    Due,
    /// It needs what is not done; if that gives what it gave before, its result is known.
    Open(Vec<NodeId>),
    /// It cannot be done with the outputs there are.
    Impossible(String),
}

impl Prospect {
    /// Returns its word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Cached { .. } => "cached",
            Self::Due => "due",
            Self::Open(_) => "open",
            Self::Impossible(_) => "impossible",
        }
    }
}

/// What would happen to each node of a graph.
pub struct Forecast<'a> {
    graph: &'a Graph,
    ports: &'a Ports,
    prospects: BTreeMap<NodeId, Prospect>,
    pool: RwLock<Pool>,
}

impl<'a> Forecast<'a> {
    /// Looks at each node after all that it needs.
    pub fn new(graph: &'a Graph, ports: &'a Ports) -> Self {
        let mut forecast = Self { graph, ports, prospects: BTreeMap::new(), pool: RwLock::default() };
        for node in graph.order() {
            let id = &graph.ids()[*node];
            let prospect = forecast.look(id);
            forecast.prospects.insert(id.clone(), prospect);
        }
        forecast
    }

    fn look(&self, id: &NodeId) -> Prospect {
        let is_open = |need: &&NodeId| !matches!(self.prospects.get(*need), Some(Prospect::Cached { .. }));
        let open: Vec<NodeId> = self.graph.needs(id).iter().filter(is_open).cloned().collect();
        if !open.is_empty() {
            return Prospect::Open(open);
        }
        match self.action(id) {
            Ok(action) => {
                let digest = action.digest();
                let result = self.ports.store.get(digest);
                result.map_or(Prospect::Due, |result| Prospect::Cached { action: digest, outputs: result.outputs })
            }
            Err(error) => Prospect::Impossible(error.to_string()),
        }
    }

    /// Returns what would happen to a node.
    pub fn get(&self, node: &NodeId) -> Option<&Prospect> {
        self.prospects.get(node)
    }

    /// Returns the action of a node, as far as what it needs is known.
    ///
    /// # Errors
    /// If an output is not known, or packages cannot be found.
    pub fn action(&self, node: &NodeId) -> Result<Action, LowerError> {
        let unknown = || LowerError::NotReady(node.clone());
        self.graph.get(node).ok_or_else(unknown)?.derivation.lower(self)
    }

    /// Returns who gives each blob: digest → node and name of the output.
    pub fn givers(&self) -> BTreeMap<Digest, (&NodeId, &str)> {
        let mut givers = BTreeMap::new();
        for (node, prospect) in &self.prospects {
            let Prospect::Cached { outputs, .. } = prospect else { continue };
            for (name, digest) in outputs {
                givers.entry(*digest).or_insert((node, name.as_str()));
            }
        }
        givers
    }
}

impl Known for Forecast<'_> {
    fn outputs(&self, node: &NodeId) -> Option<BTreeMap<String, Digest>> {
        match self.prospects.get(node)? {
            Prospect::Cached { outputs, .. } => Some(outputs.clone()),
            _ => None,
        }
    }

    fn suppliers(&self, node: &NodeId) -> Vec<NodeId> {
        self.graph.get(node).map(|node| node.derivation.suppliers()).unwrap_or_default()
    }

    fn header(&self, digest: Digest) -> Result<Arc<PackageHeader>, String> {
        self.ports.header(digest).map_err(|error| error.to_string())
    }

    fn pool(&self) -> &RwLock<Pool> {
        &self.pool
    }
}
