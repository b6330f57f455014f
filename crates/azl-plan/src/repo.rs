//! The repository stage: signed packages → repodata → signed index.

use std::collections::BTreeMap;

use azl_action::{Compute, Function, Hole, Node, NodeId, Select, SignForm, Work};

use crate::inputs::Inputs;
use crate::sign;

/// The repositories of a release and which packages each holds.
pub const REPOSITORIES: [(&str, Select); 3] =
    [("base", Select::Packages), ("debuginfo", Select::DebugPackages), ("srpms", Select::SourcePackages)];

/// Returns the name of the node that makes a repository's metadata.
pub fn node(repository: &str) -> NodeId {
    NodeId::new("repo", repository)
}

/// Returns the name of the node that signs a repository's index.
pub fn signature_node(repository: &str) -> NodeId {
    NodeId::new("repo-sign", repository)
}

/// Returns the packages of a repository as inputs.
pub(crate) fn packages(inputs: &Inputs, select: &Select) -> Vec<Hole> {
    inputs.components.keys().map(|component| Hole::outputs(&sign::node(component), select.clone())).collect()
}

pub(crate) fn insert(inputs: &Inputs, nodes: &mut BTreeMap<NodeId, Node>) {
    for (repository, select) in REPOSITORIES {
        let compute = Compute {
            function: Function::Repodata,
            revision: 1,
            parameters: serde_json::json!({ "epoch": inputs.epoch }),
            inputs: BTreeMap::from([("packages".to_owned(), packages(inputs, &select))]),
        };
        nodes.insert(node(repository), Node::new(Work::Compute(compute), 1));
        let index = vec![Hole::outputs(&node(repository), Select::Name("repodata/repomd.xml".to_owned()))];
        let derivation = sign::sign(inputs, SignForm::Detached, index);
        nodes.insert(signature_node(repository), Node::new(derivation, 1));
    }
}
