//! A graph of derivations: what must be done, and in which order it can be done.
//!
//! **Invariant:** every edge leads to a node of the graph and there is no cycle; [`Graph::new`] checks.

use std::collections::{BTreeMap, BTreeSet, HashMap};
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
///
/// Its nodes have numbers as well as names, from 0 in order of their names, for walks over all of them.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    nodes: BTreeMap<NodeId, Node>,
    ids: Vec<NodeId>,
    needs: Vec<Vec<NodeId>>,
    edges: Vec<Vec<usize>>,
    order: Vec<usize>,
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
        let ids: Vec<NodeId> = nodes.keys().cloned().collect();
        let needs: Vec<Vec<NodeId>> = nodes.values().map(|node| node.derivation.needs()).collect();
        let numbers: HashMap<&NodeId, usize> = ids.iter().enumerate().map(|(number, id)| (id, number)).collect();
        let mut edges = Vec::with_capacity(ids.len());
        for (from, needs) in ids.iter().zip(&needs) {
            let to = |to: &NodeId| match numbers.get(to) {
                Some(number) => Ok(*number),
                None => Err(GraphError::Missing { from: from.clone(), to: to.clone() }),
            };
            edges.push(needs.iter().map(to).collect::<Result<Vec<usize>, GraphError>>()?);
        }
        match topological_order(&edges) {
            Ok(order) => Ok(Self { nodes, ids, needs, edges, order }),
            Err(rest) => Err(GraphError::Cycle(name_cycle(&rest, &ids, &edges))),
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

    /// Returns the nodes that `id` needs, in order of their names.
    pub fn needs(&self, id: &NodeId) -> &[NodeId] {
        self.number(id).map_or(&[], |number| &self.needs[number])
    }

    /// Returns the names of all nodes, by number.
    pub fn ids(&self) -> &[NodeId] {
        &self.ids
    }

    /// Returns the number of a node.
    pub fn number(&self, id: &NodeId) -> Option<usize> {
        self.ids.binary_search(id).ok()
    }

    /// Returns the numbers of the nodes that each node needs, by number.
    pub fn edges(&self) -> &[Vec<usize>] {
        &self.edges
    }

    /// Returns the numbers of all nodes, each after everything it needs.
    pub fn order(&self) -> &[usize] {
        &self.order
    }
}

/// Returns the nodes by number, each after everything it needs; or those that have no such place.
fn topological_order(edges: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut open: Vec<usize> = edges.iter().map(Vec::len).collect();
    let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
    for (from, needs) in edges.iter().enumerate() {
        for need in needs {
            needed_by[*need].push(from);
        }
    }
    let mut order: Vec<usize> = (0..edges.len()).filter(|node| open[*node] == 0).collect();
    let mut at = 0;
    while let Some(node) = order.get(at).copied() {
        at += 1;
        for dependent in &needed_by[node] {
            open[*dependent] -= 1;
            if open[*dependent] == 0 {
                order.push(*dependent);
            }
        }
    }
    if order.len() == edges.len() {
        return Ok(order);
    }
    Err((0..edges.len()).filter(|node| open[*node] > 0).collect())
}

fn name_cycle(rest: &[usize], ids: &[NodeId], edges: &[Vec<usize>]) -> Vec<NodeId> {
    let name = |node: &usize| ids[*node].clone();
    let rest = rest.iter().map(|node| (name(node), edges[*node].iter().map(name).collect()));
    find_cycle(&rest.collect()).expect("nodes without a place in the order are on or above a cycle")
}

/// Returns a cycle with its first node repeated at the end, found by depth-first search without recursion.
pub fn find_cycle<T: Ord + Clone>(edges: &BTreeMap<T, BTreeSet<T>>) -> Option<Vec<T>> {
    let mut seen: BTreeSet<&T> = BTreeSet::new();
    for start in edges.keys().filter(|start| !edges[*start].is_empty()) {
        if !seen.insert(start) {
            continue;
        }
        let mut path = vec![(start, edges[start].iter())];
        let mut on_path = BTreeSet::from([start]);
        while let Some((node, rest)) = path.last_mut() {
            let Some(next) = rest.next() else {
                on_path.remove(*node);
                path.pop();
                continue;
            };
            if on_path.contains(next) {
                let cycle = path.iter().map(|(node, _)| (*node).clone()).skip_while(|node| node != next);
                return Some(cycle.chain([next.clone()]).collect());
            }
            if let Some((next, needs)) = edges.get_key_value(next)
                && seen.insert(next)
            {
                path.push((next, needs.iter()));
                on_path.insert(next);
            }
        }
    }
    None
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

    #[test]
    fn a_long_chain_takes_no_longer_than_its_length() {
        let name = |number: usize| format!("{number:06}");
        let chain: BTreeMap<String, BTreeSet<String>> =
            (0..50_000).map(|number| (name(number), BTreeSet::from([name(number + 1)]))).collect();
        assert_eq!(find_cycle(&chain), None);
        let mut ring = chain;
        ring.insert(name(50_000), BTreeSet::from([name(0)]));
        assert_eq!(find_cycle(&ring).expect("a cycle").len(), 50_002);
    }
}
