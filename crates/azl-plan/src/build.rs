//! The build stage: rendered files → SRPM → RPMs.

use std::collections::BTreeMap;

use azl_action::{Demand, Hole, Node, NodeId, Run, Select, Work};
use azl_digest::Digest;

use crate::inputs::{ComponentInput, Inputs, SeedSet};
use crate::requires::Needs;
use crate::{MACROS, SANDBOX_REVISION, seed, source};

/// Scripts that run in the sandbox, by name. They are inputs like any other: a change of one is a change of its actions.
pub const SCRIPTS: [(&str, &str); 9] = [
    ("query.sh", include_str!("scripts/query.sh")),
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

/// Returns the name of the node that makes a component's source package.
pub fn srpm_node(component: &str) -> NodeId {
    NodeId::new("srpm", component)
}

/// Returns the name of the node that builds a component.
pub fn rpm_node(component: &str) -> NodeId {
    NodeId::new("rpm", component)
}

/// Returns a script as an input.
///
/// # Panics
/// If there is no such script, which is a mistake in this crate.
pub(crate) fn script(name: &str) -> Hole {
    let (_, text) = SCRIPTS.iter().find(|(known, _)| *known == name).expect("a script of this crate");
    Hole::blob(name, Digest::of(text.as_bytes()))
}

/// Returns the environment of every build: fixed words, plus what the seed's programs need.
pub(crate) fn environment(set: &SeedSet) -> BTreeMap<String, String> {
    let fixed = [
        ("HOME", "/builddir"),
        ("LC_ALL", "C.UTF-8"),
        ("LOGNAME", "builder"),
        ("PATH", "/usr/bin:/usr/sbin"),
        ("SHELL", "/usr/bin/bash"),
        ("TZ", "UTC"),
        ("USER", "builder"),
    ];
    let mut environment: BTreeMap<String, String> =
        fixed.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    environment.extend(set.environment.clone());
    environment
}

/// Returns rpm's settings of every build, as arguments.
pub(crate) fn defines() -> impl Iterator<Item = String> {
    DETERMINISM.into_iter().flat_map(|setting| ["--define".to_owned(), setting.to_owned()])
}

pub(crate) fn insert(
    inputs: &Inputs,
    name: &str,
    component: &ComponentInput,
    needs: &Needs,
    nodes: &mut BTreeMap<NodeId, Node>,
) {
    source::nodes(name, component, nodes);
    nodes.insert(srpm_node(name), Node::new(Work::Run(srpm(inputs, name, component)), 10));
    let weight = 60 + component.sources.values().map(|wanted| wanted.size.unwrap_or(0) / 200_000).sum::<u64>();
    let weight = u32::try_from(weight).unwrap_or(u32::MAX);
    let build = Node::new(Work::Run(rpm(inputs, name, needs)), weight).demanding(match component.expensive {
        true => Demand::EXPENSIVE,
        false => Demand::BUILD,
    });
    nodes.insert(rpm_node(name), build);
}

fn srpm(inputs: &Inputs, name: &str, component: &ComponentInput) -> Run<Vec<Hole>> {
    let set = seed::build_set(inputs);
    let mut root = seed::layers("build", set);
    root.extend(macros_layer(name));
    let command = ["/usr/bin/bash", "/in/script/srpm.sh", &component.spec].map(str::to_owned);
    let mut run = Run {
        arch: inputs.arch,
        command: command.into_iter().chain(defines()).collect(),
        env: environment(set),
        root,
        inputs: BTreeMap::from([
            ("files".to_owned(), component.files.iter().cloned().map(Hole::Known).collect()),
            ("script".to_owned(), vec![script("srpm.sh")]),
        ]),
        timeout: 900,
        as_root: false,
        sandbox_revision: SANDBOX_REVISION,
    };
    if !component.sources.is_empty() {
        run.inputs.insert("sources".to_owned(), source::holes(name, component));
    }
    run
}

fn macros_layer(name: &str) -> Option<Hole> {
    (name != MACROS).then(|| Hole::outputs(&rpm_node(MACROS), Select::BinaryRpms))
}

fn rpm(inputs: &Inputs, name: &str, needs: &Needs) -> Run<Vec<Hole>> {
    let set = seed::build_set(inputs);
    let command = ["/usr/bin/bash", "/in/script/rpm.sh"].map(str::to_owned);
    Run {
        arch: inputs.arch,
        command: command.into_iter().chain(defines()).collect(),
        env: environment(set),
        root: buildroot(inputs, name, needs),
        inputs: BTreeMap::from([
            ("script".to_owned(), vec![script("rpm.sh")]),
            ("srpm".to_owned(), vec![Hole::outputs(&srpm_node(name), Select::Suffix(".src.rpm".to_owned()))]),
        ]),
        timeout: 7200,
        as_root: false,
        sandbox_revision: SANDBOX_REVISION,
    }
}

/// Returns the layers of a component's buildroot: the seed, our macros, and our own packages that its
/// BuildRequires need.
pub(crate) fn buildroot(inputs: &Inputs, name: &str, needs: &Needs) -> Vec<Hole> {
    let set = seed::build_set(inputs);
    let mut root = seed::layers("build", set);
    root.extend(macros_layer(name));
    if !needs.wants.is_empty() {
        root.push(Hole::Closure {
            wants: needs.wants.clone(),
            nodes: needs.from.iter().map(|component| rpm_node(component)).collect(),
            assume: set.provides.clone(),
        });
    }
    root
}
