//! The image stage: closure of packages → derived files, signed programs → the image.

use std::collections::BTreeMap;

use azl_action::{Compute, Function, Hole, Node, NodeId, Run, Select, Sign, SignForm, Work};

use crate::build::{self, script};
use crate::inputs::{ImageInput, ImageKind, Inputs, SecureBootSigning};
use crate::{SANDBOX_REVISION, seed, sign};

/// Raised when an image is written in another way, or refused for another reason.
const REVISION: u32 = 3;
/// Raised when other programs are taken for signing.
const PROGRAMS_REVISION: u32 = 2;

/// Returns the name of the node that composes an image.
pub fn node(image: &str) -> NodeId {
    NodeId::new("image", image)
}

fn derived_node(image: &str) -> NodeId {
    NodeId::new("derived", image)
}

fn programs_node(image: &str) -> NodeId {
    NodeId::new("programs", image)
}

fn signed_programs_node(image: &str) -> NodeId {
    NodeId::new("programs-sign", image)
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
    let mut roles = BTreeMap::from([
        ("derived".to_owned(), vec![Hole::outputs(&derived_node(name), Select::All)]),
        ("packages".to_owned(), packages(inputs, image)),
    ]);
    if let (ImageKind::Disk, Some(signing)) = (image.kind, &inputs.signing.secure_boot) {
        insert_programs(inputs, name, image, signing, nodes);
        roles.insert("programs".to_owned(), vec![Hole::outputs(&signed_programs_node(name), Select::All)]);
    }
    let compute = Compute {
        function: match image.kind {
            ImageKind::Disk => Function::DiskImage,
            ImageKind::Oci => Function::OciImage,
        },
        revision: REVISION,
        parameters: parameters(inputs, name, image),
        inputs: roles,
    };
    nodes.insert(node(name), Node::new(Work::Compute(compute), 20));
}

fn parameters(inputs: &Inputs, name: &str, image: &ImageInput) -> serde_json::Value {
    serde_json::json!({ "name": name, "model": image.model, "epoch": inputs.epoch })
}

/// What firmware starts is signed here, not in its package: a package that holds a signature is not built the same by
/// others.
fn insert_programs(
    inputs: &Inputs,
    name: &str,
    image: &ImageInput,
    signing: &SecureBootSigning,
    nodes: &mut BTreeMap<NodeId, Node>,
) {
    let compute = Compute {
        function: Function::Programs,
        revision: PROGRAMS_REVISION,
        parameters: parameters(inputs, name, image),
        inputs: BTreeMap::from([("packages".to_owned(), packages(inputs, image))]),
    };
    nodes.insert(programs_node(name), Node::new(Work::Compute(compute), 5));
    let sign = Sign {
        form: SignForm::Authenticode,
        payload: vec![Hole::outputs(&programs_node(name), Select::All)],
        key: signing.fingerprint.clone(),
        time: inputs.epoch,
    };
    nodes.insert(signed_programs_node(name), Node::new(Work::Sign(sign), 1));
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
