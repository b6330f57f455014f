//! The buildinfo stage: what a component was built with, as a document, signed.
//!
//! The document is a function of the very runs that were planned: their commands are its parameters, their holes its
//! inputs. So it cannot tell of another build than the one that happened.

use std::collections::BTreeMap;

use azl_action::{Compute, Function, Hole, Node, NodeId, Run, Select, SignForm, Work};
use serde::{Deserialize, Serialize};

use crate::build::{rpm_node, srpm_node};
use crate::inputs::{ComponentInput, Inputs};
use crate::{builds, sign, source};

/// Media type of the document, the DSSE payload type.
const MEDIA_TYPE: &str = "application/vnd.azurelinux.buildinfo.v1+json";

/// Raised when the document changes for equal inputs.
const REVISION: u32 = 1;

/// What the document's function is told besides its inputs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameters {
    /// The component.
    pub component: String,
    /// Version of the release.
    pub release: String,
    /// Name of the spec among the inputs of the role `files`.
    pub spec: String,
    /// The runs, in order, by name. Their inputs are role names: the blobs of that role of this action.
    pub steps: Vec<(String, Run<String>)>,
}

/// Returns the name of the node that writes a component's buildinfo.
pub fn node(component: &str) -> NodeId {
    NodeId::new("buildinfo", component)
}

/// Returns the name of the node that wraps and signs it.
pub fn envelope_node(component: &str) -> NodeId {
    NodeId::new("buildinfo-envelope", component)
}

/// Adds the document of a component whose builds are planned.
pub(crate) fn insert(inputs: &Inputs, name: &str, component: &ComponentInput, nodes: &mut BTreeMap<NodeId, Node>) {
    let build = builds::shipped(inputs, name);
    let (srpm, rpm) = (srpm_node(&build), rpm_node(&build));
    let mut roles = BTreeMap::from([
        ("files".to_owned(), component.files.iter().cloned().map(Hole::Known).collect()),
        ("sources".to_owned(), source::holes(name, component)),
        ("built".to_owned(), packages(&[srpm.clone(), rpm.clone()])),
        ("signed".to_owned(), packages(&[sign::node(name)])),
    ]);
    let mut steps = Vec::new();
    for (step, id) in [("srpm", srpm), ("rpm", rpm)] {
        if let Some(Work::Run(run)) = nodes.get(&id).map(|node| &node.derivation) {
            steps.push((step.to_owned(), by_role(step, run, &mut roles)));
        }
    }
    let (spec, component, release) = (component.spec.clone(), name.to_owned(), inputs.version.clone());
    let parameters = serde_json::to_value(Parameters { component, release, spec, steps }).expect("plain data is JSON");
    let compute = Compute { function: Function::Buildinfo, revision: REVISION, parameters, inputs: roles };
    nodes.insert(node(name), Node::new(Work::Compute(compute), 1));
    let form = SignForm::Dsse { payload_type: MEDIA_TYPE.to_owned() };
    let derivation = sign::sign(inputs, form, vec![Hole::outputs(&node(name), Select::All)]);
    nodes.insert(envelope_node(name), Node::new(derivation, 1));
}

fn packages(nodes: &[NodeId]) -> Vec<Hole> {
    nodes.iter().map(|node| Hole::outputs(node, Select::Suffix(".rpm".to_owned()))).collect()
}

/// Returns the run with the names of roles for its inputs; the inputs themselves become these roles.
fn by_role(step: &str, run: &Run<Vec<Hole>>, roles: &mut BTreeMap<String, Vec<Hole>>) -> Run<String> {
    let mut role = |name: String, holes: &[Hole]| {
        roles.insert(name.clone(), holes.to_vec());
        name
    };
    Run {
        arch: run.arch,
        command: run.command.clone(),
        env: run.env.clone(),
        root: role(format!("{step}-root"), &run.root),
        inputs: run
            .inputs
            .iter()
            .map(|(directory, holes)| (directory.clone(), role(format!("{step}-in-{directory}"), holes)))
            .collect(),
        timeout: run.timeout,
        as_root: run.as_root,
        sandbox_revision: run.sandbox_revision,
    }
}
