//! The graph of a toy release: two components, one container image.

use std::collections::{BTreeMap, BTreeSet};

use azl_action::{Blob, Hole, NodeId, SignForm, Work};
use azl_digest::Digest;
use azl_plan::boot::Booting;
use azl_plan::release::Goal;
use azl_plan::{
    Bootstrap, ComponentInput, Conditionals, Facts, ImageInput, ImageKind, Inputs, PlanError, SecureBootSigning,
    SeedSet, Signing, SpecFacts, Stage2, plan,
};
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
        conditionals: Conditionals::default(),
    }
}

fn fact(name: &str, requires: &str, packages: &str) -> SpecFacts {
    let source = format!("source {name} 1-1");
    let texts = [("source", source.as_str()), ("build-requires", requires), ("packages", packages)];
    let texts = texts.map(|(name, text)| (name.to_owned(), text.to_owned()));
    SpecFacts::parse(&texts.into()).expect("facts")
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
        scenarios: BTreeMap::from([("start".to_owned(), serde_json::Value::Null)]),
    };
    let names = ["azurelinux-rpm-config", "app", "lib"];
    let inputs = Inputs {
        version: "1".to_owned(),
        epoch: 1,
        arch: Arch::X86_64,
        seed: BTreeMap::from([("build".to_owned(), seed(&["gcc"])), ("boot".to_owned(), seed(&[]))]),
        tools: BTreeMap::new(),
        components: names.iter().map(|name| ((*name).to_owned(), component(name))).collect(),
        bootstrap: BTreeMap::new(),
        stage2: None,
        images: BTreeMap::from([("box".to_owned(), image)]),
        assumed: vec![],
        signing: Signing { fingerprint: "F".to_owned(), certificate: blob("key"), secure_boot: None },
    };
    let facts = Facts::from([
        ("azurelinux-rpm-config".to_owned(), fact("azurelinux-rpm-config", "", "")),
        ("app".to_owned(), fact("app", "gcc\nlib-devel", "package app 1-1 x86_64\nprovides app = 1-1")),
        ("lib".to_owned(), fact("lib", "gcc", "package lib-devel 1-1 x86_64\nprovides lib-devel = 1-1")),
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
    assert_eq!(needs(&Goal::Release, "boot:box/start"), BTreeSet::from(["image:box".to_owned()]));
}

#[test]
fn what_firmware_starts_is_signed_before_it_is_on_the_disk() {
    let (mut inputs, facts) = toy();
    inputs.signing.secure_boot =
        Some(SecureBootSigning { fingerprint: "S".to_owned(), certificate: blob("secure-boot.der") });
    let image = inputs.images.get_mut("box").expect("an image");
    image.kind = ImageKind::Disk;
    image.scenarios.insert("checked".to_owned(), serde_json::json!({ "secure-boot": "enrolled" }));
    let graph = plan(&inputs, &facts, &Goal::Release).expect("a graph");
    let node = |name: &str| graph.get(&NodeId(name.to_owned())).expect(name);
    assert!(graph.needs(&NodeId("image:box".to_owned())).contains(&NodeId("programs-sign:box".to_owned())));
    let Work::Sign(sign) = &node("programs-sign:box").derivation else { panic!("a signature") };
    assert_eq!((&sign.form, sign.key.as_str()), (&SignForm::Authenticode, "S"));
    let enrolled = |name: &str| match &node(name).derivation {
        Work::Boot(boot) => boot.image.contains(&Hole::Known(blob("secure-boot.der"))),
        _ => panic!("a boot"),
    };
    assert!(enrolled("boot:box/checked") && !enrolled("boot:box/start"));
}

#[test]
fn one_scenario_is_run_alone() {
    let (mut inputs, facts) = toy();
    inputs.images.get_mut("box").expect("an image").scenarios.insert("other".to_owned(), serde_json::Value::Null);
    let booted = |booting: Booting| {
        let goal = Goal::Images { names: BTreeSet::from(["box".to_owned()]), booting };
        let graph = plan(&inputs, &facts, &goal).expect("a graph");
        graph.nodes().keys().filter(|id| id.stage() == "boot").map(|id| id.subject().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(booted(Booting::Only("other".to_owned())), ["box/other"]);
    assert_eq!(booted(Booting::All), ["box/other", "box/start"]);
    assert!(booted(Booting::Nothing).is_empty());
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

/// Two libraries that need each other; the variant of `lib` breaks it.
fn knotted() -> (Inputs, Facts) {
    let (mut inputs, mut facts) = toy();
    inputs.components.insert("tool".to_owned(), component("tool"));
    let users = BTreeSet::from(["tool".to_owned()]);
    let conditionals =
        Conditionals { with: BTreeSet::from(["small".to_owned()]), without: BTreeSet::from(["doc".to_owned()]) };
    inputs.bootstrap.insert("lib".to_owned(), Bootstrap { conditionals, users });
    let packages = "package lib-devel 1-1 x86_64\nprovides lib-devel = 1-1";
    facts.insert("lib".to_owned(), fact("lib", "tool", packages));
    facts.insert("lib~bootstrap".to_owned(), fact("lib", "gcc", packages));
    facts.insert("tool".to_owned(), fact("tool", "lib-devel", "package tool 1-1 x86_64\nprovides tool = 1-1"));
    (inputs, facts)
}

#[test]
fn a_bootstrap_variant_is_built_and_never_signed_or_shipped() {
    let (inputs, facts) = knotted();
    let graph = plan(&inputs, &facts, &Goal::Release).expect("a graph");
    let variants: Vec<&str> = graph.nodes().keys().map(|id| id.0.as_str()).filter(|id| id.contains('~')).collect();
    assert_eq!(variants, ["rpm:lib~bootstrap", "srpm:lib~bootstrap"]);
    let users: Vec<&str> = graph
        .nodes()
        .keys()
        .filter(|id| graph.needs(id).contains(&NodeId("rpm:lib~bootstrap".to_owned())))
        .map(|id| id.0.as_str())
        .collect();
    assert_eq!(users, ["buildinfo:tool", "provenance:tool", "rpm:tool"]);
}

#[test]
fn builds_are_made_and_asked_with_the_conditionals_of_set_and_variant() {
    let (mut inputs, facts) = knotted();
    inputs.components.get_mut("lib").expect("a component").conditionals.without.insert("tests".to_owned());
    let names = BTreeSet::from(["lib".to_owned(), "lib~bootstrap".to_owned()]);
    let macros = Facts::from([("azurelinux-rpm-config".to_owned(), fact("azurelinux-rpm-config", "", ""))]);
    let asked = plan(&inputs, &macros, &Goal::Facts(names)).expect("a graph");
    let built = plan(&inputs, &facts, &Goal::Release).expect("a graph");
    let command = |graph: &azl_action::Graph, node: &str| match &graph
        .get(&NodeId(node.to_owned()))
        .expect("a node")
        .derivation
    {
        azl_action::Work::Run(run) => run.command.join(" "),
        other => panic!("{} is no command", other.kind()),
    };
    for command in [
        command(&asked, "query:lib~bootstrap"),
        command(&built, "srpm:lib~bootstrap"),
        command(&built, "rpm:lib~bootstrap"),
    ] {
        let all = "--define _without_tests 1 --define _with_small 1 --define _without_doc 1";
        assert!(command.ends_with(all), "{command}");
    }
    for command in [command(&asked, "query:lib"), command(&built, "rpm:lib")] {
        assert!(command.ends_with("--define _without_tests 1"), "{command}");
    }
}

#[test]
fn both_stages_are_in_one_graph_and_the_second_is_shipped() {
    let (mut inputs, mut facts) = toy();
    let compiler = "package gcc 1-1 x86_64\nprovides gcc = 1-1\nprovides lib-devel";
    facts.insert("lib".to_owned(), fact("lib", "gcc", compiler));
    inputs.stage2 = Some(Stage2 { packages: vec!["app".to_owned()], fixups: blob("stage2.layer.json") });
    let graph = plan(&inputs, &facts, &Goal::Release).expect("a graph");
    let needs =
        |node: &str| -> Vec<&str> { graph.needs(&NodeId(node.to_owned())).iter().map(|id| id.0.as_str()).collect() };
    assert_eq!(needs("rpm:app"), ["rpm:azurelinux-rpm-config", "rpm:lib", "seed:build", "srpm:app"]);
    assert_eq!(needs("rpm:app@2"), ["rpm:app", "rpm:lib", "srpm:app@2"]);
    assert_eq!(needs("srpm:app@2"), ["rpm:app", "rpm:lib"]);
    assert_eq!(needs("sign:app"), ["rpm:app@2", "srpm:app@2"]);
}

#[test]
fn a_component_for_another_architecture_is_left_out_and_refused_by_name() {
    let (inputs, mut facts) = toy();
    facts.get_mut("app").expect("app").exclusive_arch.push("aarch64".to_owned());
    let graph = plan(&inputs, &facts, &Goal::Repositories).expect("a graph");
    assert!(graph.nodes().keys().all(|id| id.subject() != "app"));
    let errors =
        plan(&inputs, &facts, &Goal::Packages(BTreeSet::from(["app".to_owned()]))).expect_err("it is left out");
    let expected = PlanError::OtherArch {
        component: "app".to_owned(),
        arch: "x86_64".to_owned(),
        said: "ExclusiveArch: aarch64".to_owned(),
    };
    assert_eq!(errors, [expected]);
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
