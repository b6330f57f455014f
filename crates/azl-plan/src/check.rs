//! The check stage: independent tools, from the seed's `check` set, read what we wrote. A tool that objects fails its node.

use std::collections::BTreeMap;

use azl_action::{Hole, Node, NodeId, Run, Select, Work};

use crate::build::{script, seed_environment};
use crate::inputs::{ImageKind, Inputs, SeedSet};
use crate::{SANDBOX_REVISION, image, repo, seed};

/// The package whose closure dnf must resolve.
const INSTALLED: &str = "bash";

/// Returns the name of the node that checks a subject.
pub fn node(subject: &str) -> NodeId {
    NodeId::new("check", subject)
}

pub(crate) fn insert(inputs: &Inputs, nodes: &mut BTreeMap<NodeId, Node>) {
    let key = vec![Hole::Known(inputs.signing.certificate.clone())];
    for (repository, select) in repo::REPOSITORIES {
        let mut roles = BTreeMap::from([("key", key.clone()), ("packages", repo::packages(inputs, &select))]);
        add(inputs, &format!("packages-{repository}"), ("check-packages.sh", &[]), roles.clone(), nodes);
        if repository == "base" {
            let data = [repo::node(repository), repo::signature_node(repository)];
            roles.insert("repodata", data.iter().map(|node| Hole::outputs(node, Select::All)).collect());
            add(
                inputs,
                &format!("repository-{repository}"),
                ("check-repository.sh", &[INSTALLED, inputs.arch.rpm()]),
                roles,
                nodes,
            );
        }
    }
    for (name, image) in &inputs.images {
        // A disk's list of files says which label each has.
        let (script, select) = match image.kind {
            ImageKind::Disk => ("check-disk.sh", Select::All),
            ImageKind::Oci => ("check-container.sh", Select::Image),
        };
        let roles = BTreeMap::from([("image", vec![Hole::outputs(&image::node(name), select)])]);
        add(inputs, &format!("image-{name}"), (script, &[]), roles, nodes);
    }
}

/// The set has no locale but the one that needs no files.
fn check_environment(set: &SeedSet) -> BTreeMap<String, String> {
    let mut env = seed_environment(set);
    env.insert("LC_ALL".to_owned(), "C".to_owned());
    env
}

/// The command of a check: a script and its words.
fn command(script: &str, words: &[&str]) -> Vec<String> {
    let path = format!("/in/script/{script}");
    ["/usr/bin/bash", &path].iter().chain(words).map(|word| (*word).to_owned()).collect()
}

fn add(
    inputs: &Inputs,
    subject: &str,
    (name, words): (&str, &[&str]),
    roles: BTreeMap<&str, Vec<Hole>>,
    nodes: &mut BTreeMap<NodeId, Node>,
) {
    let set = &inputs.seed["check"];
    let mut all: BTreeMap<String, Vec<Hole>> =
        roles.into_iter().map(|(role, holes)| (role.to_owned(), holes)).collect();
    all.insert("script".to_owned(), vec![script(name)]);
    let run = Run {
        arch: inputs.arch,
        command: command(name, words),
        env: check_environment(set),
        root: seed::layers("check", set),
        inputs: all,
        timeout: 600,
        as_root: true,
        sandbox_revision: SANDBOX_REVISION,
    };
    nodes.insert(node(subject), Node::new(Work::Run(run), 5));
}
