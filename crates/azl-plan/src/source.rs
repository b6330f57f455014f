//! The source stage: one fetch per source file, so that a new patch does not ask for a tarball again.

use std::collections::BTreeMap;

use azl_action::{Fetch, Hole, Node, NodeId, Select, Work};

use crate::inputs::ComponentInput;

fn node(component: &str, file: &str) -> NodeId {
    NodeId::new("source", &format!("{component}/{file}"))
}

pub(crate) fn nodes(name: &str, component: &ComponentInput, nodes: &mut BTreeMap<NodeId, Node>) {
    for (file, wanted) in &component.sources {
        let files = BTreeMap::from([(file.clone(), wanted.clone())]);
        nodes.insert(node(name, file), Node { derivation: Work::Fetch(Fetch { files }), weight: 5 });
    }
}

/// Returns the sources of a component as inputs.
pub(crate) fn holes(name: &str, component: &ComponentInput) -> Vec<Hole> {
    component.sources.keys().map(|file| Hole::outputs(&node(name, file), Select::All)).collect()
}
