//! What an earlier run remembers of a graph, for all nodes at once.
//!
//! A node whose derivation and whose needs are as they were has the action that it had: see [`azl_action::memo`]. So
//! nothing is lowered, and no package header is read, for what did not change.
//!
//! **Invariant:** a node is recalled only if everything it needs is.

use azl_action::{ActionResult, Graph, memo};
use azl_digest::Digest;
use azl_host::environment;
use azl_store::{LocalStore, Remembered};

/// An action and its result.
pub(super) type Recalled = (Digest, ActionResult);

/// What is known of a graph's nodes, by number.
pub(super) struct Memory {
    fingerprints: Vec<Digest>,
    /// Seals of the nodes that have a result.
    seals: Vec<Option<Digest>>,
}

/// Graphs smaller than this are not worth a thread.
const SMALL: usize = 256;

/// Recalls the results of all nodes that have one.
pub(super) fn recall(graph: &Graph, store: &LocalStore) -> (Memory, Vec<Option<Recalled>>) {
    let nodes: Vec<_> = graph.nodes().values().collect();
    let fingerprints = in_parallel(&nodes, |node| node.derivation.fingerprint());
    let mut memory = Memory { fingerprints, seals: vec![None; nodes.len()] };
    let mut remembered: Vec<Option<Remembered>> = nodes.iter().map(|_| None).collect();
    for node in graph.order() {
        let Some(key) = memory.key(graph, *node) else { continue };
        remembered[*node] = store.remembered(key);
        memory.seals[*node] = remembered[*node].as_ref().map(|found| memo::seal(key, found.identity));
    }
    let mut recalled = in_parallel(&remembered, |remembered| {
        let remembered = remembered.as_ref()?;
        Some((remembered.action, store.recall(remembered)?))
    });
    for node in graph.order() {
        if recalled[*node].is_none() || graph.edges()[*node].iter().any(|need| recalled[*need].is_none()) {
            recalled[*node] = None;
            memory.seals[*node] = None;
        }
    }
    (memory, recalled)
}

impl Memory {
    /// Returns the key of a node whose needs all have results.
    fn key(&self, graph: &Graph, node: usize) -> Option<Digest> {
        let needs = graph.edges()[node].iter().map(|need| self.seals[*need]).collect::<Option<Vec<_>>>()?;
        Some(memo::key(self.fingerprints[node], needs))
    }

    /// Notes what a node was lowered to and what that gave, for the next run.
    pub(super) fn note(&mut self, graph: &Graph, store: &LocalStore, node: usize, done: &Recalled) {
        if let Some(key) = self.key(graph, node) {
            self.seals[node] = Some(memo::seal(key, store.remember(key, done.0, &done.1)));
        }
    }
}

/// Applies `f` to all items on all processors; the order stays.
fn in_parallel<T: Sync, R: Send>(items: &[T], f: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let workers = if items.len() < SMALL { 1 } else { environment::processors() };
    if workers == 1 {
        return items.iter().map(f).collect();
    }
    let size = items.len().div_ceil(workers);
    std::thread::scope(|scope| {
        let f = &f;
        let parts: Vec<_> =
            items.chunks(size).map(|part| scope.spawn(move || part.iter().map(f).collect::<Vec<R>>())).collect();
        parts.into_iter().flat_map(|part| part.join().expect("the function does not panic")).collect()
    })
}
