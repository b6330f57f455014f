//! The realise loop: walks a graph, fills holes, looks results up, has the rest done.
//!
//! First what is known is recalled, for all nodes at once ([`recall`]); then workers do the rest ([`walk`]), each node
//! by itself ([`perform`]).
//!
//! Not here: how anything is done (ports) or what is to be done (plan).
//!
//! **Invariant:** an action is remembered only after all its outputs are in the store, so a run that is
//! killed at any instant is resumed by running again.
//! **Invariant:** no two runs over one store do the same action at the same time.

mod lower;
mod perform;
mod recall;
mod walk;

use std::collections::BTreeMap;
use std::time::Duration;

use azl_action::ports::PortError;
use azl_action::{ActionResult, Graph, NodeId};
use azl_digest::Digest;
use azl_host::{clock, environment, interrupt};

use crate::events::{Event, Reporter, StageTime};
use crate::ports::Ports;

/// What a run over a graph gave.
#[derive(Debug, Default, Clone)]
pub struct Realised {
    /// Result of each node.
    pub results: BTreeMap<NodeId, ActionResult>,
    /// Action of each node.
    pub actions: BTreeMap<NodeId, Digest>,
    /// Nodes whose action was done now, with milliseconds.
    pub performed: BTreeMap<NodeId, u64>,
    /// Milliseconds of the longest chain of actions done now, each of which needed the one before.
    pub critical_millis: u64,
}

/// One node that could not be done.
#[derive(Debug)]
pub struct NodeFailure {
    /// The node.
    pub node: NodeId,
    /// Why.
    pub error: PortError,
}

/// A run that did not reach its goal.
#[derive(Debug, thiserror::Error)]
#[error("{}", describe(.failures))]
pub struct RealiseError {
    /// Every node that failed; none, if the run was interrupted between two of them.
    pub failures: Vec<NodeFailure>,
    /// Nodes that cannot be done because of it.
    pub lost: Vec<NodeId>,
    /// What was done before.
    pub realised: Box<Realised>,
}

fn describe(failures: &[NodeFailure]) -> String {
    if failures.is_empty() {
        return "interrupted; what was finished is kept".to_owned();
    }
    let texts: Vec<String> = failures.iter().map(|failure| format!("`{}`: {}", failure.node, failure.error)).collect();
    texts.join("\n\n")
}

/// A corrupted store heals by doing again what is lost; more than this many times is a broken disk.
const MAX_HEALS: usize = 5;

/// How a run over a graph behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Actions at a time.
    pub jobs: usize,
    /// Go on with what does not depend on a failure; otherwise nothing is begun after one.
    pub keep_going: bool,
    /// Times that an action is tried again when something round it failed, not the work itself.
    pub retries: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self { jobs: 1, keep_going: false, retries: 2 }
    }
}

/// What a run asks of its surroundings; tests put their own in place.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Whether somebody asked the run to stop.
    pub interrupted: &'a (dyn Fn() -> bool + Sync),
    /// Waits before an action is tried again.
    pub pause: &'a (dyn Fn(Duration) + Sync),
}

impl Surroundings<'_> {
    /// The signals and the clock of this process.
    pub const HOST: Surroundings<'static> = Surroundings { interrupted: &interrupt::requested, pause: &pause };
}

/// Waits in small steps, so that an interruption is not waited out.
fn pause(duration: Duration) {
    let watch = clock::Stopwatch::start();
    while watch.elapsed() < duration && !interrupt::requested() {
        clock::sleep(Duration::from_millis(50).min(duration));
    }
}

/// Realises every node of `graph`.
///
/// # Errors
/// [`RealiseError`] with every node that failed; running actions are let finish and are remembered. After an
/// interruption, with every node that was cut short.
pub fn realise(
    graph: &Graph,
    ports: &Ports,
    reporter: &dyn Reporter,
    policy: &Policy,
) -> Result<Realised, RealiseError> {
    realise_in(graph, ports, reporter, policy, Surroundings::HOST)
}

/// Realises every node of `graph` in the given surroundings.
///
/// # Errors
/// As [`realise`].
pub fn realise_in(
    graph: &Graph,
    ports: &Ports,
    reporter: &dyn Reporter,
    policy: &Policy,
    surroundings: Surroundings<'_>,
) -> Result<Realised, RealiseError> {
    let mut performed = BTreeMap::new();
    for heal in 0.. {
        let context = walk::Context { graph, ports, reporter, policy, surroundings };
        let mut outcome = walk::walk(context);
        ports.store.flush();
        performed.append(&mut outcome.realised.performed);
        let again = outcome.is_healable(policy) && heal < MAX_HEALS && !(surroundings.interrupted)();
        if !again {
            outcome.realised.performed = performed;
            return outcome.into_result();
        }
        let message = format!("{}; what made it is done again", describe(&outcome.failures));
        reporter.report(&Event::Note { message });
    }
    unreachable!("the loop returns")
}

/// What one walk gave.
#[derive(Default)]
struct Outcome {
    realised: Realised,
    failures: Vec<NodeFailure>,
    lost: Vec<NodeId>,
    /// Whether every node has a result.
    complete: bool,
}

impl Outcome {
    /// Lost blobs heal when what made them is done again; other failures would come again.
    fn is_healable(&self, policy: &Policy) -> bool {
        let lost = |failure: &NodeFailure| matches!(failure.error, PortError::LostBlob(_));
        self.failures.iter().any(lost) && (policy.keep_going || self.failures.iter().all(lost))
    }

    fn into_result(self) -> Result<Realised, RealiseError> {
        if self.complete {
            return Ok(self.realised);
        }
        Err(RealiseError { failures: self.failures, lost: self.lost, realised: Box::new(self.realised) })
    }
}

impl Realised {
    /// Adds another run's results.
    pub fn merge(&mut self, other: Self) {
        self.results.extend(other.results);
        self.actions.extend(other.actions);
        self.performed.extend(other.performed);
        // One graph is done after the other.
        self.critical_millis += other.critical_millis;
    }

    /// Returns the outputs of a node that must have been realised.
    pub fn outputs(&self, node: &NodeId) -> &BTreeMap<String, Digest> {
        static NONE: BTreeMap<String, Digest> = BTreeMap::new();
        self.results.get(node).map_or(&NONE, |result| &result.outputs)
    }

    /// Summarises the run.
    pub fn summary(&self, seconds: f64) -> Event {
        let mut stages: BTreeMap<&str, StageTime> = BTreeMap::new();
        for (node, millis) in &self.performed {
            let entry = stages.entry(node.stage()).or_insert_with(|| StageTime {
                stage: node.stage().to_owned(),
                actions: 0,
                seconds: 0.0,
            });
            entry.actions += 1;
            entry.seconds += *millis as f64 / 1000.0;
        }
        let usages = self.performed.keys().filter_map(|node| Some(self.results.get(node)?.usage.cpu_millis));
        let cpu_millis: u64 = usages.sum();
        let capacity = seconds * 1000.0 * environment::processors() as f64;
        Event::Summary {
            critical_millis: self.critical_millis,
            cpu_millis,
            utilisation: if capacity > 0.0 { cpu_millis as f64 / capacity } else { 0.0 },
            performed: self.performed.len(),
            cached: self.results.len() - self.performed.len().min(self.results.len()),
            seconds,
            stages: stages.into_values().collect(),
        }
    }
}
