//! Workers that take nodes from a schedule until nothing is left, something failed, or somebody asks to stop.
//!
//! Not here: what is done with one node (`perform`).
//!
//! **Invariant:** a worker without work sleeps until there is some.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use azl_action::ports::PortError;
use azl_action::{Budget, Graph, NodeId, Pool, Schedule};
use azl_digest::Digest;
use azl_host::clock::Stopwatch;
use azl_host::environment;

use super::perform::{Done, Step};
use super::recall::{self, Memory, Recalled};
use super::{NodeFailure, Outcome, Policy, Realised, Surroundings};
use crate::estimate::{Chains, Estimate};
use crate::events::{Event, Reporter};
use crate::ports::Ports;
use crate::times;

/// Nodes at a time that occupy no processor: they wait for a network or a disk.
const LIGHT: usize = 8;

/// How often a node that another run does is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What a walk is over and with.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) graph: &'a Graph,
    pub(super) ports: &'a Ports,
    pub(super) reporter: &'a dyn Reporter,
    pub(super) policy: &'a Policy,
    pub(super) surroundings: Surroundings<'a>,
}

pub(super) struct Walk<'a> {
    pub(super) context: Context<'a>,
    pub(super) estimate: Estimate,
    state: Mutex<State>,
    changed: Condvar,
    /// The packages that closures choose from.
    pub(super) pool: RwLock<Pool>,
    /// Whether the shared cache failed; then it is asked no more.
    pub(super) unshared: std::sync::atomic::AtomicBool,
}

struct State {
    schedule: Schedule,
    chains: Chains,
    /// Milliseconds of the longest of the chains.
    critical_millis: u64,
    memory: Memory,
    /// Action and result of each node that is done, by number.
    done: Vec<Option<Recalled>>,
    performed: BTreeMap<NodeId, u64>,
    failures: Vec<NodeFailure>,
    lost: Vec<NodeId>,
    /// Nodes of which it was said already that another run does them.
    awaited: BTreeSet<usize>,
    looked: Stopwatch,
}

/// Walks the graph once.
pub(super) fn walk(context: Context<'_>) -> Outcome {
    let Context { graph, ports, policy, .. } = context;
    let (memory, recalled) = recall::recall(graph, &ports.store);
    let done: Vec<bool> = recalled.iter().map(Option::is_some).collect();
    let left = done.iter().filter(|done| !**done).count();
    let estimate = Estimate::new(graph, expected(context, &done, left));
    context.reporter.report(&estimate.event());
    let chains = report_recalled(context, &recalled);
    if left == 0 {
        return outcome(graph, recalled);
    }
    let state = State {
        schedule: Schedule::new(graph, budget(policy), estimate.expected(), &done),
        chains,
        critical_millis: 0,
        memory,
        done: recalled,
        performed: BTreeMap::new(),
        failures: Vec::new(),
        lost: Vec::new(),
        awaited: BTreeSet::new(),
        looked: Stopwatch::start(),
    };
    let walk = Walk {
        context,
        estimate,
        state: Mutex::new(state),
        changed: Condvar::new(),
        pool: RwLock::default(),
        unshared: false.into(),
    };
    std::thread::scope(|scope| {
        for _ in 0..left.min(policy.jobs.max(1) + LIGHT) {
            scope.spawn(|| walk.work());
        }
    });
    let state = walk.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    let State { done, performed, failures, lost, critical_millis, .. } = state;
    let outcome = outcome(graph, done);
    Outcome { failures, lost, realised: Realised { performed, critical_millis, ..outcome.realised }, ..outcome }
}

/// What is known of the nodes, by name.
fn outcome(graph: &Graph, done: Vec<Option<Recalled>>) -> Outcome {
    let complete = done.iter().all(Option::is_some);
    let actions = graph.ids().iter().zip(&done).filter_map(|(id, done)| Some((id.clone(), done.as_ref()?.0)));
    let actions = actions.collect();
    let results = graph.ids().iter().zip(done).filter_map(|(id, done)| Some((id.clone(), done?.1))).collect();
    Outcome { realised: Realised { results, actions, ..Realised::default() }, complete, ..Outcome::default() }
}

/// Says of each node that is known that it is done, which took no time.
fn report_recalled(context: Context<'_>, recalled: &[Option<Recalled>]) -> Chains {
    let mut chains = Chains::new(context.graph);
    for node in context.graph.order() {
        let Some((action, result)) = &recalled[*node] else { continue };
        let (chain_millis, via) = chains.extend(*node, &context.graph.edges()[*node], 0);
        context.reporter.report(&Event::Finished {
            node: context.graph.ids()[*node].0.clone(),
            cached: true,
            millis: 0,
            usage: result.usage,
            action: action.to_string(),
            expected_millis: 0,
            chain_millis,
            via: via.map(|node| context.graph.ids()[node].0.clone()),
        });
    }
    chains
}

