//! The signing stage: every package, source package and repository index.

use std::collections::BTreeMap;

use azl_action::{Hole, Node, NodeId, Select, Sign, SignForm, Work};

use crate::build::{rpm_node, srpm_node};
use crate::builds;
use crate::inputs::Inputs;

/// Returns the name of the node that signs a component's packages, source package included.
pub fn node(component: &str) -> NodeId {
    NodeId::new("sign", component)
}

pub(crate) fn insert(inputs: &Inputs, name: &str, nodes: &mut BTreeMap<NodeId, Node>) {
    let build = builds::shipped(inputs, name);
    let payload = vec![
        Hole::outputs(&rpm_node(&build), Select::BinaryRpms),
        Hole::outputs(&srpm_node(&build), Select::SourcePackages),
    ];
    let derivation = sign(inputs, SignForm::Rpm, payload);
    nodes.insert(node(name), Node::new(derivation, 1));
}

/// Signs with the release's key at the release's time, so that signing again gives the same bytes.
pub(crate) fn sign(inputs: &Inputs, form: SignForm, payload: Vec<Hole>) -> azl_action::Derivation {
    Work::Sign(Sign { form, payload, key: inputs.signing.fingerprint.clone(), time: inputs.epoch })
}
