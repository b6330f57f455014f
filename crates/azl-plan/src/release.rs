//! The whole graph of a release, as far as the facts allow.

use std::collections::{BTreeMap, BTreeSet};

use azl_action::{Graph, Node, NodeId};

use crate::boot::Booting;
use crate::error::PlanError;
use crate::facts::Facts;
use crate::generated::Rounds;
use crate::inputs::Inputs;
use crate::parse::Specs;
use crate::requires::{self, AllNeeds};
use crate::{
    MACROS, attest, boot, build, buildinfo, builds, check, clashes, fitting, generated, image, parse, query, repo,
    seed, sign,
};

/// How far a graph goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// Learn the facts of these builds.
    Facts(BTreeSet<String>),
    /// Run these rounds of generated BuildRequires.
    Requires(Rounds),
    /// Build the packages of these components.
    Packages(BTreeSet<String>),
    /// Build and sign the packages of these components, and say how.
    Buildinfo(BTreeSet<String>),
    /// Everything up to signed repositories.
    Repositories,
    /// Compose these images, and boot them as far as asked.
    Images {
        /// Which images.
        names: BTreeSet<String>,
        /// Which of their scenarios are run.
        booting: Booting,
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
/// Facts of the macros component must be there for any goal but its own facts; facts of every build that is to be made must
/// be there to make it.
///
/// # Errors
/// All names that two components claim; else all BuildRequires that lead nowhere, and all cycles.
pub fn plan(inputs: &Inputs, facts: &Facts, goal: &Goal) -> Result<Graph, Vec<PlanError>> {
    let errors = match goal {
        Goal::Packages(names) | Goal::Buildinfo(names) => fitting::check(inputs, facts, names.iter()),
        _ => Vec::new(),
    };
    let errors: Vec<PlanError> = errors.into_iter().chain(clashes::find(inputs, facts)).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let inputs = &*fitting::fitting(inputs, facts);
    let mut planning = Planning { inputs, needs: needs(inputs, facts, goal)?, nodes: BTreeMap::new() };
    seed::nodes(inputs, &mut planning.nodes);
    planning.insert(goal);
    drop_unused_seed(&mut planning.nodes);
    Graph::new(planning.nodes).map_err(|error| vec![error.into()])
}

/// Stage 2 is looked at only when something is to be built in it.
fn needs(inputs: &Inputs, facts: &Facts, goal: &Goal) -> Result<AllNeeds, Vec<PlanError>> {
    let mut needs = requires::resolve(inputs, facts)?;
    match (goal, &inputs.stage2) {
        (Goal::Facts(_) | Goal::Requires(_) | Goal::Specs(_), _) | (_, None) => {}
        (_, Some(stage)) => {
            let second = requires::resolve_second(inputs, facts, stage, &needs)?;
            needs.extend(second);
        }
    }
    Ok(needs)
}

struct Planning<'a> {
    inputs: &'a Inputs,
    needs: AllNeeds,
    nodes: BTreeMap<NodeId, Node>,
}

impl Planning<'_> {
    fn insert(&mut self, goal: &Goal) {
        match goal {
            Goal::Facts(names) => {
                for name in names {
                    query::insert(self.inputs, name, &mut self.nodes);
                }
                self.insert_macros();
            }
            Goal::Requires(rounds) => self.insert_rounds(rounds),
            Goal::Packages(names) => self.insert_builds(names.iter()),
            Goal::Buildinfo(names) => {
                self.insert_builds(names.iter());
                for name in names {
                    sign::insert(self.inputs, name, &mut self.nodes);
                    buildinfo::insert(self.inputs, name, &self.inputs.components[name], &mut self.nodes);
                }
            }
            Goal::Repositories => self.insert_repositories(),
            Goal::Images { names, booting } => {
                self.insert_repositories();
                self.insert_images(names, booting);
            }
            Goal::Release => self.insert_release(),
            Goal::Checks => {
                self.insert_release();
                check::insert(self.inputs, &mut self.nodes);
            }
            Goal::Specs(sets) => {
                self.insert_macros();
                for (name, specs) in sets {
                    parse::insert(self.inputs, name, specs, &mut self.nodes);
                }
            }
        }
    }

    /// Adds the macros that all builds need, once they are known.
    fn insert_macros(&mut self) {
        if self.needs.contains_key(MACROS) {
            self.insert_all(&BTreeSet::from([MACROS.to_owned()]));
        }
    }

    fn insert_rounds(&mut self, rounds: &Rounds) {
        let providers = rounds.keys().filter_map(|build| self.needs.get(build)).flat_map(|needs| needs.from.keys());
        let names = requires::reach(providers, &self.needs);
        self.insert_all(&names);
        self.insert_macros();
        for (build, round) in rounds {
            generated::insert(self.inputs, (build, *round), &self.needs[build], &mut self.nodes);
        }
    }

    /// Adds builds of components, as they are shipped, with all that they need.
    fn insert_builds<'n>(&mut self, components: impl Iterator<Item = &'n String>) {
        let shipped: Vec<String> = components.map(|component| builds::shipped(self.inputs, component)).collect();
        self.insert_all(&requires::reach(shipped.iter(), &self.needs));
        self.insert_macros();
    }

    fn insert_all(&mut self, names: &BTreeSet<String>) {
        for name in names {
            build::insert(self.inputs, name, &self.needs[name], &mut self.nodes);
        }
    }

    fn insert_repositories(&mut self) {
        self.insert_builds(self.inputs.components.keys());
        for name in self.inputs.components.keys() {
            sign::insert(self.inputs, name, &mut self.nodes);
        }
        repo::insert(self.inputs, &mut self.nodes);
    }

    fn insert_images(&mut self, names: &BTreeSet<String>, booting: &Booting) {
        for name in names {
            image::insert(self.inputs, name, &self.inputs.images[name], &mut self.nodes);
            boot::insert(self.inputs, name, booting, &mut self.nodes);
        }
    }

    fn insert_release(&mut self) {
        self.insert_repositories();
        self.insert_images(&self.inputs.images.keys().cloned().collect(), &Booting::All);
        attest::insert_repositories(self.inputs, &mut self.nodes);
        for (name, component) in &self.inputs.components {
            attest::insert_component(self.inputs, name, component, &self.needs, &mut self.nodes);
            buildinfo::insert(self.inputs, name, component, &mut self.nodes);
        }
        for (name, image) in &self.inputs.images {
            attest::insert_image(self.inputs, name, image, &mut self.nodes);
        }
    }
}

/// A set of the seed that nothing uses is not fetched.
fn drop_unused_seed(nodes: &mut BTreeMap<NodeId, Node>) {
    let mut unused: BTreeSet<NodeId> = nodes.keys().filter(|id| id.stage() == "seed").cloned().collect();
    for node in nodes.values() {
        if unused.is_empty() {
            return;
        }
        for need in node.derivation.holes().into_iter().flatten().flat_map(azl_action::Hole::nodes) {
            unused.remove(need);
        }
    }
    nodes.retain(|id, _| !unused.contains(id));
}
