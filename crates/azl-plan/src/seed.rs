//! The seed stage: fetching the foreign packages of a set, and the layers they give a root.

use std::collections::BTreeMap;

use azl_action::{Fetch, Hole, Node, NodeId, Select, Work};

use crate::inputs::{Inputs, SeedSet};

/// Returns the name of the node that fetches a set.
pub fn node(set: &str) -> NodeId {
    NodeId::new("seed", set)
}

pub(crate) fn nodes(inputs: &Inputs, nodes: &mut BTreeMap<NodeId, Node>) {
    for name in inputs.seed.keys() {
        insert(inputs, name, nodes);
    }
}

/// Inserts the node that fetches a set.
pub(crate) fn insert(inputs: &Inputs, name: &str, nodes: &mut BTreeMap<NodeId, Node>) {
    let derivation = Work::Fetch(Fetch { files: inputs.seed[name].packages.clone() });
    nodes.insert(node(name), Node::new(derivation, 20));
}

/// Returns the layers of a root made of one set.
pub(crate) fn layers(name: &str, set: &SeedSet) -> Vec<Hole> {
    vec![Hole::outputs(&node(name), Select::All), Hole::Known(set.fixups.clone())]
}

/// Returns the `build` set, which every plan has.
pub(crate) fn build_set(inputs: &Inputs) -> &SeedSet {
    &inputs.seed["build"]
}
