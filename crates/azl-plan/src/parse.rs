//! The parse stage: asking rpm, in the sandbox and with our macros, whether it accepts specs.
//!
//! A refusal is an answer and no failure: what it means is for whoever asked.

use std::collections::BTreeMap;

use azl_action::{Blob, Hole, Node, NodeId, Run, Select, Work};

use crate::build::{self, script};
use crate::inputs::Inputs;
use crate::{MACROS, SANDBOX_REVISION, seed};

/// Name of the output: a line for each spec with `accepted` or `refused`, its directory and what rpm said.
pub const VERDICTS: &str = "verdicts";

/// Specs by directory, each with the files beside it.
pub type Specs = BTreeMap<String, Vec<Blob>>;

/// Returns the name of the node that asks about a set of specs.
pub fn node(set: &str) -> NodeId {
    NodeId::new("parse", set)
}

pub(crate) fn insert(inputs: &Inputs, set: &str, specs: &Specs, nodes: &mut BTreeMap<NodeId, Node>) {
    let seed = seed::build_set(inputs);
    let mut root = seed::layers("build", seed);
    root.push(Hole::outputs(&build::rpm_node(MACROS), Select::BinaryRpms));
    let mut files: BTreeMap<String, Vec<Hole>> = BTreeMap::new();
    for (directory, blobs) in specs {
        files.insert(format!("specs/{directory}"), blobs.iter().cloned().map(Hole::Known).collect());
    }
    files.insert("script".to_owned(), vec![script("parse.sh")]);
    let command = ["/usr/bin/bash", "/in/script/parse.sh"].map(str::to_owned);
    let run = Run {
        arch: inputs.arch,
        command: command.into_iter().chain(build::defines()).collect(),
        env: build::seed_environment(seed),
        root,
        inputs: files,
        // Parsing may run the spec's own shell and Lua; it ends or it is ended.
        timeout: 600,
        as_root: false,
        sandbox_revision: SANDBOX_REVISION,
    };
    nodes.insert(node(set), Node::new(Work::Run(run), 5));
}
