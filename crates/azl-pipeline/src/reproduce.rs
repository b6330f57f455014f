//! `reproduce`: builds components once more, under other conditions, and compares the packages byte by byte.
//!
//! The same lowered actions are done again by an executor whose [`Conditions`] differ in all that a build must not
//! notice; no condition is in an action's digest, so equal actions must give equal bytes.
//!
//! Reading order: `variation` (what differs), `again` (one more build), `compare` (what came out), `report`, `page`.
//!
//! Not here: what components need; their dependencies are taken as they are.
//!
//! **Invariant:** nothing of a further build enters the store's blobs or results.
//! **Invariant:** a variation that could not be made is named, with the reason; none is left out silently.

mod again;
mod compare;
mod page;
mod report;
mod scratch;
mod variation;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, RwLock};

use azl_action::ports::RootComposer;
use azl_action::{Blob, Fetch, Graph, Known, Node, NodeId, Pool, Run, Work};
use azl_digest::Digest;
use azl_exec::Conditions;
use azl_host::files;
use azl_plan::release::Goal;
use azl_plan::{Inputs, build, builds, seed};
use azl_rpm::PackageHeader;

pub use report::{ComponentReport, DifferentPackage, ReproduceReport, Trial, Verdict};
pub use variation::Variation;

use crate::error::Failure;
use crate::events::{Event, Reporter};
use crate::facts;
use crate::ports::Ports;
use crate::realise::{Realised, realise};
use crate::session::Session;

/// The set of the seed that supplies a clock that is off.
const SEED_SET: &str = "reproduce";
/// Where its library is.
const CLOCK_LIBRARY: &str = "usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/// How components are built again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manner {
    /// What becomes of packages that are equal.
    pub equal: Equal,
    /// What is done about a component that differs.
    pub search: Search,
    /// What is not varied.
    pub without: BTreeSet<Variation>,
}

/// What becomes of packages that are equal; those that differ are always kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Equal {
    /// They go.
    Drop,
    /// They are kept beside the first build's.
    Keep,
}

/// What is done about a component that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// Nothing more.
    Stop,
    /// It is built with one variation at a time, to find those that make a difference.
    Bisect,
}

/// Builds the components again under varied conditions.
///
/// # Errors
/// If a component cannot be built the first time, or the seed set of this verb is not locked. That packages differ is in
/// the report.
pub fn reproduce(
    inputs: &Inputs,
    names: &BTreeSet<String>,
    manner: Manner,
    session: &Session,
    reporter: &dyn Reporter,
) -> Result<ReproduceReport, Failure> {
    let policy = &session.settings.policy;
    let (facts, _) = facts::learn_for(inputs, names, &session.ports, reporter, policy)?;
    let graph = azl_plan::plan(inputs, &facts, &Goal::Packages(names.clone()))?;
    reporter.report(&Event::Stage { name: "first build".to_owned(), nodes: graph.nodes().len() });
    let realised = realise(&graph, &session.ports, reporter, policy)?;
    let shipped = names.iter().map(|name| (name.as_str(), builds::shipped(inputs, name)));
    let components = lower(&graph, &realised, shipped, session)?;
    let clock_library = clock_library(inputs, session, reporter)?;
    reporter.report(&Event::Stage { name: "second build".to_owned(), nodes: components.len() });
    let usual = variation::Usual { conditions: Conditions::default(), clock_library };
    let bench = again::Bench { session, reporter, manner, directory: directory(session), usual };
    let components = on_workers(components, policy.jobs, |component| bench.component(component))?;
    Ok(ReproduceReport { components })
}

/// Writes a report as a page beside what was kept and returns its path.
///
/// # Errors
/// If it cannot be written.
pub fn write_page(report: &ReproduceReport, session: &Session) -> Result<PathBuf, Failure> {
    let directory = directory(session);
    files::create_dir_all(&directory)?;
    let path = directory.join("report.html");
    files::write_atomic(&path, page::page(report).as_bytes())?;
    Ok(path)
}

fn directory(session: &Session) -> PathBuf {
    session.settings.out.join("reproduce")
}

/// What is built again: the actions of a component, and what they gave the first time.
struct Component {
    name: String,
    /// Source package first.
    runs: Vec<Done>,
}

/// A command that was run, and what it gave.
struct Done {
    run: Run<Vec<Blob>>,
    outputs: BTreeMap<String, Digest>,
}

fn lower<'a>(
    graph: &Graph,
    realised: &Realised,
    builds: impl Iterator<Item = (&'a str, String)>,
    session: &Session,
) -> Result<Vec<Component>, Failure> {
    let filled = Filled { graph, ports: &session.ports, realised, pool: RwLock::default() };
    let mut components = Vec::new();
    for (name, build) in builds {
        let mut runs = Vec::new();
        for id in [build::srpm_node(&build), build::rpm_node(&build)] {
            let node = graph.get(&id).expect("packages of a component are made by these nodes");
            let action = node.derivation.lower(&filled).map_err(|error| Failure::Build(error.to_string()))?;
            if let Work::Run(run) = action {
                runs.push(Done { run, outputs: realised.outputs(&id).clone() });
            }
        }
        components.push(Component { name: name.to_owned(), runs });
    }
    Ok(components)
}

/// What was done, to fill holes once more.
struct Filled<'a> {
    graph: &'a Graph,
    ports: &'a Ports,
    realised: &'a Realised,
    pool: RwLock<Pool>,
}

impl Known for Filled<'_> {
    fn outputs(&self, node: &NodeId) -> Option<BTreeMap<String, Digest>> {
        self.realised.results.get(node).map(|result| result.outputs.clone())
    }

    fn suppliers(&self, node: &NodeId) -> Vec<NodeId> {
        self.graph.get(node).map(|node| node.derivation.suppliers()).unwrap_or_default()
    }

    fn header(&self, digest: Digest) -> Result<Arc<PackageHeader>, String> {
        self.ports.header(digest).map_err(|error| error.to_string())
    }

    fn pool(&self) -> &RwLock<Pool> {
        &self.pool
    }
}

/// Gets the library that makes a clock be off; it is pinned like every other tool.
fn clock_library(inputs: &Inputs, session: &Session, reporter: &dyn Reporter) -> Result<PathBuf, Failure> {
    let set = inputs.seed.get(SEED_SET).ok_or_else(|| {
        Failure::configuration("not-locked", format!("overlays/distro/seed.toml has no set `{SEED_SET}`"))
    })?;
    let id = seed::node(SEED_SET);
    let fetch = Node::new(Work::Fetch(Fetch { files: set.packages.clone() }), 1);
    let graph = Graph::new(BTreeMap::from([(id.clone(), fetch)]))
        .map_err(|error| Failure::Infrastructure(error.to_string()))?;
    let realised = realise(&graph, &session.ports, reporter, &session.settings.policy)?;
    let layers: Vec<Blob> =
        realised.outputs(&id).iter().map(|(name, digest)| Blob { name: name.clone(), digest: *digest }).collect();
    Ok(session.roots.compose(&layers, &*session.ports.store)?.join(CLOCK_LIBRARY))
}

/// Applies `work` to all items on so many threads; results are in the order of the items.
fn on_workers<T: Sync, R: Send>(
    items: Vec<T>,
    jobs: usize,
    work: impl Fn(&T) -> Result<R, Failure> + Sync,
) -> Result<Vec<R>, Failure> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let done: Mutex<BTreeMap<usize, Result<R, Failure>>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    let Some(item) = items.get(index) else { return };
                    let result = work(item);
                    done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(index, result);
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).into_values().collect()
}
