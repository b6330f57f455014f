//! The attestation stage: what is in it, and how it was made.

use std::collections::BTreeMap;

use azl_action::{Compute, Function, Hole, Node, NodeId, Select, SignForm, Work};
use serde_json::json;

use crate::build::{buildroot, script, srpm_node};
use crate::inputs::{ComponentInput, ImageInput, Inputs};
use crate::requires::AllNeeds;
use crate::{builds, image, repo, sign, source};

/// Media type of an in-toto statement, the DSSE payload type.
pub const STATEMENT: &str = "application/vnd.in-toto+json";

/// Returns the name of the node that writes the SPDX document of a repository or image.
pub fn sbom_node(subject: &str) -> NodeId {
    NodeId::new("sbom", subject)
}

/// Returns the name of the node that writes the provenance statements of a component or image.
pub fn provenance_node(subject: &str) -> NodeId {
    NodeId::new("provenance", subject)
}

/// Returns the name of the node that wraps and signs the statements.
pub fn envelope_node(subject: &str) -> NodeId {
    NodeId::new("envelope", subject)
}

fn insert_sbom(
    inputs: &Inputs,
    subject: &str,
    packages: Vec<Hole>,
    file: Vec<Hole>,
    nodes: &mut BTreeMap<NodeId, Node>,
) {
    let compute = Compute {
        function: Function::Spdx,
        revision: 1,
        parameters: json!({ "name": subject, "version": inputs.version, "epoch": inputs.epoch }),
        inputs: BTreeMap::from([
            ("packages".to_owned(), packages),
            ("sources".to_owned(), repo::packages(inputs, &Select::SourcePackages)),
            ("subject".to_owned(), file),
        ]),
    };
    nodes.insert(sbom_node(subject), Node::new(Work::Compute(compute), 1));
}

pub(crate) fn insert_repositories(inputs: &Inputs, nodes: &mut BTreeMap<NodeId, Node>) {
    for (repository, select) in repo::REPOSITORIES {
        let subject = format!("repo-{repository}");
        insert_sbom(inputs, &subject, repo::packages(inputs, &select), Vec::new(), nodes);
        let parameters = json!({ "build_type": "repository", "name": repository, "version": inputs.version });
        let subjects = vec![Hole::outputs(&repo::node(repository), Select::Name("repodata/repomd.xml".to_owned()))];
        let materials = BTreeMap::from([("packages".to_owned(), repo::packages(inputs, &select))]);
        insert_provenance(inputs, &subject, Statement { parameters, subjects, materials }, nodes);
    }
}

pub(crate) fn insert_component(
    inputs: &Inputs,
    name: &str,
    component: &ComponentInput,
    all: &AllNeeds,
    nodes: &mut BTreeMap<NodeId, Node>,
) {
    let build = builds::shipped(inputs, name);
    let parameters = json!({
        "build_type": "rpm", "name": name, "version": inputs.version, "seed_derived": component.seed_derived,
    });
    let materials = BTreeMap::from([
        ("files".to_owned(), component.files.iter().cloned().map(Hole::Known).collect()),
        ("sources".to_owned(), source::holes(name, component)),
        ("buildroot".to_owned(), buildroot(inputs, &build, &all[&build])),
        ("scripts".to_owned(), vec![script("srpm.sh"), script("rpm.sh")]),
        ("srpm".to_owned(), vec![Hole::outputs(&srpm_node(&build), Select::All)]),
    ]);
    let subjects = vec![Hole::outputs(&sign::node(name), Select::All)];
    insert_provenance(inputs, name, Statement { parameters, subjects, materials }, nodes);
}

pub(crate) fn insert_image(inputs: &Inputs, name: &str, image: &ImageInput, nodes: &mut BTreeMap<NodeId, Node>) {
    let subject = format!("image-{name}");
    let file = vec![Hole::outputs(&image::node(name), Select::Image)];
    insert_sbom(inputs, &subject, image::packages(inputs, image), file, nodes);
    let parameters = json!({ "build_type": "image", "name": name, "version": inputs.version, "model": image.model });
    let subjects = vec![Hole::outputs(&image::node(name), Select::Image)];
    let materials = BTreeMap::from([("packages".to_owned(), image::packages(inputs, image))]);
    insert_provenance(inputs, &subject, Statement { parameters, subjects, materials }, nodes);
}

/// What a provenance statement is made from.
struct Statement {
    parameters: serde_json::Value,
    subjects: Vec<Hole>,
    materials: BTreeMap<String, Vec<Hole>>,
}

fn insert_provenance(inputs: &Inputs, subject: &str, statement: Statement, nodes: &mut BTreeMap<NodeId, Node>) {
    let mut roles = statement.materials;
    roles.insert("subjects".to_owned(), statement.subjects);
    let compute =
        Compute { function: Function::Provenance, revision: 1, parameters: statement.parameters, inputs: roles };
    nodes.insert(provenance_node(subject), Node::new(Work::Compute(compute), 1));
    let payload = vec![Hole::outputs(&provenance_node(subject), Select::All)];
    let form = SignForm::Dsse { payload_type: STATEMENT.to_owned() };
    let derivation = sign::sign(inputs, form, payload);
    nodes.insert(envelope_node(subject), Node::new(derivation, 1));
}
