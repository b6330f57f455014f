//! The whole graph of a release, as far as the facts allow.

use std::collections::{BTreeMap, BTreeSet};

use azl_action::{Graph, GraphError, Node, NodeId};

use crate::facts::Facts;
use crate::inputs::Inputs;
use crate::parse::Specs;
use crate::requires::{self, Needs};
use crate::{MACROS, attest, boot, build, buildinfo, check, clashes, image, parse, query, repo, seed, sign};

/// Input that cannot be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A BuildRequires leads nowhere.
    #[error(
        "`{component}` needs `{capability}`, which neither a component of the release set nor the seed provides\n  hint: add a component that provides it, or list it under `provides` in overlays/distro/seed.toml if the seed has the tool"
    )]
    NobodyProvides {
        /// Who asks.
        component: String,
        /// For what.
        capability: String,
    },
    /// Components need each other to be built.
    #[error("BuildRequires go in a circle: {}", .0.join(" needs "))]
    Cycle(Vec<String>),
    /// Two components make a package of one name.
    #[error(
        "package `{package}` is made by `{}` and by `{}`\n  hint: remove it from one of them with an overlay `spec-remove-subpackage`",
        components[0],
        components[1]
    )]
    PackageTwice {
        /// Its name.
        package: String,
        /// Who makes it.
        components: [String; 2],
    },
    /// A component provides the name of another's package.
    #[error(
        "`{component}` provides `{package}`, which is a package of `{owner}`\n  hint: remove one of them: `spec-remove-dependency` with tag `Provides`, or `spec-remove-subpackage`"
    )]
    Usurped {
        /// Who provides it.
        component: String,
        /// The name.
        package: String,
        /// Whose it is.
        owner: String,
    },
    /// The stages do not fit together.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

/// How far a graph goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// Learn the facts of these components.
    Facts(BTreeSet<String>),
    /// Build the packages of these components.
    Packages(BTreeSet<String>),
    /// Everything up to signed repositories.
    Repositories,
    /// Compose these images; boot them too if asked.
    Images {
        /// Which images.
        names: BTreeSet<String>,
        /// Whether they are started and watched.
        boot: bool,
    },
    /// The whole release.
    Release,
    /// The whole release, read by independent tools.
    Checks,
    /// What rpm says of sets of specs.
    Specs(BTreeMap<String, Specs>),
}

/// Plans a goal with what is known.
///
/// Facts of the macros component must be there for any goal but its own facts; facts of every component
/// that is to be built must be there to build it.
///
/// # Errors
/// All names that two components claim; else all BuildRequires that lead nowhere, or a cycle.
pub fn plan(inputs: &Inputs, facts: &Facts, goal: &Goal) -> Result<Graph, Vec<PlanError>> {
    let mut nodes = BTreeMap::new();
    seed::nodes(inputs, &mut nodes);
    let claims = clashes::find(facts);
    if !claims.is_empty() {
        return Err(claims);
    }
    let needs = requires::resolve(facts, &inputs.seed["build"].provides)?;
    match goal {
        Goal::Facts(names) => insert_queries(inputs, names, &needs, &mut nodes),
        Goal::Packages(names) => insert_builds(inputs, &with_needs(names, &needs), &needs, &mut nodes),
        Goal::Repositories => insert_repositories(inputs, &needs, &mut nodes),
        Goal::Images { names, boot } => {
            insert_repositories(inputs, &needs, &mut nodes);
            insert_images(inputs, names, *boot, &mut nodes);
        }
        Goal::Release => insert_release(inputs, &needs, &mut nodes),
        Goal::Checks => {
            insert_release(inputs, &needs, &mut nodes);
            check::insert(inputs, &mut nodes);
        }
        Goal::Specs(sets) => {
            insert_macros(inputs, &needs, &mut nodes);
            for (name, specs) in sets {
                parse::insert(inputs, name, specs, &mut nodes);
            }
        }
    }
    drop_unused_seed(&mut nodes);
    Graph::new(nodes).map_err(|error| vec![error.into()])
}

fn insert_queries(
    inputs: &Inputs,
    names: &BTreeSet<String>,
    needs: &BTreeMap<String, Needs>,
    nodes: &mut BTreeMap<NodeId, Node>,
) {
    for name in names {
        query::insert(inputs, name, &inputs.components[name], nodes);
    }
    insert_macros(inputs, needs, nodes);
}

fn insert_macros(inputs: &Inputs, needs: &BTreeMap<String, Needs>, nodes: &mut BTreeMap<NodeId, Node>) {
    if let Some(needs) = needs.get(MACROS) {
        build::insert(inputs, MACROS, &inputs.components[MACROS], needs, nodes);
    }
}

/// Adds the components that others need, and the macros that all need.
fn with_needs(names: &BTreeSet<String>, needs: &BTreeMap<String, Needs>) -> BTreeSet<String> {
    let mut all = names.clone();
    all.insert(MACROS.to_owned());
    for name in names {
        all.extend(needs.get(name).into_iter().flat_map(|needs| needs.from.iter().cloned()));
    }
    all
}

fn insert_builds(
    inputs: &Inputs,
    names: &BTreeSet<String>,
    needs: &BTreeMap<String, Needs>,
    nodes: &mut BTreeMap<NodeId, Node>,
) {
    for name in names {
        build::insert(inputs, name, &inputs.components[name], &needs[name], nodes);
    }
}

fn insert_repositories(inputs: &Inputs, needs: &BTreeMap<String, Needs>, nodes: &mut BTreeMap<NodeId, Node>) {
    insert_builds(inputs, &inputs.components.keys().cloned().collect(), needs, nodes);
    for name in inputs.components.keys() {
        sign::insert(inputs, name, nodes);
    }
    repo::insert(inputs, nodes);
}

fn insert_images(inputs: &Inputs, names: &BTreeSet<String>, with_boot: bool, nodes: &mut BTreeMap<NodeId, Node>) {
    for name in names {
        image::insert(inputs, name, &inputs.images[name], nodes);
        if with_boot {
            boot::insert(inputs, name, &inputs.images[name], nodes);
        }
    }
}

fn insert_release(inputs: &Inputs, needs: &BTreeMap<String, Needs>, nodes: &mut BTreeMap<NodeId, Node>) {
    insert_repositories(inputs, needs, nodes);
    insert_images(inputs, &inputs.images.keys().cloned().collect(), true, nodes);
    attest::insert_repositories(inputs, nodes);
    for (name, component) in &inputs.components {
        attest::insert_component(inputs, name, component, &needs[name], nodes);
        buildinfo::insert(inputs, name, component, nodes);
    }
    for (name, image) in &inputs.images {
        attest::insert_image(inputs, name, image, nodes);
    }
}

/// A set of the seed that nothing uses is not fetched.
fn drop_unused_seed(nodes: &mut BTreeMap<NodeId, Node>) {
    let used: BTreeSet<NodeId> = nodes.values().flat_map(|node| node.derivation.needs()).collect();
    nodes.retain(|id, _| id.stage() != "seed" || used.contains(id));
}
