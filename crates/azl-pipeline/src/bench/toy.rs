//! A small graph of real actions: twenty commands of some milliseconds in a sandbox of two packages of the seed.
//!
//! Rounds differ in every action, and in their root, but not in what comes out.
//!
//! Not here: why it is run (`kill`).
//!
//! **Invariant:** what comes out depends on the graph alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use azl_action::ports::{BlobStore, PortError, RootComposer};
use azl_action::{Fetch, Graph, Hole, Node, NodeId, Run, Select, Wanted, Work};
use azl_digest::Digest;
use azl_exec::{Bubblewrap, Conditions, LayerFiles, Roots};
use azl_fetch::HostFetcher;
use azl_host::{environment, files};
use azl_rpm::{Arch, UnknownArch};
use azl_store::LocalStore;

use super::scale::Nothing;

use crate::definition::SeedLock;
use crate::error::Failure;
use crate::events::Reporter;
use crate::ports::Ports;
use crate::realise::{Policy, realise};
use crate::update::seed_lock_file;

/// Commands of the graph.
pub const NODES: usize = 20;

/// Packages of the seed that can run a shell script.
const PACKAGES: [&str; 2] = ["dash", "libc6"];

const SCRIPT: &str = include_str!("script.sh");

/// Returns the packages, by file name, from the lock of the seed in the checkout at `root`.
///
/// # Errors
/// If the lock cannot be read or has them no more.
pub fn packages(root: &Path) -> Result<BTreeMap<String, Wanted>, Failure> {
    let arch = environment::machine()
        .parse()
        .map_err(|error: UnknownArch| Failure::configuration("arch", error.to_string()))?;
    let text = files::read_to_string(root.join(seed_lock_file(arch)))?;
    let lock: SeedLock =
        toml::from_str(&text).map_err(|error| Failure::configuration("seed-lock", error.to_string()))?;
    let locked = lock.sets.get("build").into_iter().flatten();
    let found: BTreeMap<_, _> =
        locked.filter(|deb| PACKAGES.contains(&deb.name.as_str())).map(|deb| deb.wanted()).collect();
    if found.len() == PACKAGES.len() {
        return Ok(found);
    }
    Err(Failure::configuration(
        "seed-lock",
        format!("the set `build` of the seed lacks one of {}", PACKAGES.join(", ")),
    ))
}

/// Realises the graph of a round in the store at `store` and returns the digest of each command's output.
///
/// # Errors
/// If an action fails, or bubblewrap or the packages are missing.
pub fn run(
    root: &Path,
    store: &Path,
    round: u32,
    policy: &Policy,
    reporter: &dyn Reporter,
) -> Result<BTreeMap<String, Digest>, Failure> {
    let store = Arc::new(LocalStore::open(store)?);
    let _share = store.share(&format!("toy {round}"), |_| {})?;
    let graph = graph(packages(root)?, &*store, round)?;
    let composer: Arc<dyn RootComposer> = Arc::new(Roots::new(store.root()));
    let ports = Ports {
        shared: None,
        fetcher: Box::new(HostFetcher::new()),
        executor: Box::new(Bubblewrap::new(composer, Conditions::default())?),
        signer: Box::new(Nothing),
        hypervisor: Box::new(Nothing),
        headers: Mutex::default(),
        store,
    };
    let realised = realise(&graph, &ports, reporter, policy)?;
    let commands = realised.results.iter().filter(|(node, _)| node.stage() == "toy");
    Ok(commands.flat_map(|(node, result)| result.outputs.values().map(|digest| (node.0.clone(), *digest))).collect())
}

fn graph(packages: BTreeMap<String, Wanted>, store: &dyn BlobStore, round: u32) -> Result<Graph, Failure> {
    let seed = NodeId::new("seed", "toy");
    let root = vec![Hole::outputs(&seed, Select::All), layer(store, round)?];
    let script = Hole::blob("script.sh", store.put(SCRIPT.as_bytes())?);
    let mut nodes = BTreeMap::from([(seed, Node::new(Work::Fetch(Fetch { files: packages }), 1))]);
    for number in 0..NODES {
        // Three chains that meet now and then.
        let needs = [number.checked_sub(3), number.checked_sub(5)].into_iter().flatten();
        let needs = needs.map(|need| Hole::outputs(&NodeId::new("toy", &name(need)), Select::All)).collect();
        let run = Run {
            arch: Arch::X86_64,
            command: ["/usr/bin/dash", "/in/script/script.sh", &name(number)].map(str::to_owned).into(),
            env: BTreeMap::from([("ROUND".to_owned(), round.to_string())]),
            root: root.clone(),
            inputs: BTreeMap::from([("needs".to_owned(), needs), ("script".to_owned(), vec![script.clone()])]),
            timeout: 60,
            as_root: false,
            sandbox_revision: 1,
        };
        nodes.insert(NodeId::new("toy", &name(number)), Node::new(Work::Run(run), 1));
    }
    Graph::new(nodes).map_err(|error| Failure::Infrastructure(error.to_string()))
}

fn name(number: usize) -> String {
    format!("{number:02}")
}

/// What the packages expect of a root, and a file that makes the root of each round another one.
fn layer(store: &dyn BlobStore, round: u32) -> Result<Hole, Failure> {
    let links = ["bin", "lib", "lib64", "sbin"].map(|name| (name.to_owned(), format!("usr/{name}")));
    let layer = LayerFiles {
        links: links.into(),
        files: BTreeMap::from([("etc/round".to_owned(), round.to_string())]),
        directories: vec!["usr/sbin".to_owned()],
    };
    let json = serde_json::to_vec(&layer).map_err(|error| PortError::Input(error.to_string()))?;
    Ok(Hole::blob("toy.layer.json", store.put(&json)?))
}
