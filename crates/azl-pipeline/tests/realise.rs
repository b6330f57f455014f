//! The realise loop over fake ports and a real store: caching, early cutoff, resuming, healing, failing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use azl_action::ports::{BlobStore, Executor, Fetcher, Hypervisor, PortError, Signer};
use azl_action::{ActionResult, Blob, Boot, Fetch, Graph, Hole, Node, NodeId, Run, Select, Sign, Work};
use azl_host::files;
use azl_pipeline::events::Silent;
use azl_pipeline::history;
use azl_pipeline::ports::Ports;
use azl_pipeline::realise::{Policy, Realised, realise};
use azl_rpm::Arch;
use azl_store::LocalStore;

/// Runs `cat`: the output is all inputs, in order. `drop` gives the same output whatever its input, `fail` fails.
#[derive(Default)]
struct FakeExecutor {
    ran: Mutex<Vec<String>>,
}

impl Executor for FakeExecutor {
    fn run(&self, run: &Run<Vec<Blob>>, store: &dyn BlobStore, _log: &Path) -> Result<ActionResult, PortError> {
        self.ran.lock().expect("no panic").push(run.command.join(" "));
        let mut bytes = run.command[1].clone().into_bytes();
        for blob in run.inputs.values().flatten() {
            bytes.extend(store.read(blob.digest)?);
        }
        match run.command[0].as_str() {
            "cat" => {}
            "drop" => bytes = b"always the same".to_vec(),
            _ => return Err(PortError::Work { message: "exit status 1".to_owned(), log: None }),
        }
        let outputs = BTreeMap::from([("out".to_owned(), store.put(&bytes)?)]);
        Ok(ActionResult { outputs, log: None, millis: 0, usage: azl_action::Usage::default() })
    }
}

struct Unused;

fn unused<T>() -> Result<T, PortError> {
    Err(PortError::Infrastructure("not part of this test".to_owned()))
}

impl Fetcher for Unused {
    fn fetch(&self, _: &Fetch, _: &dyn BlobStore) -> Result<ActionResult, PortError> {
        unused()
    }
}

impl Signer for Unused {
    fn sign(&self, _: &Sign<Vec<Blob>>, _: &dyn BlobStore) -> Result<ActionResult, PortError> {
        unused()
    }
}

impl Hypervisor for Unused {
    fn boot(&self, _: &Boot<Vec<Blob>>, _: &dyn BlobStore, _: &Path) -> Result<ActionResult, PortError> {
        unused()
    }
}

struct Shared(Arc<FakeExecutor>);

impl Executor for Shared {
    fn run(&self, run: &Run<Vec<Blob>>, store: &dyn BlobStore, log: &Path) -> Result<ActionResult, PortError> {
        self.0.run(run, store, log)
    }
}

struct Bench {
    directory: tempfile::TempDir,
    executor: Arc<FakeExecutor>,
}

impl Bench {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a directory"), executor: Arc::default() }
    }

    /// A new process over the same store.
    fn ports(&self) -> Ports {
        Ports {
            store: Arc::new(LocalStore::open(self.directory.path()).expect("a store")),
            shared: None,
            fetcher: Box::new(Unused),
            executor: Box::new(Shared(Arc::clone(&self.executor))),
            signer: Box::new(Unused),
            hypervisor: Box::new(Unused),
            headers: Mutex::default(),
        }
    }

    /// Realises the graph and returns what was run, sorted.
    fn run(&self, nodes: &[(&str, &str, &[&str])]) -> (Vec<String>, Result<Realised, String>) {
        let result = realise(&graph(nodes), &self.ports(), &Silent, &Policy { jobs: 2, ..Policy::default() })
            .map_err(|error| error.to_string());
        let mut ran = std::mem::take(&mut *self.executor.ran.lock().expect("no panic"));
        ran.sort();
        (ran, result)
    }

    fn blob(&self, realised: &Realised, node: &str) -> PathBuf {
        let digest = realised.results[&NodeId(node.to_owned())].outputs["out"];
        self.ports().store.path(digest).expect("a blob")
    }
}

