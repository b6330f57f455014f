//! The boot stage: the shipped image, started and watched.

use std::collections::BTreeMap;

use azl_action::{Boot, Hole, Node, NodeId, Select, Work};

use crate::inputs::{ImageInput, ImageKind, Inputs};
use crate::{image, seed};

/// Returns the name of the node that boots an image.
pub fn node(image: &str) -> NodeId {
    NodeId::new("boot", image)
}

pub(crate) fn insert(inputs: &Inputs, name: &str, image: &ImageInput, nodes: &mut BTreeMap<NodeId, Node>) {
    let Some(scenario) = &image.scenario else { return };
    let (runner, monitor) = match image.kind {
        // The adapter probes what this host can do and says so in its report; the verdict does not depend on it.
        ImageKind::Disk => ("auto", seed::layers("boot", &inputs.seed["boot"])),
        ImageKind::Oci => ("container", Vec::new()),
    };
    let derivation = Work::Boot(Boot {
        image: vec![Hole::outputs(&image::node(name), Select::Image)],
        monitor,
        runner: runner.to_owned(),
        scenario: scenario.clone(),
    });
    nodes.insert(node(name), Node::new(derivation, 30));
}
