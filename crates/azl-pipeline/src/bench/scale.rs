//! `bench scale`: what the engine itself costs on the graph of a whole distribution, with nothing real to do.
//!
//! The graph is made up: of each component a source, a query, a source package, packages and their signatures, and
//! edges to packages of other components. Its actions leave a few bytes each, in a real store.
//!
//! **Invariant:** the same size gives the same graph.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use azl_action::ports::{BlobStore, Executor, Fetcher, Hypervisor, PortError, Signer};
use azl_action::{
    ActionResult, Blob, Boot, Demand, Fetch, Graph, Hole, Node, NodeId, Origin, Run, Select, Sign, SignForm, Usage,
    Wanted, Work,
};
use azl_digest::Digest;
use azl_host::clock::Stopwatch;
use azl_host::environment;
use azl_plan::release::Goal;
use azl_plan::synthetic::{self, Shape};
use azl_rpm::Arch;
use azl_store::LocalStore;
use serde::Serialize;

use super::build::{Measure, Verdict};
use crate::error::Failure;
use crate::events::Silent;
use crate::ports::Ports;
use crate::realise::{Policy, realise};

/// Components of the distribution that we follow, about.
pub const COMPONENTS: usize = 7600;

/// Packages of other components that each component needs.
const EDGES: usize = 10;

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct ScaleReport {
    /// Nodes of the graph.
    pub nodes: usize,
    /// Edges of the graph.
    pub edges: usize,
    /// Seconds to plan the release of a made-up distribution of so many components.
    pub plan_seconds: f64,
    /// Largest memory of this process by then, in bytes.
    pub plan_memory: u64,
    /// Seconds to check the graph.
    pub graph_seconds: f64,
    /// Seconds of the first run, which does everything.
    pub first_seconds: f64,
    /// Milliseconds of the first run for one node: the overhead of doing an action.
    pub millis_per_node: f64,
    /// Seconds of a run that does nothing, the store opened anew.
    pub again_seconds: f64,
    /// Seconds of a run after one component in the middle changed and gave other bytes.
    pub edited_seconds: f64,
    /// Actions of that run.
    pub edited_actions: usize,
}

impl fmt::Display for ScaleReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = self.plan_memory as f64 / 1e6;
        writeln!(f, "{:<36} {:>9.3} s   at most {megabytes:.0} MB", "plan a distribution", self.plan_seconds)?;
        writeln!(
            f,
            "{:<36} {:>9.3} s   {} nodes, {} edges",
            "check the graph", self.graph_seconds, self.nodes, self.edges
        )?;
        writeln!(f, "{:<36} {:>9.3} s   {:.3} ms a node", "do everything", self.first_seconds, self.millis_per_node)?;
        writeln!(f, "{:<36} {:>9.3} s", "do nothing", self.again_seconds)?;
        writeln!(f, "{:<36} {:>9.3} s   {} actions", "after one edit", self.edited_seconds, self.edited_actions)
    }
}

impl From<ScaleReport> for Measure {
    fn from(report: ScaleReport) -> Self {
        let megabytes = report.plan_memory / 1_000_000;
        let (plan, again) = (report.plan_seconds, report.again_seconds);
        Self {
            claim: "scales",
            ours: format!(
                "planned in {plan:.2} s and {megabytes} MB; {} nodes, nothing to do: {again:.2} s",
                report.nodes
            ),
            peer: String::new(),
            promise: "7,600 components planned in at most 2 s and 500 MB; nothing to do in at most 1 s",
            verdict: Verdict::of(plan <= 2.0 && megabytes <= 500 && again <= 1.0),
        }
    }
}