fn budget(policy: &Policy) -> Budget {
    let memory = match environment::available_memory() >> 20 {
        // The kernel does not say.
        0 => u64::MAX,
        memory => memory,
    };
    Budget { cores: u32::try_from(policy.jobs.max(1)).unwrap_or(u32::MAX), memory, light: LIGHT }
}

/// Milliseconds that each node is expected to take: none if it is done, else what it took last, else what the plan says.
fn expected(context: Context<'_>, done: &[bool], left: usize) -> Vec<u64> {
    let times = if left == 0 { times::Times::new() } else { times::read(&context.ports.store) };
    let expected = |((id, node), done): ((&NodeId, &azl_action::Node), &bool)| match done {
        true => 0,
        false => times.get(id).copied().unwrap_or_else(|| u64::from(node.weight) * 1000),
    };
    context.graph.nodes().iter().zip(done).map(expected).collect()
}

impl State {
    /// Lets nodes be tried again that another run was doing.
    fn look_again(&mut self) {
        if self.schedule.has_parked() && self.looked.elapsed() >= LOOK_AGAIN {
            self.schedule.unpark();
            self.looked = Stopwatch::start();
        }
    }
}

impl Walk<'_> {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_interrupted(&self) -> bool {
        (self.context.surroundings.interrupted)()
    }

    /// Returns the outputs of a node that is done.
    pub(super) fn outputs(&self, node: &NodeId) -> Option<BTreeMap<String, Digest>> {
        let number = self.context.graph.number(node)?;
        self.lock().done[number].as_ref().map(|(_, result)| result.outputs.clone())
    }

    fn work(&self) {
        while let Some(node) = self.take() {
            let watch = Stopwatch::start();
            let id = &self.context.graph.ids()[node];
            match self.realise_node(id) {
                Ok(Step::Done(done)) => self.succeed(node, id, done, watch),
                Ok(Step::HeldBy(holder)) => self.park(node, id, holder),
                Err(error) => self.fail(node, id, error),
            }
        }
        // Others sleep until something changes; that there is nothing left is a change.
        self.changed.notify_all();
    }

    /// Waits for a node that can be done now; none is handed out after a failure, unless the rest is to go on.
    fn take(&self) -> Option<usize> {
        let mut state = self.lock();
        loop {
            let failed = !self.context.policy.keep_going && !state.failures.is_empty();
            if failed || self.is_interrupted() || state.schedule.is_finished() {
                return None;
            }
            state.look_again();
            if let Some(node) = state.schedule.take() {
                // Somebody who sleeps takes the next one, or looks after those that other runs do.
                if state.schedule.has_next() || state.schedule.has_parked() {
                    self.changed.notify_one();
                }
                return Some(node);
            }
            state = match state.schedule.has_parked() {
                true => self.changed.wait_timeout(state, LOOK_AGAIN).unwrap_or_else(PoisonError::into_inner).0,
                false => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn succeed(&self, node: usize, id: &NodeId, done: Done, watch: Stopwatch) {
        let millis = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
        let Done { action, result, cached } = done;
        if !cached {
            times::record(&self.context.ports.store, id, millis);
        }
        let graph = self.context.graph;
        let mut state = self.lock();
        let took = if cached { 0 } else { millis };
        let (chain_millis, via) = state.chains.extend(node, &graph.edges()[node], took);
        state.critical_millis = state.critical_millis.max(chain_millis);
        self.context.reporter.report(&Event::Finished {
            node: id.0.clone(),
            cached,
            millis,
            usage: result.usage,
            action: action.to_string(),
            expected_millis: self.estimate.expected()[node],
            chain_millis,
            via: via.map(|node| graph.ids()[node].0.clone()),
        });
        let done = (action, result);
        state.memory.note(graph, &self.context.ports.store, node, &done);
        state.done[node] = Some(done);
        if !cached {
            state.performed.insert(id.clone(), millis);
        }
        state.schedule.succeed(node);
    }

    fn fail(&self, node: usize, id: &NodeId, error: PortError) {
        self.context.reporter.report(&failed_event(id, &error));
        let mut state = self.lock();
        for lost in state.schedule.fail(node) {
            let lost = self.context.graph.ids()[lost].clone();
            self.context.reporter.report(&Event::Lost { node: lost.0.clone(), because: id.0.clone() });
            state.lost.push(lost);
        }
        state.failures.push(NodeFailure { node: id.clone(), error });
    }

    fn park(&self, node: usize, id: &NodeId, holder: String) {
        let mut state = self.lock();
        state.schedule.park(node);
        if state.awaited.insert(node) {
            self.context.reporter.report(&Event::Waiting { node: id.0.clone(), holder });
        }
    }
}

fn failed_event(id: &NodeId, error: &PortError) -> Event {
    let log = match error {
        PortError::Interrupted => return Event::Interrupted { node: id.0.clone() },
        PortError::Work { log, .. } => log.as_ref().map(|log| log.display().to_string()),
        _ => None,
    };
    Event::Failed { node: id.0.clone(), message: error.to_string(), log }
}
