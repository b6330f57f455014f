//! The realise loop: walks a graph, fills holes, looks results up, has the rest done.
//!
//! Not here: how anything is done (ports) or what is to be done (plan).
//!
//! **Invariant:** an action is remembered only after all its outputs are in the store, so a run that is
//! killed at any instant is resumed by running again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard};

use azl_action::ports::{ActionCache, BlobStore, PortError};
use azl_action::{Action, ActionResult, Graph, Known, LowerError, NodeId, Schedule, Work};
use azl_digest::Digest;
use azl_host::clock::Stopwatch;
use azl_rpm::PackageHeader;

use crate::events::{Event, Reporter, StageTime};
use crate::history;
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
    /// Every node that failed.
    pub failures: Vec<NodeFailure>,
    /// Nodes that were not tried because of it.
    pub lost: Vec<NodeId>,
    /// What was done before.
    pub realised: Box<Realised>,
}

fn describe(failures: &[NodeFailure]) -> String {
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

/// Realises every node of `graph`.
///
/// # Errors
/// [`RealiseError`] with every node that failed; running actions are let finish and are remembered.
pub fn realise(
    graph: &Graph,
    ports: &Ports,
    reporter: &dyn Reporter,
    policy: &Policy,
) -> Result<Realised, RealiseError> {
    let mut performed = BTreeMap::new();
    for heal in 0.. {
        let mut outcome = walk(graph, ports, reporter, policy.jobs);
        performed.append(&mut outcome.realised.performed);
        let healable = outcome.failures.iter().all(|failure| matches!(failure.error, PortError::LostBlob(_)));
        if outcome.failures.is_empty() {
            outcome.realised.performed = performed;
            return Ok(outcome.realised);
        }
        if !healable || heal == MAX_HEALS {
            outcome.realised.performed = performed;
            let Outcome { failures, lost, realised } = outcome;
            return Err(RealiseError { failures, lost, realised: Box::new(realised) });
        }
        let message = format!("{}; what made it is done again", describe(&outcome.failures));
        reporter.report(&Event::Note { message });
    }
    unreachable!("the loop returns")
}

#[derive(Default)]
struct Outcome {
    realised: Realised,
    failures: Vec<NodeFailure>,
    lost: Vec<NodeId>,
}

struct Shared {
    schedule: Schedule,
    outcome: Outcome,
}

struct Walk<'a> {
    graph: &'a Graph,
    ports: &'a Ports,
    reporter: &'a dyn Reporter,
    shared: Mutex<Shared>,
    changed: Condvar,
}

fn walk(graph: &Graph, ports: &Ports, reporter: &dyn Reporter, jobs: usize) -> Outcome {
    let shared = Mutex::new(Shared { schedule: Schedule::new(graph), outcome: Outcome::default() });
    let walk = Walk { graph, ports, reporter, shared, changed: Condvar::new() };
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| walk.work());
        }
    });
    walk.shared.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).outcome
}

