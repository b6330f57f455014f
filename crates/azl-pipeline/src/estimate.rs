//! How long a graph should take, and which chain of nodes made it take as long as it did.
//!
//! Not here: how long nodes took before (`history`), and who shows any of it.
//!
//! **Invariant:** nothing is done, and nothing is done differently, because of an estimate.

use std::collections::{BTreeMap, BTreeSet};

use azl_action::{Graph, NodeId};

use crate::events::Event;

/// What is expected of each node of a graph, in milliseconds.
#[derive(Debug, Clone, Default)]
pub struct Estimate {
    expected: BTreeMap<NodeId, u64>,
    path: BTreeMap<NodeId, u64>,
}

impl Estimate {
    /// Estimates every node: what `known` says it took, else its weight.
    pub fn new(graph: &Graph, known: &dyn Fn(&NodeId) -> Option<u64>) -> Self {
        let expected: BTreeMap<NodeId, u64> = graph
            .nodes()
            .iter()
            .map(|(id, node)| (id.clone(), known(id).unwrap_or_else(|| u64::from(node.weight) * 1000)))
            .collect();
        let mut path: BTreeMap<NodeId, u64> = BTreeMap::new();
        for id in order(graph).into_iter().rev() {
            let own = path.get(id).copied().unwrap_or(0) + expected[id];
            path.insert(id.clone(), own);
            for need in graph.needs(id) {
                let after = path.entry(need.clone()).or_default();
                *after = own.max(*after);
            }
        }
        Self { expected, path }
    }

    /// Returns the milliseconds one node is expected to take.
    pub fn expected(&self, node: &NodeId) -> u64 {
        self.expected.get(node).copied().unwrap_or(0)
    }

    /// Returns the milliseconds expected from the beginning of a node to the end of the graph.
    pub fn path(&self, node: &NodeId) -> u64 {
        self.path.get(node).copied().unwrap_or(0)
    }

    /// Returns what is expected of the whole graph.
    pub fn event(&self) -> Event {
        Event::Expected {
            nodes: self.expected.len(),
            work_millis: self.expected.values().sum(),
            critical_millis: self.path.values().max().copied().unwrap_or(0),
        }
    }
}

/// Returns the nodes so that each comes after all it needs.
pub fn order(graph: &Graph) -> Vec<&NodeId> {
    let mut open: BTreeMap<&NodeId, usize> = graph.nodes().keys().map(|id| (id, graph.needs(id).len())).collect();
    let mut needed_by: BTreeMap<&NodeId, Vec<&NodeId>> = BTreeMap::new();
    for id in graph.nodes().keys() {
        for need in graph.needs(id) {
            needed_by.entry(need).or_default().push(id);
        }
    }
    let mut order: Vec<&NodeId> = open.iter().filter(|(_, needs)| **needs == 0).map(|(id, _)| *id).collect();
    let mut next = 0;
    while let Some(id) = order.get(next).copied() {
        next += 1;
        for dependent in needed_by.get(id).into_iter().flatten() {
            let Some(needs) = open.get_mut(dependent) else { continue };
            *needs -= 1;
            if *needs == 0 {
                order.push(dependent);
            }
        }
    }
    order
}

/// The longest chain that ends with each node that is done.
#[derive(Debug, Clone, Default)]
pub struct Chains(BTreeMap<NodeId, u64>);

impl Chains {
    /// Notes that a node took so many milliseconds after all it needs; returns the length of the longest chain that
    /// ends with it and the node before it there.
    pub fn extend(&mut self, node: &NodeId, needs: &BTreeSet<NodeId>, millis: u64) -> (u64, Option<NodeId>) {
        let length = |need: &NodeId| self.0.get(need).copied().unwrap_or(0);
        let via = needs.iter().max_by_key(|need| length(need)).cloned();
        let chain = via.as_ref().map_or(0, length) + millis;
        self.0.insert(node.clone(), chain);
        (chain, via)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use azl_action::{Compute, Function, Hole, Node, Select, Work};

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

    fn id(name: &str) -> NodeId {
        NodeId(name.to_owned())
    }

    #[test]
    fn a_node_takes_what_it_took_before_else_its_weight() {
        let graph = graph(&[("a", 1, &[]), ("b", 2, &["a"]), ("c", 9, &[]), ("d", 1, &["b", "c"])]);
        let estimate = Estimate::new(&graph, &|node| (node.0 == "b").then_some(20_000));
        assert_eq!(estimate.expected(&id("b")), 20_000);
        assert_eq!((estimate.path(&id("a")), estimate.path(&id("c")), estimate.path(&id("d"))), (22_000, 10_000, 1000));
        let whole = Event::Expected { nodes: 4, work_millis: 31_000, critical_millis: 22_000 };
        assert_eq!(estimate.event(), whole);
    }

    #[test]
    fn a_chain_follows_the_need_that_took_longest_to_reach() {
        let mut chains = Chains::default();
        assert_eq!(chains.extend(&id("a"), &BTreeSet::new(), 5), (5, None));
        assert_eq!(chains.extend(&id("b"), &BTreeSet::new(), 7), (7, None));
        // A result that was known takes no time, and hands on the chain of what it needs.
        assert_eq!(chains.extend(&id("c"), &BTreeSet::from([id("a")]), 0), (5, Some(id("a"))));
        assert_eq!(chains.extend(&id("d"), &BTreeSet::from([id("b"), id("c")]), 1), (8, Some(id("b"))));
    }
}
