//! How long a graph should take, and which chain of nodes made it take as long as it did.
//!
//! Nodes go by their number in the graph.
//!
//! Not here: how long nodes took before (`times`), and who shows any of it.
//!
//! **Invariant:** nothing is done, and nothing is done differently, because of an estimate.

use azl_action::Graph;

use crate::events::Event;

/// What is expected of each node of a graph, in milliseconds.
#[derive(Debug, Clone, Default)]
pub struct Estimate {
    expected: Vec<u64>,
    path: Vec<u64>,
}

impl Estimate {
    /// Adds up what is expected of each node.
    pub fn new(graph: &Graph, expected: Vec<u64>) -> Self {
        let mut path = vec![0; expected.len()];
        for node in graph.order().iter().rev() {
            path[*node] += expected[*node];
            for need in &graph.edges()[*node] {
                path[*need] = path[*node].max(path[*need]);
            }
        }
        Self { expected, path }
    }

    /// Returns the milliseconds each node is expected to take.
    pub fn expected(&self) -> &[u64] {
        &self.expected
    }

    /// Returns the milliseconds expected from the beginning of a node to the end of the graph.
    pub fn path(&self, node: usize) -> u64 {
        self.path[node]
    }

    /// Returns what is expected of the whole graph.
    pub fn event(&self) -> Event {
        Event::Expected {
            nodes: self.expected.len(),
            work_millis: self.expected.iter().sum(),
            critical_millis: self.path.iter().max().copied().unwrap_or(0),
        }
    }
}

/// The longest chain that ends with each node that is done.
#[derive(Debug, Clone, Default)]
pub struct Chains(Vec<u64>);

impl Chains {
    /// Begins with nothing done.
    pub fn new(graph: &Graph) -> Self {
        Self(vec![0; graph.ids().len()])
    }

    /// Notes that a node took so many milliseconds after all it needs; returns the length of the longest chain that
    /// ends with it and the node before it there.
    pub fn extend(&mut self, node: usize, needs: &[usize], millis: u64) -> (u64, Option<usize>) {
        let via = needs.iter().max_by_key(|need| self.0[**need]).copied();
        let chain = via.map_or(0, |need| self.0[need]) + millis;
        self.0[node] = chain;
        (chain, via)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use azl_action::{Compute, Function, Hole, Node, NodeId, Select, Work};

    use super::*;

    /// Makes a graph of nodes with weights in seconds.
    pub(crate) fn graph(edges: &[(&str, u32, &[&str])]) -> Graph {
        let nodes = edges.iter().map(|(name, weight, needs)| {
            let holes = needs.iter().map(|need| Hole::outputs(&NodeId((*need).to_owned()), Select::All)).collect();
            let derivation = Work::Compute(Compute {
                function: Function::Spdx,
                revision: 1,
                parameters: serde_json::Value::Null,
                inputs: BTreeMap::from([("in".to_owned(), holes)]),
            });
            (NodeId((*name).to_owned()), Node::new(derivation, *weight))
        });
        Graph::new(nodes.collect()).expect("a graph")
    }

    #[test]
    fn a_path_is_the_longest_way_to_the_end() {
        let graph = graph(&[("a", 1, &[]), ("b", 2, &["a"]), ("c", 9, &[]), ("d", 1, &["b", "c"])]);
        let estimate = Estimate::new(&graph, vec![1000, 20_000, 9000, 1000]);
        assert_eq!((estimate.path(0), estimate.path(2), estimate.path(3)), (22_000, 10_000, 1000));
        let whole = Event::Expected { nodes: 4, work_millis: 31_000, critical_millis: 22_000 };
        assert_eq!(estimate.event(), whole);
    }

    #[test]
    fn a_chain_follows_the_need_that_took_longest_to_reach() {
        let mut chains = Chains(vec![0; 4]);
        assert_eq!(chains.extend(0, &[], 5), (5, None));
        assert_eq!(chains.extend(1, &[], 7), (7, None));
        // A result that was known takes no time, and hands on the chain of what it needs.
        assert_eq!(chains.extend(2, &[0], 0), (5, Some(0)));
        assert_eq!(chains.extend(3, &[1, 2], 1), (8, Some(1)));
    }
}