impl Walk<'_> {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn work(&self) {
        while let Some(id) = self.take() {
            let watch = Stopwatch::start();
            let done = self.realise_node(&id);
            self.note(id, done, watch);
            self.changed.notify_all();
        }
    }

    /// Waits for a node to become ready; none is handed out after a failure.
    fn take(&self) -> Option<NodeId> {
        let mut shared = self.lock();
        loop {
            if !shared.outcome.failures.is_empty() || shared.schedule.is_finished() {
                return None;
            }
            if let Some(id) = shared.schedule.take_next() {
                return Some(id);
            }
            if shared.schedule.running() == 0 {
                return None;
            }
            shared = self.changed.wait(shared).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    fn note(&self, id: NodeId, done: Result<Done, PortError>, watch: Stopwatch) {
        let millis = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut shared = self.lock();
        match done {
            Ok(done) => {
                self.reporter.report(&Event::Finished {
                    node: id.0.clone(),
                    cached: done.cached,
                    millis,
                    usage: done.result.usage,
                });
                shared.schedule.succeed(&id);
                let realised = &mut shared.outcome.realised;
                if !done.cached {
                    realised.performed.insert(id.clone(), millis);
                }
                realised.actions.insert(id.clone(), done.action);
                realised.results.insert(id, done.result);
            }
            Err(error) => {
                self.reporter.report(&failed_event(&id, &error));
                let lost = shared.schedule.fail(&id);
                shared.outcome.lost.extend(lost);
                shared.outcome.failures.push(NodeFailure { node: id, error });
            }
        }
    }

    fn realise_node(&self, id: &NodeId) -> Result<Done, PortError> {
        let node = self.graph.get(id).expect("the schedule hands out nodes of its graph");
        let action = node.derivation.lower(self).map_err(|error| lower_failed(id, error))?;
        let digest = action.digest();
        if let Some(result) = self.ports.store.get(digest) {
            return Ok(Done { action: digest, result, cached: true });
        }
        let shared = self.ports.shared.as_deref();
        let store: &dyn BlobStore = &*self.ports.store;
        if let Some(result) = shared.and_then(|shared| self.noted(shared.fetch(&action, store)).flatten()) {
            ActionCache::put(&*self.ports.store, digest, &result)?;
            return Ok(Done { action: digest, result, cached: true });
        }
        self.reporter.report(&Event::Started { node: id.0.clone(), kind: action.kind().to_owned() });
        history::record(&self.ports.store, id, &action);
        let result = self.perform(&action, digest)?;
        ActionCache::put(&*self.ports.store, digest, &result)?;
        if let Some(shared) = shared {
            self.noted(shared.publish(&action, &result, store));
        }
        Ok(Done { action: digest, result, cached: false })
    }

    /// What a shared cache cannot do is told, and done here.
    fn noted<T>(&self, asked: Result<T, PortError>) -> Option<T> {
        asked.inspect_err(|error| self.reporter.report(&Event::Note { message: error.to_string() })).ok()
    }

    fn perform(&self, action: &Action, digest: Digest) -> Result<ActionResult, PortError> {
        let store: &dyn BlobStore = &*self.ports.store;
        let log: PathBuf = self.ports.store.log_path(digest);
        let watch = Stopwatch::start();
        let mut result = match action {
            Work::Fetch(fetch) => self.ports.fetcher.fetch(fetch, store),
            Work::Run(run) => self.ports.executor.run(run, store, &log),
            Work::Compute(compute) => crate::compute::compute(compute, store),
            Work::Sign(sign) => self.ports.signer.sign(sign, store),
            Work::Boot(boot) => self.ports.hypervisor.boot(boot, store, &log),
        }?;
        result.millis = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(result)
    }
}

struct Done {
    action: Digest,
    result: ActionResult,
    cached: bool,
}

fn lower_failed(id: &NodeId, error: LowerError) -> PortError {
    match error {
        LowerError::Unresolved(missing) => PortError::Input(format!(
            "packages it needs cannot be found:\n  {}\n  hint: cargo xtask graph {id}",
            missing.join("\n  ")
        )),
        other => PortError::Input(other.to_string()),
    }
}

fn failed_event(id: &NodeId, error: &PortError) -> Event {
    let log = match error {
        PortError::Work { log, .. } => log.as_ref().map(|log| log.display().to_string()),
        _ => None,
    };
    Event::Failed { node: id.0.clone(), message: error.to_string(), log }
}

impl Known for Walk<'_> {
    fn outputs(&self, node: &NodeId) -> Option<BTreeMap<String, Digest>> {
        self.lock().outcome.realised.results.get(node).map(|result| result.outputs.clone())
    }

    fn header(&self, digest: Digest) -> Result<PackageHeader, String> {
        self.ports.header(digest).map(|header| (*header).clone()).map_err(|error| error.to_string())
    }
}

impl Realised {
    /// Adds another run's results.
    pub fn merge(&mut self, other: Self) {
        self.results.extend(other.results);
        self.actions.extend(other.actions);
        self.performed.extend(other.performed);
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
        Event::Summary {
            performed: self.performed.len(),
            cached: self.results.len() - self.performed.len().min(self.results.len()),
            seconds,
            stages: stages.into_values().collect(),
        }
    }
}