/// Measures a graph of so many components with an empty store in `directory`.
///
/// # Errors
/// If the store cannot be used.
pub fn measure(directory: &Path, components: usize, policy: &Policy) -> Result<ScaleReport, Failure> {
    let plan_seconds = plan(components)?;
    let plan_memory = environment::peak_memory();
    let watch = Stopwatch::start();
    let nodes = distribution(components, None);
    let made = watch.seconds();
    let graph = Graph::new(nodes).map_err(|error| Failure::Infrastructure(error.to_string()))?;
    let graph_seconds = watch.seconds() - made;
    let (first_seconds, _) = run(directory, &graph, policy)?;
    let (again_seconds, performed) = run(directory, &graph, policy)?;
    if performed != 0 {
        return Err(Failure::Verification(format!("{performed} actions were done again")));
    }
    let edited = Graph::new(distribution(components, Some(components / 2)))
        .map_err(|error| Failure::Infrastructure(error.to_string()))?;
    let (edited_seconds, edited_actions) = run(directory, &edited, policy)?;
    let count = graph.ids().len();
    Ok(ScaleReport {
        plan_seconds,
        plan_memory,
        nodes: count,
        edges: graph.edges().iter().map(Vec::len).sum(),
        graph_seconds,
        first_seconds,
        millis_per_node: first_seconds * 1000.0 / count.max(1) as f64,
        again_seconds,
        edited_seconds,
        edited_actions,
    })
}

/// Seconds to plan the release of a made-up distribution, from its facts.
fn plan(components: usize) -> Result<f64, Failure> {
    let shape = Shape { components, edges: Shape::AZURE_LINUX.edges * components / COMPONENTS, ..Shape::AZURE_LINUX };
    let (inputs, facts) = synthetic::distribution(shape);
    let watch = Stopwatch::start();
    azl_plan::plan(&inputs, &facts, &Goal::Release)?;
    Ok(watch.seconds())
}

/// Opens the store anew and realises the graph; returns seconds and how many actions were done.
fn run(directory: &Path, graph: &Graph, policy: &Policy) -> Result<(f64, usize), Failure> {
    let watch = Stopwatch::start();
    let ports = Ports {
        store: Arc::new(LocalStore::open(directory)?),
        shared: None,
        fetcher: Box::new(Nothing),
        executor: Box::new(Nothing),
        signer: Box::new(Nothing),
        hypervisor: Box::new(Nothing),
        headers: Mutex::default(),
    };
    let realised = realise(graph, &ports, &Silent, policy)?;
    Ok((watch.seconds(), realised.performed.len()))
}

/// The nodes of a distribution; `edited` is a component whose spec differs.
fn distribution(components: usize, edited: Option<usize>) -> BTreeMap<NodeId, Node> {
    let mut nodes = BTreeMap::new();
    for number in 0..components {
        let name = name(number);
        let spec = Digest::of(format!("{name} {}", edited == Some(number)).as_bytes());
        let spec = Hole::blob(format!("{name}.spec"), spec);
        let mut add = |stage: &str, work, demand| {
            let weight = u32::try_from(number % 97).unwrap_or(1);
            nodes.insert(NodeId::new(stage, &name), Node::new(work, weight).demanding(demand));
        };
        add("fetch", fetch(&name), Demand::LIGHT);
        add("query", command("query", vec![spec.clone()], Vec::new()), Demand::COMMAND);
        let source = Hole::outputs(&NodeId::new("fetch", &name), Select::All);
        add("srpm", command("srpm", vec![spec, source], Vec::new()), Demand::COMMAND);
        let srpm = Hole::outputs(&NodeId::new("srpm", &name), Select::SourcePackages);
        add("rpm", command("rpm", vec![srpm], needs(number)), Demand::BUILD);
        let sign = Sign {
            form: SignForm::Rpm,
            payload: vec![Hole::outputs(&NodeId::new("rpm", &name), Select::BinaryRpms)],
            key: "0000000000000000000000000000000000000000".to_owned(),
            time: 0,
        };
        add("sign", Work::Sign(sign), Demand::LIGHT);
    }
    nodes
}

