//! Fake ports over a real store.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use azl_action::ports::{BlobStore, Executor, Fetcher, Hypervisor, PortError, Signer};
use azl_action::{ActionResult, Blob, Boot, Fetch, Graph, Hole, Node, NodeId, Run, Select, Sign, Usage, Work};
use azl_pipeline::events::{Event, Reporter};
use azl_pipeline::ports::Ports;
use azl_pipeline::realise::{Policy, RealiseError, Realised, Surroundings, realise_in};
use azl_rpm::Arch;
use azl_store::LocalStore;

/// Name, command and needs of each node.
pub(crate) type Nodes<'a> = &'a [(&'a str, &'a str, &'a [&'a str])];

/// Does what the first word of a command says: `cat` gives all inputs, in order; `drop` always gives the same; `fail`
/// fails; `flaky` fails twice for lack of something, then is `cat`; `stop` asks to be interrupted; `cut` is interrupted.
#[derive(Default)]
pub(crate) struct FakeExecutor {
    pub(crate) ran: Mutex<Vec<String>>,
    pub(crate) flaws: AtomicU32,
    pub(crate) interrupted: AtomicU32,
    /// Called with each command before it is done.
    pub(crate) before: Mutex<Option<Before>>,
}

type Before = Box<dyn Fn(&str) + Send>;

impl Executor for FakeExecutor {
    fn run(&self, run: &Run<Vec<Blob>>, store: &dyn BlobStore, _log: &Path) -> Result<ActionResult, PortError> {
        let command = run.command.join(" ");
        if let Some(before) = &*self.before.lock().expect("no panic") {
            before(&command);
        }
        self.ran.lock().expect("no panic").push(command);
        let mut bytes = run.command[1].clone().into_bytes();
        for blob in run.inputs.values().flatten() {
            bytes.extend(store.read(blob.digest)?);
        }
        match run.command[0].as_str() {
            "cat" => {}
            "drop" => bytes = b"always the same".to_vec(),
            "flaky" if self.flaws.fetch_add(1, Ordering::Relaxed) < 2 => {
                return Err(PortError::Infrastructure("the mirror is away".to_owned()));
            }
            "flaky" => {}
            "stop" => self.interrupted.store(1, Ordering::Relaxed),
            "cut" => {
                self.interrupted.store(1, Ordering::Relaxed);
                return Err(PortError::Interrupted);
            }
            _ => return Err(PortError::Work { message: "exit status 1".to_owned(), log: None }),
        }
        let outputs = BTreeMap::from([("out".to_owned(), store.put(&bytes)?)]);
        Ok(ActionResult { outputs, log: None, millis: 0, usage: Usage::default() })
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

struct SharedExecutor(Arc<FakeExecutor>);

impl Executor for SharedExecutor {
    fn run(&self, run: &Run<Vec<Blob>>, store: &dyn BlobStore, log: &Path) -> Result<ActionResult, PortError> {
        self.0.run(run, store, log)
    }
}

/// Keeps all events as JSON.
#[derive(Default)]
pub(crate) struct Recorder(Mutex<Vec<serde_json::Value>>);

impl Reporter for Recorder {
    fn report(&self, event: &Event) {
        self.0.lock().expect("no panic").push(serde_json::to_value(event).expect("JSON"));
    }
}

impl Recorder {
    /// The events of one kind, each as the text of two of its fields.
    pub(crate) fn of(&self, kind: &str, fields: [&str; 2]) -> Vec<String> {
        let events = self.0.lock().expect("no panic");
        let of_kind = events.iter().filter(|event| event["event"] == kind);
        of_kind.map(|event| fields.map(|field| event[field].to_string().replace('"', "")).join(" ")).collect()
    }
}

pub(crate) struct Bench {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) executor: Arc<FakeExecutor>,
    pub(crate) recorder: Recorder,
    pub(crate) policy: Policy,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().expect("a directory"),
            executor: Arc::default(),
            recorder: Recorder::default(),
            policy: Policy { jobs: 2, ..Policy::default() },
        }
    }

    /// A new process over the same store.
    pub(crate) fn ports(&self) -> Ports {
        self.ports_over(LocalStore::open(self.directory.path()).expect("a store"))
    }

    pub(crate) fn ports_over(&self, store: LocalStore) -> Ports {
        Ports {
            store: Arc::new(store),
            shared: None,
            fetcher: Box::new(Unused),
            executor: Box::new(SharedExecutor(Arc::clone(&self.executor))),
            signer: Box::new(Unused),
            hypervisor: Box::new(Unused),
            headers: Mutex::default(),
        }
    }

    /// Realises the graph with these ports; nothing is waited for.
    pub(crate) fn realise(&self, nodes: Nodes<'_>, ports: &Ports) -> Result<Realised, RealiseError> {
        let interrupted = || self.executor.interrupted.load(Ordering::Relaxed) > 0;
        let surroundings = Surroundings { interrupted: &interrupted, pause: &|_| {} };
        realise_in(&graph(nodes), ports, &self.recorder, &self.policy, surroundings)
    }

    /// Realises the graph in a new process and returns what was run, sorted.
    pub(crate) fn run(&self, nodes: Nodes<'_>) -> (Vec<String>, Result<Realised, String>) {
        let result = self.realise(nodes, &self.ports()).map_err(|error| error.to_string());
        (self.ran(), result)
    }

    /// Returns what was run since this was asked last, sorted.
    pub(crate) fn ran(&self) -> Vec<String> {
        let mut ran = std::mem::take(&mut *self.executor.ran.lock().expect("no panic"));
        ran.sort();
        ran
    }

    pub(crate) fn blob(&self, realised: &Realised, node: &str) -> PathBuf {
        let digest = realised.results[&NodeId(node.to_owned())].outputs["out"];
        self.ports().store.path(digest).expect("a blob")
    }
}

pub(crate) fn graph(nodes: Nodes<'_>) -> Graph {
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
