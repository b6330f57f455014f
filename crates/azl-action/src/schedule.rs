//! Which node may start next: a pure state machine over a [`Graph`] and what the machine has to give.
//!
//! The longest remaining path goes first. Work that occupies no core (fetching, hashing, signing) takes no place from
//! work that does. Nodes go by their numbers in the graph.
//!
//! **Invariant:** a node is handed out once at a time, after everything it needs has succeeded.
//! **Invariant:** while nothing that occupies a core is under way, anything fits: no node waits for ever.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::graph::{Demand, Graph};

/// What the machine has to give to actions at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Processors.
    pub cores: u32,
    /// Memory in MiB.
    pub memory: u64,
    /// Nodes that occupy no core.
    pub light: usize,
}

/// A node that found no place is passed by so often by nodes that take less; then they wait for it.
const PATIENCE: u32 = 8;

/// Ready nodes that occupy the same, most urgent first; of equals, the first by name.
type Queue = BinaryHeap<(u64, Reverse<usize>)>;

/// The state of a run over a graph.
#[derive(Debug, Clone)]
pub struct Schedule {
    budget: Budget,
    demand: Vec<Demand>,
    priority: Vec<u64>,
    needed_by: Vec<Vec<usize>>,
    state: Vec<State>,
    ready: BTreeMap<(u32, u64), Queue>,
    parked: Vec<usize>,
    /// Nodes that are neither done nor given up.
    left: usize,
    running: Running,
    /// How often the most urgent node was passed by since it was first in line.
    passed: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// So many needs are not done yet; with none, the node is ready, running or parked.
    Open(usize),
    /// Done or given up.
    Closed,
}

#[derive(Debug, Clone, Copy, Default)]
struct Running {
    nodes: usize,
    light: usize,
    cores: u32,
    memory: u64,
}

impl Schedule {
    /// Starts a run; `millis` says how long each node is expected to take, `done` which of them have a result already.
    pub fn new(graph: &Graph, budget: Budget, millis: &[u64], done: &[bool]) -> Self {
        let count = graph.ids().len();
        let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); count];
        for (from, needs) in graph.edges().iter().enumerate() {
            for need in needs {
                needed_by[*need].push(from);
            }
        }
        let open = |needs: &Vec<usize>| State::Open(needs.iter().filter(|need| !done[**need]).count());
        let state = graph.edges().iter().zip(done);
        let mut schedule = Self {
            budget,
            demand: graph.nodes().values().map(|node| node.demand).collect(),
            priority: priorities(graph, &needed_by, millis),
            state: state.map(|(needs, done)| if *done { State::Closed } else { open(needs) }).collect(),
            needed_by,
            ready: BTreeMap::new(),
            parked: Vec::new(),
            left: done.iter().filter(|done| !**done).count(),
            running: Running::default(),
            passed: 0,
        };
        for node in 0..count {
            if schedule.state[node] == State::Open(0) {
                schedule.make_ready(node);
            }
        }
        schedule
    }

    fn make_ready(&mut self, node: usize) {
        let Demand { cores, memory } = self.demand[node];
        self.ready.entry((cores, memory)).or_default().push((self.priority[node], Reverse(node)));
    }

    /// Hands out the most urgent ready node that there is room for.
    pub fn take(&mut self) -> Option<usize> {
        let first = self.first();
        let class = self.next()?;
        let (_, Reverse(node)) = self.ready.get_mut(&class)?.pop()?;
        if class.0 > 0 {
            self.passed = if first == Some(class) { 0 } else { self.passed + 1 };
        }
        self.occupy(node);
        Some(node)
    }

    /// Returns whether there is a ready node and room for it.
    pub fn has_next(&self) -> bool {
        self.next().is_some()
    }

    fn next(&self) -> Option<(u32, u64)> {
        let first = self.first();
        self.most_urgent(|class| self.fits(class) && self.may_pass(class, first))
    }

    /// The class of the most urgent ready node that occupies a core.
    fn first(&self) -> Option<(u32, u64)> {
        self.most_urgent(|class| class.0 > 0)
    }

    /// The class of the most urgent ready node among the classes that `want` names.
    fn most_urgent(&self, want: impl Fn((u32, u64)) -> bool) -> Option<(u32, u64)> {
        let heads = self.ready.iter().filter(|(class, _)| want(**class));
        heads.filter_map(|(class, queue)| Some((queue.peek()?, *class))).max().map(|(_, class)| class)
    }

    fn fits(&self, (cores, memory): (u32, u64)) -> bool {
        if cores == 0 {
            return self.running.light < self.budget.light;
        }
        let room = self.running.cores + cores <= self.budget.cores
            && self.running.memory.saturating_add(memory) <= self.budget.memory;
        room || self.running.cores == 0
    }

    fn may_pass(&self, class: (u32, u64), first: Option<(u32, u64)>) -> bool {
        class.0 == 0 || first == Some(class) || self.passed < PATIENCE
    }

    fn occupy(&mut self, node: usize) {
        let Demand { cores, memory } = self.demand[node];
        self.running.nodes += 1;
        if cores == 0 {
            self.running.light += 1;
        } else {
            self.running.cores += cores;
            self.running.memory += memory;
        }
    }

    fn release(&mut self, node: usize) {
        let Demand { cores, memory } = self.demand[node];
        self.running.nodes -= 1;
        if cores == 0 {
            self.running.light -= 1;
        } else {
            self.running.cores -= cores;
            self.running.memory -= memory;
        }
    }

    /// Notes that a node succeeded; what waited only for it becomes ready.
    pub fn succeed(&mut self, node: usize) {
        self.release(node);
        self.close(node);
        for at in 0..self.needed_by[node].len() {
            let dependent = self.needed_by[node][at];
            if let State::Open(needs) = &mut self.state[dependent] {
                *needs -= 1;
                if *needs == 0 {
                    self.make_ready(dependent);
                }
            }
        }
    }

    fn close(&mut self, node: usize) {
        self.state[node] = State::Closed;
        self.left -= 1;
    }

    /// Notes that a node failed and returns every node that can no longer be done because of it.
    pub fn fail(&mut self, node: usize) -> Vec<usize> {
        self.release(node);
        self.close(node);
        let mut lost = Vec::new();
        let mut queue = vec![node];
        while let Some(node) = queue.pop() {
            for at in 0..self.needed_by[node].len() {
                let dependent = self.needed_by[node][at];
                if self.state[dependent] != State::Closed {
                    self.close(dependent);
                    queue.push(dependent);
                    lost.push(dependent);
                }
            }
        }
        lost.sort_unstable();
        lost
    }

    /// Notes that a node cannot be done just now, because somebody else does it; it frees its place.
    pub fn park(&mut self, node: usize) {
        self.release(node);
        self.parked.push(node);
    }

    /// Makes the parked nodes ready again.
    pub fn unpark(&mut self) {
        for node in std::mem::take(&mut self.parked) {
            self.make_ready(node);
        }
    }

    /// Returns whether a node is parked.
    pub fn has_parked(&self) -> bool {
        !self.parked.is_empty()
    }

    /// Returns whether nothing is left to do.
    pub fn is_finished(&self) -> bool {
        self.left == 0
    }

    /// Returns how many nodes are handed out and not yet reported.
    pub fn running(&self) -> usize {
        self.running.nodes
    }
}

