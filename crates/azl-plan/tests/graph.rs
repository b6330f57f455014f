//! The graph of a toy release: two components, one container image.

use std::collections::{BTreeMap, BTreeSet};

use azl_action::{Blob, NodeId, Work};
use azl_digest::Digest;
use azl_plan::release::Goal;
use azl_plan::{ComponentInput, Facts, ImageInput, ImageKind, Inputs, SeedSet, Signing, SpecFacts, plan};
use azl_rpm::Arch;

fn blob(name: &str) -> Blob {
    Blob { name: name.to_owned(), digest: Digest::of(name.as_bytes()) }
}

fn component(name: &str) -> ComponentInput {
    let spec = format!("{name}.spec");
    ComponentInput {
        files: vec![blob(&spec)],
        spec,
        sources: BTreeMap::new(),
        repacked: BTreeMap::new(),
        expensive: false,
        seed_derived: false,
    }
}

fn toy() -> (Inputs, Facts) {
    let seed = |provides: &[&str]| SeedSet {
        packages: BTreeMap::new(),
        fixups: blob("seed.layer.json"),
        environment: BTreeMap::new(),
        provides: provides.iter().map(|p| (*p).to_owned()).collect(),
    };
    let image = ImageInput {
        kind: ImageKind::Oci,
        model: serde_json::Value::Null,
        packages: vec!["app".to_owned()],
        derive: vec![],
        scenario: Some(serde_json::Value::Null),
    };
    let names = ["azurelinux-rpm-config", "app", "lib"];
    let inputs = Inputs {
        version: "1".to_owned(),
        epoch: 1,
        arch: Arch::X86_64,
        seed: BTreeMap::from([("build".to_owned(), seed(&["gcc"])), ("boot".to_owned(), seed(&[]))]),
        components: names.iter().map(|name| ((*name).to_owned(), component(name))).collect(),
        images: BTreeMap::from([("box".to_owned(), image)]),
        assumed: vec![],
        signing: Signing { fingerprint: "F".to_owned(), certificate: blob("key") },
    };
    let fact = |requires: &[&str], packages: &[&str]| SpecFacts {
        build_requires: requires.iter().map(|r| (*r).to_owned()).collect(),
        packages: packages.iter().map(|p| (*p).to_owned()).collect(),
        provides: vec![],
    };
    let facts = Facts::from([
        ("azurelinux-rpm-config".to_owned(), fact(&[], &["azurelinux-rpm-config"])),
        ("app".to_owned(), fact(&["gcc", "lib-devel"], &["app"])),
        ("lib".to_owned(), fact(&["gcc"], &["lib", "lib-devel"])),
    ]);
    (inputs, facts)
}

fn needs(goal: &Goal, node: &str) -> BTreeSet<String> {
    let (inputs, facts) = toy();
    let graph = plan(&inputs, &facts, goal).expect("a graph");
    graph.needs(&NodeId(node.to_owned())).iter().map(|id| id.0.clone()).collect()
}

#[test]
fn a_package_waits_for_the_packages_it_links() {
    let found = needs(&Goal::Release, "rpm:app");
    assert_eq!(found, ["rpm:azurelinux-rpm-config", "rpm:lib", "seed:build", "srpm:app"].map(str::to_owned).into());
}

#[test]
fn building_one_component_leaves_the_others_alone() {
    let (inputs, facts) = toy();
    let graph = plan(&inputs, &facts, &Goal::Packages(BTreeSet::from(["lib".to_owned()]))).expect("a graph");
    let built: Vec<&str> = graph.nodes().keys().filter(|id| id.stage() == "rpm").map(NodeId::subject).collect();
    assert_eq!(built, ["azurelinux-rpm-config", "lib"]);
}

#[test]
fn an_image_takes_signed_packages_only() {
    let found = needs(&Goal::Release, "image:box");
    assert!(found.iter().all(|need| need.starts_with("sign:") || need.starts_with("derived:")), "{found:?}");
    assert_eq!(needs(&Goal::Release, "boot:box"), BTreeSet::from(["image:box".to_owned()]));
}

#[test]
fn every_artifact_has_provenance_and_every_collection_an_sbom() {
    let (inputs, facts) = toy();
    let graph = plan(&inputs, &facts, &Goal::Release).expect("a graph");
    let has = |stage: &str, subject: &str| graph.get(&NodeId::new(stage, subject)).is_some();
    for subject in ["app", "lib", "azurelinux-rpm-config", "image-box", "repo-base", "repo-debuginfo", "repo-srpms"] {
        assert!(has("provenance", subject) && has("envelope", subject), "{subject}");
    }
    for subject in ["image-box", "repo-base", "repo-debuginfo", "repo-srpms"] {
        assert!(has("sbom", subject), "{subject}");
    }
}

#[test]
fn facts_are_asked_with_our_macros_once_those_are_built() {
    let (inputs, _) = toy();
    let first = plan(&inputs, &Facts::new(), &Goal::Facts(BTreeSet::from(["azurelinux-rpm-config".to_owned()])));
    let names: Vec<String> = first.expect("a graph").nodes().keys().map(|id| id.0.clone()).collect();
    assert_eq!(names, ["query:azurelinux-rpm-config", "seed:build"]);
}

#[test]
fn specs_are_judged_with_our_macros_and_without_building_them() {
    let specs = BTreeMap::from([("app/00".to_owned(), vec![blob("app.spec")])]);
    let found = needs(&Goal::Specs(BTreeMap::from([("tree".to_owned(), specs)])), "parse:tree");
    assert_eq!(found, ["rpm:azurelinux-rpm-config", "seed:build"].map(str::to_owned).into());
}

#[test]
fn a_buildinfo_is_made_of_the_very_runs_that_build() {
    let (inputs, facts) = toy();
    let graph = plan(&inputs, &facts, &Goal::Release).expect("a graph");
    let derivation = |id: NodeId| graph.get(&id).expect("planned").derivation.clone();
    let Work::Compute(info) = derivation(azl_plan::buildinfo::node("app")) else { panic!("computed") };
    let Work::Run(run) = derivation(azl_plan::build::rpm_node("app")) else { panic!("run") };
    assert_eq!(info.inputs["rpm-root"], run.root);
    assert_eq!(info.inputs["rpm-in-srpm"], run.inputs["srpm"]);
    let parameters: azl_plan::buildinfo::Parameters = serde_json::from_value(info.parameters).expect("its type");
    let names: Vec<&str> = parameters.steps.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["srpm", "rpm"]);
    assert_eq!((&parameters.steps[1].1.command, &parameters.steps[1].1.env), (&run.command, &run.env));
}
