//! The seed stage: fetching the foreign packages of a set, and the layers they give a root.

use std::collections::BTreeMap;

use azl_action::{Fetch, Hole, Node, NodeId, Select, Work};

use crate::inputs::{Inputs, SeedSet};

/// Returns the name of the node that fetches a set.
pub fn node(set: &str) -> NodeId {
    NodeId::new("seed", set)
}

pub(crate) fn nodes(inputs: &Inputs, nodes: &mut BTreeMap<NodeId, Node>) {
    for (name, set) in sets(inputs) {
        insert_set(&name, set, nodes);
    }
}

/// Inserts the node that fetches a set.
pub(crate) fn insert(inputs: &Inputs, name: &str, nodes: &mut BTreeMap<NodeId, Node>) {
    insert_set(name, &inputs.seed[name], nodes);
}

fn insert_set(name: &str, set: &SeedSet, nodes: &mut BTreeMap<NodeId, Node>) {
    let derivation = Work::Fetch(Fetch { files: set.packages.clone() });
    nodes.insert(node(name), Node::new(derivation, 20));
}

/// Returns the sets and, by the names they are locked under, the tools.
fn sets(inputs: &Inputs) -> impl Iterator<Item = (String, &SeedSet)> {
    let tools = inputs.tools.iter().map(|(name, tool)| (tool_set(name), &tool.set));
    inputs.seed.iter().map(|(name, set)| (name.clone(), set)).chain(tools)
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
