//! A graph of derivations: what must be done, and in which order it can be done.
//!
//! **Invariant:** every edge leads to a node of the graph and there is no cycle; [`Graph::new`] checks.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::action::{Derivation, Work};

/// The name of a node, e.g. `rpm:bash`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub String);

impl NodeId {
    /// Names the node of `stage` for `subject`.
    pub fn new(stage: &str, subject: &str) -> Self {
        Self(format!("{stage}:{subject}"))
    }

    /// Returns the part before the colon.
    pub fn stage(&self) -> &str {
        self.0.split(':').next().unwrap_or(&self.0)
    }

    /// Returns the part after the colon.
    pub fn subject(&self) -> &str {
        self.0.split_once(':').map_or(&self.0, |(_, subject)| subject)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A node: a derivation, how much work it is expected to be, and what it occupies meanwhile.
#[derive(Debug, Clone)]
pub struct Node {
    /// What to do.
    pub derivation: Derivation,
    /// Expected seconds on one core; orders ready nodes so that the longest path starts first.
    pub weight: u32,
    /// What it occupies while it is done.
    pub demand: Demand,
}

/// What an action occupies of the machine while it is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Demand {
    /// Processors it keeps busy from beginning to end; what it uses beyond that it shares with others.
    pub cores: u32,
    /// Memory in MiB it may need at its largest.
    pub memory: u64,
}

impl Demand {
    /// Waiting, reading and hashing.
    pub const LIGHT: Self = Self { cores: 0, memory: 64 };
    /// A command in a sandbox, a virtual machine.
    pub const COMMAND: Self = Self { cores: 1, memory: 512 };
    /// Building a package.
    pub const BUILD: Self = Self { cores: 1, memory: 1536 };
    /// Building a package that says it is expensive.
    pub const EXPENSIVE: Self = Self { cores: 1, memory: 6144 };
}

impl Node {
    /// Makes a node that occupies what is usual for its kind of work.
    pub fn new(derivation: Derivation, weight: u32) -> Self {
        let demand = match derivation {
            Work::Run(_) | Work::Boot(_) => Demand::COMMAND,
            Work::Fetch(_) | Work::Compute(_) | Work::Sign(_) => Demand::LIGHT,
        };
        Self { derivation, weight, demand }
    }

    /// Sets what it occupies.
    #[must_use]
    pub fn demanding(mut self, demand: Demand) -> Self {
        self.demand = demand;
        self
    }
}

/// A closed, acyclic graph.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    nodes: BTreeMap<NodeId, Node>,
    needs: BTreeMap<NodeId, BTreeSet<NodeId>>,
}

/// Why nodes are not a graph.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// An edge leads nowhere.
    #[error("`{from}` needs `{to}`, which nothing makes")]
    Missing {
        /// The node with the edge.
        from: NodeId,
        /// Where it leads.
        to: NodeId,
    },
    /// Nodes need each other.
    #[error("cycle: {}", .0.iter().map(|id| id.0.as_str()).collect::<Vec<_>>().join(" needs "))]
    Cycle(Vec<NodeId>),
}

impl Graph {
    /// Checks and closes a graph.
    ///
    /// # Errors
    /// [`GraphError`] for the first edge that leads nowhere, or for a cycle, which is printed in full.
    pub fn new(nodes: BTreeMap<NodeId, Node>) -> Result<Self, GraphError> {
        let mut needs = BTreeMap::new();
        for (id, node) in &nodes {
            let edges: BTreeSet<NodeId> = node.derivation.needs().into_iter().collect();
            if let Some(to) = edges.iter().find(|to| !nodes.contains_key(*to)) {
                return Err(GraphError::Missing { from: id.clone(), to: to.clone() });
            }
            needs.insert(id.clone(), edges);
        }
        match find_cycle(&needs) {
            Some(cycle) => Err(GraphError::Cycle(cycle)),
            None => Ok(Self { nodes, needs }),
        }
    }

    /// Returns all nodes in order of their names.
    pub fn nodes(&self) -> &BTreeMap<NodeId, Node> {
        &self.nodes
    }

    /// Returns one node.
    pub fn get(&self, id: &NodeId) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// Returns the nodes that `id` needs.
    pub fn needs(&self, id: &NodeId) -> &BTreeSet<NodeId> {
        static NONE: BTreeSet<NodeId> = BTreeSet::new();
        self.needs.get(id).unwrap_or(&NONE)
    }
}

/// Returns a cycle with its first node repeated at the end, found by depth-first search without recursion.
pub fn find_cycle<T: Ord + Clone>(edges: &BTreeMap<T, BTreeSet<T>>) -> Option<Vec<T>> {
    let mut done = BTreeSet::new();
    for start in edges.keys() {
        if done.contains(start) {
            continue;
        }
        let mut path: Vec<(T, Vec<T>)> = Vec::new();
        push(start, edges, &mut path);
        while let Some((node, rest)) = path.last_mut() {
            let Some(next) = rest.pop() else {
                done.insert(node.clone());
                path.pop();
                continue;
            };
            // What is done is not on the path, so most edges need no look at it.
            if done.contains(&next) {
                continue;
            }
            if let Some(at) = path.iter().position(|(seen, _)| *seen == next) {
                let mut cycle: Vec<T> = path[at..].iter().map(|(seen, _)| seen.clone()).collect();
                cycle.push(next);
                return Some(cycle);
            }
            push(&next, edges, &mut path);
        }
    }
    None
}

fn push<T: Ord + Clone>(node: &T, edges: &BTreeMap<T, BTreeSet<T>>, path: &mut Vec<(T, Vec<T>)>) {
    let next = edges.get(node).map(|set| set.iter().cloned().collect()).unwrap_or_default();
    path.push((node.clone(), next));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(pairs: &[(&str, &[&str])]) -> BTreeMap<String, BTreeSet<String>> {
        pairs.iter().map(|(from, to)| ((*from).to_owned(), to.iter().map(|t| (*t).to_owned()).collect())).collect()
    }

    #[test]
    fn a_cycle_is_printed_from_its_first_node_back_to_it() {
        let cycle = find_cycle(&edges(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"]), ("d", &[])])).expect("a cycle");
        assert_eq!(cycle, ["b", "c", "b"]);
    }

    #[test]
    fn a_diamond_is_no_cycle() {
        assert_eq!(find_cycle(&edges(&[("a", &["b", "c"]), ("b", &["d"]), ("c", &["d"]), ("d", &[])])), None);
    }
}