fn name(number: usize) -> String {
    format!("component-{number:05}")
}

/// Packages of components before this one, chosen by a fixed rule.
fn needs(number: usize) -> Vec<Hole> {
    let chosen = (1..=EDGES).filter_map(|edge| (number * 31 + edge * 7919).checked_rem(number));
    chosen.map(|need| Hole::outputs(&NodeId::new("rpm", &name(need)), Select::Packages)).collect()
}

fn fetch(name: &str) -> Work<Vec<Hole>> {
    let wanted = Wanted {
        sha256: Some(Digest::of(name.as_bytes())),
        sha512: None,
        size: None,
        origins: vec![Origin::DebianPool(format!("pool/{name}.tar.xz"))],
    };
    Work::Fetch(Fetch { files: BTreeMap::from([(format!("{name}.tar.xz"), wanted)]) })
}

fn command(what: &str, files: Vec<Hole>, root: Vec<Hole>) -> Work<Vec<Hole>> {
    let variables = ["HOME", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TZ", "USER"];
    Work::Run(Run {
        arch: Arch::X86_64,
        command: (0..14).map(|word| format!("{what} --define argument {word}")).collect(),
        env: variables.iter().map(|name| ((*name).to_owned(), "/usr/bin:/usr/sbin".to_owned())).collect(),
        root,
        inputs: BTreeMap::from([("files".to_owned(), files)]),
        timeout: 1,
        as_root: false,
        sandbox_revision: 1,
    })
}

/// Does every kind of work by leaving a few bytes that depend on the inputs.
pub(super) struct Nothing;

/// Puts outputs of these names whose bytes depend on `seed`.
fn leave(store: &dyn BlobStore, seed: Digest, names: &[&str]) -> Result<ActionResult, PortError> {
    let mut outputs = BTreeMap::new();
    for name in names {
        outputs.insert((*name).to_owned(), store.put(format!("{name} {seed}").as_bytes())?);
    }
    Ok(ActionResult { outputs, log: None, millis: 0, usage: Usage::default() })
}

impl Fetcher for Nothing {
    fn fetch(&self, fetch: &Fetch, store: &dyn BlobStore) -> Result<ActionResult, PortError> {
        leave(store, azl_digest::canonical("bench", fetch), &["source.tar.xz"])
    }
}

impl Executor for Nothing {
    fn run(&self, run: &Run<Vec<Blob>>, store: &dyn BlobStore, _log: &Path) -> Result<ActionResult, PortError> {
        let seed = azl_digest::canonical("bench", run);
        match run.command[0].split(' ').next() {
            Some("query") => leave(store, seed, &["requires", "packages"]),
            Some("srpm") => leave(store, seed, &["a-1-1.src.rpm"]),
            _ => leave(store, seed, &["a-1-1.x86_64.rpm", "a-devel-1-1.x86_64.rpm", "a-debuginfo-1-1.x86_64.rpm"]),
        }
    }
}

impl Signer for Nothing {
    fn sign(&self, sign: &Sign<Vec<Blob>>, store: &dyn BlobStore) -> Result<ActionResult, PortError> {
        let names: Vec<&str> = sign.payload.iter().map(|blob| blob.name.as_str()).collect();
        leave(store, azl_digest::canonical("bench", sign), &names)
    }
}

impl Hypervisor for Nothing {
    fn boot(&self, _: &Boot<Vec<Blob>>, _: &dyn BlobStore, _: &Path) -> Result<ActionResult, PortError> {
        Err(PortError::Input("the graph of this measurement boots nothing".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_does_nothing_and_an_edit_reaches_what_depends_on_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let report = measure(directory.path(), 40, &Policy { jobs: 2, ..Policy::default() }).expect("measured");
        assert_eq!(report.nodes, 200);
        assert!(report.edges > 40 * EDGES / 2, "{report}");
        assert!((4..200).contains(&report.edited_actions), "{report}");
    }
}
