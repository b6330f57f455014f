//! The seed stage: fetching the foreign packages of a set, and the layers they give a root.

use std::collections::BTreeMap;

use azl_action::{Fetch, Hole, Node, NodeId, Select, Work};

use crate::inputs::{Inputs, SeedSet};

/// Returns the name of the node that fetches a set.
pub fn node(set: &str) -> NodeId {
    NodeId::new("seed", set)
}

pub(crate) fn nodes(inputs: &Inputs, nodes: &mut BTreeMap<NodeId, Node>) {
    let tools = inputs.tools.iter().map(|(name, tool)| (tool_set(name), &tool.set));
    let sets = inputs.seed.iter().map(|(name, set)| (name.clone(), set));
    for (name, set) in sets.chain(tools) {
        let derivation = Work::Fetch(Fetch { files: set.packages.clone() });
        nodes.insert(node(&name), Node::new(derivation, 20));
    }
}

/// Returns the name of the set that a tool is locked and fetched as.
pub fn tool_set(tool: &str) -> String {
    format!("build+{tool}")
}

/// Returns the layers of a root made of one set.
pub(crate) fn layers(name: &str, set: &SeedSet) -> Vec<Hole> {
    vec![Hole::outputs(&node(name), Select::All), Hole::Known(set.fixups.clone())]
}

/// Returns the `build` set, which every plan has.
pub(crate) fn build_set(inputs: &Inputs) -> &SeedSet {
    &inputs.seed["build"]
}