fn graph(nodes: &[(&str, &str, &[&str])]) -> Graph {
    let node = |command: &str, needs: &[&str]| {
        let holes = needs.iter().map(|need| Hole::outputs(&NodeId((*need).to_owned()), Select::All)).collect();
        let run = Run {
            arch: Arch::X86_64,
            command: command.split(' ').map(str::to_owned).collect(),
            env: BTreeMap::new(),
            root: vec![],
            inputs: BTreeMap::from([("in".to_owned(), holes)]),
            timeout: 1,
            as_root: false,
            sandbox_revision: 1,
        };
        Node::new(Work::Run(run), 1)
    };
    let nodes = nodes.iter().map(|(name, command, needs)| (NodeId((*name).to_owned()), node(command, needs)));
    Graph::new(nodes.collect()).expect("a graph")
}

#[test]
fn a_second_run_does_nothing() {
    let bench = Bench::new();
    let nodes: &[(&str, &str, &[&str])] = &[("a", "cat A", &[]), ("b", "cat B", &["a"])];
    assert_eq!(bench.run(nodes).0, ["cat A", "cat B"]);
    let (ran, realised) = bench.run(nodes);
    assert!(ran.is_empty());
    assert!(realised.expect("realised").performed.is_empty());
}

#[test]
fn a_change_reaches_only_what_depends_on_changed_bytes() {
    let bench = Bench::new();
    let first: &[(&str, &str, &[&str])] = &[
        ("leaf", "cat 1", &[]),
        ("middle", "drop M", &["leaf"]),
        ("end", "cat E", &["middle"]),
        ("other", "cat O", &[]),
    ];
    assert_eq!(bench.run(first).0.len(), 4);
    let second: &[(&str, &str, &[&str])] = &[
        ("leaf", "cat 2", &[]),
        ("middle", "drop M", &["leaf"]),
        ("end", "cat E", &["middle"]),
        ("other", "cat O", &[]),
    ];
    assert_eq!(bench.run(second).0, ["cat 2", "drop M"], "the rebuilt `middle` has the same bytes, so `end` stays");
}

#[test]
fn a_failure_keeps_what_was_done_and_names_what_was_lost() {
    let bench = Bench::new();
    let nodes: &[(&str, &str, &[&str])] = &[("a", "cat A", &[]), ("b", "fail B", &["a"]), ("c", "cat C", &["b"])];
    let (ran, result) = bench.run(nodes);
    assert_eq!(ran, ["cat A", "fail B"]);
    assert!(result.expect_err("b fails").contains("`b`: exit status 1"));
    let mended: &[(&str, &str, &[&str])] = &[("a", "cat A", &[]), ("b", "cat B", &["a"]), ("c", "cat C", &["b"])];
    assert_eq!(bench.run(mended).0, ["cat B", "cat C"], "`a` is not done again");
}

#[test]
fn a_corrupted_blob_is_made_again() {
    let bench = Bench::new();
    let nodes: &[(&str, &str, &[&str])] = &[("a", "cat A", &[])];
    let realised = bench.run(nodes).1.expect("realised");
    let path = bench.blob(&realised, "a");
    files::write_atomic(&path, b"X").expect("corruption of the same size");
    let more: &[(&str, &str, &[&str])] = &[("a", "cat A", &[]), ("b", "cat B", &["a"])];
    let (ran, result) = bench.run(more);
    result.expect("the store heals");
    assert_eq!(ran, ["cat A", "cat B", "cat B"], "`b` found the damage, `a` was done again, then `b`");
}

#[test]
fn a_deleted_blob_is_made_again() {
    let bench = Bench::new();
    let nodes: &[(&str, &str, &[&str])] = &[("a", "cat A", &[]), ("b", "cat B", &["a"])];
    let realised = bench.run(nodes).1.expect("realised");
    files::remove_file(bench.blob(&realised, "b")).expect("removal");
    assert_eq!(bench.run(nodes).0, ["cat B"]);
}

#[test]
fn explain_names_the_input_that_changed() {
    let bench = Bench::new();
    bench.run(&[("a", "cat A", &[])]).1.expect("realised");
    bench.run(&[("a", "cat Z", &[])]).1.expect("realised");
    let history = history::read(&bench.ports().store, &NodeId("a".to_owned())).expect("a history");
    let changes = azl_pipeline::explain::changes(&history);
    assert_eq!(changes.iter().map(|change| change.field.as_str()).collect::<Vec<_>>(), ["run.command"]);
}
