//! Which node may start next: a pure state machine over a [`Graph`].
//!
//! **Invariant:** a node is handed out once, after everything it needs has succeeded.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::{Graph, NodeId};

/// The state of a run over a graph.
#[derive(Debug, Clone)]
pub struct Schedule {
    waiting: BTreeMap<NodeId, BTreeSet<NodeId>>,
    needed_by: BTreeMap<NodeId, Vec<NodeId>>,
    /// Ready nodes, longest remaining path last.
    ready: BTreeSet<(u64, NodeId)>,
    priority: BTreeMap<NodeId, u64>,
    running: usize,
}

impl Schedule {
    /// Starts a run; nodes on the longest path to the end are handed out first.
    pub fn new(graph: &Graph) -> Self {
        let mut needed_by: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
        let mut waiting = BTreeMap::new();
        for id in graph.nodes().keys() {
            waiting.insert(id.clone(), graph.needs(id).clone());
            for need in graph.needs(id) {
                needed_by.entry(need.clone()).or_default().push(id.clone());
            }
        }
        let priority = priorities(graph, &needed_by);
        let mut schedule = Self { waiting, needed_by, ready: BTreeSet::new(), priority, running: 0 };
        schedule.collect_ready();
        schedule
    }

    fn collect_ready(&mut self) {
        let ready: Vec<NodeId> =
            self.waiting.iter().filter(|(_, needs)| needs.is_empty()).map(|(id, _)| id.clone()).collect();
        for id in ready {
            self.make_ready(id);
        }
    }

    fn make_ready(&mut self, id: NodeId) {
        self.waiting.remove(&id);
        self.ready.insert((self.priority.get(&id).copied().unwrap_or(0), id));
    }

    /// Hands out the most urgent ready node.
    pub fn take_next(&mut self) -> Option<NodeId> {
        let (_, id) = self.ready.pop_last()?;
        self.running += 1;
        Some(id)
    }

    /// Notes that a node succeeded; what waited only for it becomes ready.
    pub fn succeed(&mut self, id: &NodeId) {
        self.running -= 1;
        for dependent in self.needed_by.get(id).cloned().unwrap_or_default() {
            let Some(needs) = self.waiting.get_mut(&dependent) else { continue };
            needs.remove(id);
            if needs.is_empty() {
                self.make_ready(dependent);
            }
        }
    }

    /// Notes that a node failed and returns every node that can no longer be done because of it.
    pub fn fail(&mut self, id: &NodeId) -> Vec<NodeId> {
        self.running -= 1;
        let mut lost = Vec::new();
        let mut queue = vec![id.clone()];
        while let Some(id) = queue.pop() {
            for dependent in self.needed_by.get(&id).cloned().unwrap_or_default() {
                if self.waiting.remove(&dependent).is_some() {
                    queue.push(dependent.clone());
                    lost.push(dependent);
                }
            }
        }
        lost.sort();
        lost
    }

    /// Returns whether nothing is ready, running or waiting.
    pub fn is_finished(&self) -> bool {
        self.ready.is_empty() && self.running == 0 && self.waiting.is_empty()
    }

    /// Returns how many nodes are handed out and not yet reported.
    pub fn running(&self) -> usize {
        self.running
    }
}

/// Length of the longest path from each node to the end of the graph, the node included.
fn priorities(graph: &Graph, needed_by: &BTreeMap<NodeId, Vec<NodeId>>) -> BTreeMap<NodeId, u64> {
    let mut priority: BTreeMap<NodeId, u64> = BTreeMap::new();
    let mut open: BTreeMap<&NodeId, usize> =
        graph.nodes().keys().map(|id| (id, needed_by.get(id).map_or(0, Vec::len))).collect();
    let mut queue: Vec<&NodeId> = open.iter().filter(|(_, count)| **count == 0).map(|(id, _)| *id).collect();
    while let Some(id) = queue.pop() {
        let weight = u64::from(graph.get(id).map_or(0, |node| node.weight)) + 1;
        let after = needed_by.get(id).into_iter().flatten().map(|next| priority[next]).max().unwrap_or(0);
        priority.insert(id.clone(), weight + after);
        for need in graph.needs(id) {
            if let Some(count) = open.get_mut(need) {
                *count -= 1;
                if *count == 0 {
                    queue.push(need);
                }
            }
        }
    }
    priority
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::{Compute, Function, Work};
    use crate::graph::Node;
    use crate::input::{Hole, Select};

    fn graph(edges: &[(&str, u32, &[&str])]) -> Graph {
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
    fn the_longest_path_starts_first() {
        let mut schedule = Schedule::new(&graph(&[("short", 1, &[]), ("long", 1, &[]), ("end", 50, &["long"])]));
        assert_eq!(schedule.take_next(), Some(id("long")));
        assert_eq!(schedule.take_next(), Some(id("short")));
        assert_eq!(schedule.take_next(), None);
        schedule.succeed(&id("long"));
        assert_eq!(schedule.take_next(), Some(id("end")));
    }

    #[test]
    fn a_failure_takes_its_dependents_and_nothing_else() {
        let mut schedule = Schedule::new(&graph(&[("a", 1, &[]), ("b", 1, &["a"]), ("c", 1, &["b"]), ("d", 0, &[])]));
        assert_eq!(schedule.take_next(), Some(id("a")));
        assert_eq!(schedule.fail(&id("a")), [id("b"), id("c")]);
        assert_eq!(schedule.take_next(), Some(id("d")));
        schedule.succeed(&id("d"));
        assert!(schedule.is_finished());
    }
}
