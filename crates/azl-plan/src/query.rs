//! The query stage: asking rpm, in the sandbox, what a spec needs and gives.

use std::collections::BTreeMap;

use azl_action::{Hole, Node, NodeId, Run, Select, Work};

use crate::build::{self, script};
use crate::inputs::Inputs;
use crate::{MACROS, SANDBOX_REVISION, builds, seed};

/// Returns the name of the node that asks about a build.
pub fn node(build: &str) -> NodeId {
    NodeId::new("query", build)
}

pub(crate) fn insert(inputs: &Inputs, name: &str, nodes: &mut BTreeMap<NodeId, Node>) {
    let component = builds::input(inputs, name);
    let set = seed::build_set(inputs);
    let mut root = seed::layers("build", set);
    if name != MACROS && inputs.components.contains_key(MACROS) {
        root.push(Hole::outputs(&build::rpm_node(MACROS), Select::BinaryRpms));
    }
    let command = ["/usr/bin/bash", "/in/script/query.sh", &component.spec].map(str::to_owned);
    let run = Run {
        arch: inputs.arch,
        command: command.into_iter().chain(builds::conditionals(inputs, name)).collect(),
        env: build::seed_environment(set),
        root,
        inputs: BTreeMap::from([
            ("files".to_owned(), component.files.iter().cloned().map(Hole::Known).collect()),
            ("script".to_owned(), vec![script("query.sh")]),
        ]),
        // Parsing may run the spec's own shell and Lua; it ends or it is ended.
        timeout: 180,
        as_root: false,
        sandbox_revision: SANDBOX_REVISION,
    };
    nodes.insert(node(name), Node::new(Work::Run(run), 1));
}
