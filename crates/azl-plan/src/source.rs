//! The source stage: one fetch per source file, so that a new patch does not ask for a tarball again, and a repack where
//! overlays change an archive from inside.

use std::collections::BTreeMap;

use azl_action::{Compute, Derivation, Fetch, Function, Hole, Node, NodeId, Select, Work};

use crate::inputs::{ComponentInput, Repacked};

/// Raised when the archive writer or one of its encoders changes its output.
const REPACK_REVISION: u32 = 1;

fn node(component: &str, file: &str) -> NodeId {
    NodeId::new("source", &format!("{component}/{file}"))
}

fn repack_node(component: &str, file: &str) -> NodeId {
    NodeId::new("repack", &format!("{component}/{file}"))
}

pub(crate) fn nodes(name: &str, component: &ComponentInput, nodes: &mut BTreeMap<NodeId, Node>) {
    for (file, wanted) in &component.sources {
        let files = BTreeMap::from([(file.clone(), wanted.clone())]);
        nodes.insert(node(name, file), Node::new(Work::Fetch(Fetch { files }), 5));
    }
    for (file, repacked) in &component.repacked {
        nodes.insert(repack_node(name, file), Node::new(repack(name, file, repacked), 20));
    }
}

fn repack(name: &str, file: &str, repacked: &Repacked) -> Derivation {
    let archive = vec![Hole::outputs(&node(name, file), Select::All)];
    Work::Compute(Compute {
        function: Function::Repack,
        revision: REPACK_REVISION,
        parameters: serde_json::json!({
            "file": file, "overlays": repacked.overlays, "sha512": repacked.sha512.to_string(),
        }),
        inputs: BTreeMap::from([("archive".to_owned(), archive)]),
    })
}

/// Returns the sources of a component as inputs.
pub(crate) fn holes(name: &str, component: &ComponentInput) -> Vec<Hole> {
    let source = |file: &String| match component.repacked.contains_key(file) {
        true => Hole::outputs(&repack_node(name, file), Select::All),
        false => Hole::outputs(&node(name, file), Select::All),
    };
    component.sources.keys().map(source).collect()
}
