//! The boot stage: the shipped image, taken through each of its scenarios.

use std::collections::BTreeMap;

use azl_action::{Blob, Boot, Demand, Graph, Hole, Node, NodeId, Select, Work};

use crate::inputs::{ImageInput, ImageKind, Inputs};
use crate::{image, seed};

/// Memory in MiB that an emulator takes besides its guest's.
const EMULATOR: u64 = 256;

/// More processors than a host has: what wants so many runs alone.
const ALL: u32 = 1 << 16;

/// Which scenarios of an image are run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Booting {
    /// None.
    Nothing,
    /// Each.
    All,
    /// The one of this name.
    Only(String),
}

impl Booting {
    fn includes(&self, scenario: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::All => true,
            Self::Only(name) => name == scenario,
        }
    }
}

/// Returns the name of the node that takes an image through a scenario.
pub fn node(image: &str, scenario: &str) -> NodeId {
    NodeId::new("boot", &format!("{image}/{scenario}"))
}

/// Returns the image that a boot node is about.
pub fn image_of(node: &NodeId) -> &str {
    node.subject().split('/').next().unwrap_or_default()
}

pub(crate) fn insert(inputs: &Inputs, name: &str, booting: &Booting, nodes: &mut BTreeMap<NodeId, Node>) {
    let image = &inputs.images[name];
    for (scenario, value) in image.scenarios.iter().filter(|(scenario, _)| booting.includes(scenario)) {
        nodes.insert(node(name, scenario), boot(inputs, name, image, value));
    }
}

fn boot(inputs: &Inputs, name: &str, image: &ImageInput, scenario: &serde_json::Value) -> Node {
    let (runner, monitor) = match image.kind {
        // The adapter probes what this host can do and says so in its report; the verdict does not depend on it.
        ImageKind::Disk => ("auto", seed::layers("boot", &inputs.seed["boot"])),
        ImageKind::Oci => ("container", Vec::new()),
    };
    let mut image = vec![Hole::outputs(&image::node(name), Select::Image)];
    if scenario.get("secure-boot").is_some() {
        // Without one the adapter says that there is nothing to enrol.
        let signing = inputs.signing.secure_boot.as_ref();
        image.extend(signing.map(|signing| Hole::Known(signing.certificate.clone())));
    }
    let derivation = Work::Boot(Boot { image, monitor, runner: runner.to_owned(), scenario: scenario.clone() });
    Node::new(derivation, 30).demanding(demand(scenario))
}

/// Returns a graph that boots disks which are there already, by what is to be called their scenario: disk, scenario. Each
/// has the host to itself.
///
/// # Errors
/// If the graph does not close; it always does.
pub fn trials(
    inputs: &Inputs,
    trials: &BTreeMap<String, (Blob, serde_json::Value)>,
) -> Result<Graph, azl_action::GraphError> {
    let mut nodes = BTreeMap::new();
    seed::insert(inputs, "boot", &mut nodes);
    for (name, (disk, scenario)) in trials {
        let derivation = Work::Boot(Boot {
            image: vec![Hole::Known(disk.clone())],
            monitor: seed::layers("boot", &inputs.seed["boot"]),
            runner: "auto".to_owned(),
            scenario: scenario.clone(),
        });
        let alone = Demand { cores: ALL, ..demand(scenario) };
        nodes.insert(NodeId::new("boot", name), Node::new(derivation, 30).demanding(alone));
    }
    Graph::new(nodes)
}

/// A machine occupies what it is given, and its time limits suppose that it has that; the rest what is usual.
fn demand(scenario: &serde_json::Value) -> Demand {
    let field = |name: &str| scenario.get(name).and_then(serde_json::Value::as_u64);
    match (field("cpus").and_then(|cpus| u32::try_from(cpus).ok()), field("memory-mib")) {
        (Some(cores), Some(memory)) => Demand { cores, memory: memory + EMULATOR },
        _ => Demand::COMMAND,
    }
}