/// Length of the longest path from each node to the end of the graph, the node included.
fn priorities(graph: &Graph, needed_by: &[Vec<usize>], millis: &[u64]) -> Vec<u64> {
    let mut priority = vec![0; millis.len()];
    for node in graph.order().iter().rev() {
        let after = needed_by[*node].iter().map(|next| priority[*next]).max().unwrap_or(0);
        priority[*node] = millis[*node].saturating_add(1).saturating_add(after);
    }
    priority
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::{Compute, Function, Work};
    use crate::graph::{Node, NodeId};
    use crate::input::{Hole, Select};

    const ROOM: Budget = Budget { cores: 4, memory: 8192, light: 2 };

    /// Nodes of a test: name, what it occupies, milliseconds, needs; in order of names.
    type Nodes<'a> = &'a [(&'a str, Demand, u64, &'a [&'a str])];

    fn schedule(nodes: Nodes<'_>, budget: Budget) -> Schedule {
        let made = nodes.iter().map(|(name, demand, _, needs)| {
            let holes = needs.iter().map(|need| Hole::outputs(&NodeId((*need).to_owned()), Select::All)).collect();
            let derivation = Work::Compute(Compute {
                function: Function::Spdx,
                revision: 1,
                parameters: serde_json::Value::Null,
                inputs: BTreeMap::from([("in".to_owned(), holes)]),
            });
            (NodeId((*name).to_owned()), Node::new(derivation, 0).demanding(*demand))
        });
        let graph = Graph::new(made.collect()).expect("a graph");
        let millis: Vec<u64> = nodes.iter().map(|(_, _, millis, _)| *millis).collect();
        Schedule::new(&graph, budget, &millis, &vec![false; nodes.len()])
    }

    /// Numbers of all nodes that start now.
    fn start(schedule: &mut Schedule) -> Vec<usize> {
        std::iter::from_fn(|| schedule.take()).collect()
    }

    const SMALL: Demand = Demand::COMMAND;
    const LARGE: Demand = Demand { cores: 1, memory: 8000 };

    #[test]
    fn the_longest_path_starts_first() {
        let nodes: Nodes<'_> = &[("end", SMALL, 50, &["long"]), ("long", SMALL, 1, &[]), ("short", SMALL, 2, &[])];
        let mut schedule = schedule(nodes, ROOM);
        assert_eq!(start(&mut schedule), [1, 2]);
        schedule.succeed(1);
        assert_eq!(start(&mut schedule), [0]);
    }

    #[test]
    fn a_failure_takes_its_dependents_and_nothing_else() {
        let nodes: Nodes<'_> =
            &[("a", SMALL, 1, &[]), ("b", SMALL, 1, &["a"]), ("c", SMALL, 1, &["b"]), ("d", SMALL, 0, &[])];
        let mut schedule = schedule(nodes, ROOM);
        assert_eq!(schedule.take(), Some(0));
        assert_eq!(schedule.fail(0), [1, 2]);
        assert_eq!(schedule.take(), Some(3));
        schedule.succeed(3);
        assert!(schedule.is_finished());
    }

    #[test]
    fn light_work_takes_no_place_from_builds_and_has_a_limit_of_its_own() {
        let light = Demand::LIGHT;
        let nodes: Nodes<'_> = &[
            ("a", light, 9, &[]),
            ("b", light, 8, &[]),
            ("c", light, 7, &[]),
            ("d", SMALL, 1, &[]),
            ("e", SMALL, 1, &[]),
        ];
        let mut schedule = schedule(nodes, Budget { cores: 1, ..ROOM });
        assert_eq!(start(&mut schedule), [0, 1, 3]);
        schedule.succeed(0);
        assert_eq!(start(&mut schedule), [2]);
    }

    #[test]
    fn memory_is_not_promised_twice() {
        let mut schedule = schedule(&[("a", LARGE, 9, &[]), ("b", LARGE, 8, &[]), ("c", SMALL, 1, &[])], ROOM);
        assert_eq!(start(&mut schedule), [0], "neither the other large one nor the small one fits beside it");
        schedule.succeed(0);
        assert_eq!(start(&mut schedule), [1]);
    }

    #[test]
    fn what_is_larger_than_the_machine_runs_alone() {
        let huge = Demand { cores: 64, memory: 1 << 40 };
        let mut schedule = schedule(&[("a", SMALL, 9, &[]), ("b", huge, 5, &[]), ("c", SMALL, 1, &["a"])], ROOM);
        assert_eq!(start(&mut schedule), [0]);
        schedule.succeed(0);
        assert_eq!(start(&mut schedule), [1]);
        schedule.succeed(1);
        assert_eq!(start(&mut schedule), [2]);
    }

    #[test]
    fn a_large_node_is_not_passed_by_for_ever() {
        let names: Vec<String> = (0..30).map(|number| format!("small{number:02}")).collect();
        let small = names.iter().map(|name| (name.as_str(), SMALL, 1, [].as_slice()));
        let nodes: Vec<_> = [("large", LARGE, 100, ["small00"].as_slice())].into_iter().chain(small).collect();
        let mut schedule = schedule(&nodes, ROOM);
        let mut running = start(&mut schedule);
        let mut begun = 0;
        while !running.contains(&0) {
            schedule.succeed(running.remove(0));
            let next = start(&mut schedule);
            begun += next.len();
            running.extend(next);
        }
        assert!(begun <= usize::try_from(PATIENCE).expect("small") + 1, "{begun} small nodes went first");
    }

    #[test]
    fn a_parked_node_frees_its_place_and_comes_again() {
        let mut schedule = schedule(&[("a", SMALL, 9, &[]), ("b", SMALL, 1, &[])], Budget { cores: 1, ..ROOM });
        assert_eq!(start(&mut schedule), [0]);
        schedule.park(0);
        assert_eq!(start(&mut schedule), [1]);
        schedule.succeed(1);
        assert!(start(&mut schedule).is_empty() && schedule.has_parked() && !schedule.is_finished());
        schedule.unpark();
        assert_eq!(start(&mut schedule), [0]);
    }

    #[test]
    fn what_is_done_already_is_not_handed_out() {
        let nodes: Nodes<'_> = &[("a", SMALL, 1, &[]), ("b", SMALL, 1, &["a"])];
        let graph = schedule(nodes, ROOM);
        assert_eq!(graph.left, 2);
        let made = |done: &[bool]| {
            let derivation = Work::Fetch(crate::Fetch { files: BTreeMap::new() });
            let nodes = ["a", "b"].map(|name| (NodeId(name.to_owned()), Node::new(derivation.clone(), 0)));
            Schedule::new(&Graph::new(nodes.into()).expect("a graph"), ROOM, &[1, 1], done)
        };
        assert_eq!(start(&mut made(&[true, false])), [1]);
        assert!(made(&[true, true]).is_finished());
    }
}
