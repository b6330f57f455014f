//! The build stage: rendered files → SRPM → RPMs.

use std::collections::BTreeMap;

use azl_action::{Demand, Hole, Node, NodeId, Run, Select, Work};
use azl_digest::Digest;

use crate::inputs::{Inputs, SeedSet};
use crate::requires::Needs;
use crate::{MACROS, SANDBOX_REVISION, builds, seed, source};

/// Scripts that run in the sandbox, by name. They are inputs like any other: a change of one is a change of its actions.
pub const SCRIPTS: [(&str, &str); 10] = [
    ("query.sh", include_str!("scripts/query.sh")),
    ("requires.sh", include_str!("scripts/requires.sh")),
    ("parse.sh", include_str!("scripts/parse.sh")),
    ("srpm.sh", include_str!("scripts/srpm.sh")),
    ("rpm.sh", include_str!("scripts/rpm.sh")),
    ("derive.sh", include_str!("scripts/derive.sh")),
    ("check-packages.sh", include_str!("scripts/check-packages.sh")),
    ("check-repository.sh", include_str!("scripts/check-repository.sh")),
    ("check-disk.sh", include_str!("scripts/check-disk.sh")),
    ("check-container.sh", include_str!("scripts/check-container.sh")),
];

/// Settings that make two builds of the same source give the same bytes (azurelinux-rpm-config has them too, for
/// whoever builds with it alone; its own build has only these).
const DETERMINISM: [&str; 5] = [
    "_topdir /builddir",
    "_buildhost reproducible.azl",
    "source_date_epoch_from_changelog 1",
    "use_source_date_epoch_as_buildtime 1",
    "build_mtime_policy clamp_to_source_date_epoch",
];

/// Returns the name of the node that makes the source package of a build.
pub fn srpm_node(build: &str) -> NodeId {
    NodeId::new("srpm", build)
}

/// Returns the name of the node that makes the packages of a build.
pub fn rpm_node(build: &str) -> NodeId {
    NodeId::new("rpm", build)
}

/// Returns a script as an input.
///
/// # Panics
/// If there is no such script, which is a mistake in this crate.
pub(crate) fn script(name: &str) -> Hole {
    let (_, text) = SCRIPTS.iter().find(|(known, _)| *known == name).expect("a script of this crate");
    Hole::blob(name, Digest::of(text.as_bytes()))
}

/// Returns the environment of a build: fixed words, plus what the seed's programs need where there is a seed.
pub(crate) fn environment(inputs: &Inputs, build: &str, needs: &Needs) -> BTreeMap<String, String> {
    if builds::is_second(build) {
        return fixed_environment();
    }
    let mut environment = seed_environment(seed::build_set(inputs));
    environment.extend(needs.tools.iter().flat_map(|tool| inputs.tools[tool].set.environment.clone()));
    environment
}

/// Returns the environment of a command in a root of the seed.
pub(crate) fn seed_environment(set: &SeedSet) -> BTreeMap<String, String> {
    let mut environment = fixed_environment();
    environment.extend(set.environment.clone());
    environment
}

