//! The image stage: closure of packages → derived files → the image.

use std::collections::BTreeMap;

use azl_action::{Compute, Function, Hole, Node, NodeId, Run, Select, Work};

use crate::build::{self, script};
use crate::inputs::{ImageInput, ImageKind, Inputs};
use crate::{SANDBOX_REVISION, seed, sign};

/// Raised when an image is written in another way, or refused for another reason.
const REVISION: u32 = 3;

/// Returns the name of the node that composes an image.
pub fn node(image: &str) -> NodeId {
    NodeId::new("image", image)
}

fn derived_node(image: &str) -> NodeId {
    NodeId::new("derived", image)
}

/// Returns the packages of an image: the closure of its roots over the signed packages of the release,
/// with nothing assumed.
pub(crate) fn packages(inputs: &Inputs, image: &ImageInput) -> Vec<Hole> {
    vec![Hole::Closure {
        wants: image.packages.clone(),
        nodes: inputs.components.keys().map(|component| sign::node(component)).collect(),
        assume: Vec::new(),
    }]
}

pub(crate) fn insert(inputs: &Inputs, name: &str, image: &ImageInput, nodes: &mut BTreeMap<NodeId, Node>) {
    nodes.insert(derived_node(name), Node::new(Work::Run(derive(inputs, image)), 5));
    let compute = Compute {
        function: match image.kind {
            ImageKind::Disk => Function::DiskImage,
            ImageKind::Oci => Function::OciImage,
        },
        revision: REVISION,
        parameters: serde_json::json!({ "name": name, "model": image.model, "epoch": inputs.epoch }),
        inputs: BTreeMap::from([
            ("derived".to_owned(), vec![Hole::outputs(&derived_node(name), Select::All)]),
            ("packages".to_owned(), packages(inputs, image)),
        ]),
    };
    nodes.insert(node(name), Node::new(Work::Compute(compute), 20));
}

/// Derives what depends on all packages together, in the seed's root, from the packages as files.
fn derive(inputs: &Inputs, image: &ImageInput) -> Run<Vec<Hole>> {
    let set = seed::build_set(inputs);
    let mut env = build::seed_environment(set);
    env.insert("SOURCE_DATE_EPOCH".to_owned(), inputs.epoch.to_string());
    let command = ["/usr/bin/bash", "/in/script/derive.sh"].map(str::to_owned);
    Run {
        arch: inputs.arch,
        command: command.into_iter().chain(image.derive.iter().cloned()).collect(),
        env,
        root: seed::layers("build", set),
        inputs: BTreeMap::from([
            ("packages".to_owned(), packages(inputs, image)),
            ("script".to_owned(), vec![script("derive.sh")]),
        ]),
        timeout: 300,
        as_root: true,
        sandbox_revision: SANDBOX_REVISION,
    }
}