fn fixed_environment() -> BTreeMap<String, String> {
    let fixed = [
        ("HOME", "/builddir"),
        ("LC_ALL", "C.UTF-8"),
        ("LOGNAME", "builder"),
        ("PATH", "/usr/bin:/usr/sbin"),
        ("SHELL", "/usr/bin/bash"),
        ("TZ", "UTC"),
        ("USER", "builder"),
    ];
    fixed.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Returns rpm's settings of every build, as arguments.
pub(crate) fn defines() -> impl Iterator<Item = String> {
    DETERMINISM.into_iter().flat_map(|setting| ["--define".to_owned(), setting.to_owned()])
}

/// Adds what makes the packages of one build.
pub(crate) fn insert(inputs: &Inputs, name: &str, needs: &Needs, nodes: &mut BTreeMap<NodeId, Node>) {
    let component = builds::input(inputs, name);
    insert_srpm(inputs, name, needs, nodes);
    let weight = 60 + component.sources.values().map(|wanted| wanted.size.unwrap_or(0) / 200_000).sum::<u64>();
    let weight = u32::try_from(weight).unwrap_or(u32::MAX);
    let build = Node::new(Work::Run(rpm(inputs, name, needs)), weight).demanding(match component.expensive {
        true => Demand::EXPENSIVE,
        false => Demand::BUILD,
    });
    nodes.insert(rpm_node(name), build);
}

/// Adds what makes the source package of one build.
pub(crate) fn insert_srpm(inputs: &Inputs, name: &str, needs: &Needs, nodes: &mut BTreeMap<NodeId, Node>) {
    source::nodes(builds::component_of(name), builds::input(inputs, name), nodes);
    nodes.insert(srpm_node(name), Node::new(Work::Run(srpm(inputs, name, needs)), 10));
}

fn srpm(inputs: &Inputs, name: &str, needs: &Needs) -> Run<Vec<Hole>> {
    let component = builds::input(inputs, name);
    let command = ["/usr/bin/bash", "/in/script/srpm.sh", &component.spec].map(str::to_owned);
    let mut run = Run {
        arch: inputs.arch,
        command: command.into_iter().chain(defines()).chain(builds::conditionals(inputs, name)).collect(),
        env: environment(inputs, name, &Needs::default()),
        // The seed has rpmbuild; without it there is the root that the packages are built in.
        root: match builds::is_second(name) {
            true => buildroot(inputs, name, needs),
            false => base_root(inputs, name),
        },
        inputs: BTreeMap::from([
            ("files".to_owned(), component.files.iter().cloned().map(Hole::Known).collect()),
            ("script".to_owned(), vec![script("srpm.sh")]),
        ]),
        timeout: 900,
        as_root: false,
        sandbox_revision: SANDBOX_REVISION,
    };
    if !component.sources.is_empty() {
        run.inputs.insert("sources".to_owned(), source::holes(builds::component_of(name), component));
    }
    run
}

fn rpm(inputs: &Inputs, name: &str, needs: &Needs) -> Run<Vec<Hole>> {
    let command = ["/usr/bin/bash", "/in/script/rpm.sh"].map(str::to_owned);
    Run {
        arch: inputs.arch,
        command: command.into_iter().chain(defines()).chain(builds::conditionals(inputs, name)).collect(),
        env: environment(inputs, name, needs),
        root: buildroot(inputs, name, needs),
        inputs: BTreeMap::from([
            ("script".to_owned(), vec![script("rpm.sh")]),
            ("srpm".to_owned(), vec![Hole::outputs(&srpm_node(name), Select::SourcePackages)]),
        ]),
        timeout: 7200,
        as_root: false,
        sandbox_revision: SANDBOX_REVISION,
    }
}

/// Returns the layers of a build's root: the seed, its tools and our macros in stage 1, and our own packages that it needs.
pub(crate) fn buildroot(inputs: &Inputs, name: &str, needs: &Needs) -> Vec<Hole> {
    let (mut root, mut assume) = match builds::is_second(name) {
        true => (fixups(inputs), Vec::new()),
        false => (base_root(inputs, name), seed::build_set(inputs).provides.clone()),
    };
    for tool in &needs.tools {
        let set = &inputs.tools[tool].set;
        root.extend(seed::layers(&seed::tool_set(tool), set));
        assume.extend(set.provides.iter().cloned());
    }
    if !needs.wants.is_empty() {
        let nodes = needs.from.keys().map(|build| rpm_node(build)).collect();
        root.push(Hole::Closure { wants: needs.wants.clone(), nodes, assume });
    }
    root
}

/// Returns the layers of a root in which nothing is compiled.
fn base_root(inputs: &Inputs, name: &str) -> Vec<Hole> {
    let mut root = seed::layers("build", seed::build_set(inputs));
    if builds::component_of(name) != MACROS {
        root.push(Hole::outputs(&rpm_node(MACROS), Select::BinaryRpms));
    }
    root
}

fn fixups(inputs: &Inputs) -> Vec<Hole> {
    inputs.stage2.iter().map(|stage| Hole::Known(stage.fixups.clone())).collect()
}
