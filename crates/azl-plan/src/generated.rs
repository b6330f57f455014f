//! BuildRequires that a spec finds by running (`%generate_buildrequires`), followed to their fixed point.
//!
//! A round is one node: the section is run in a root that holds everything known before. The fixed point is reached when a
//! round reports nothing that was not known before it. Not here: running rounds; `azl-pipeline` does, and plans again.
//!
//! **Invariant:** rounds only add. A requirement that is gone again, or a round beyond the tenth, is an error, since the
//! result would depend on where one stops.

use std::collections::{BTreeMap, BTreeSet};

use azl_action::{Demand, Hole, Node, NodeId, Run, Select, Work};

use crate::build::{self, script};
use crate::error::PlanError;
use crate::facts::{Facts, SpecFacts};
use crate::inputs::Inputs;
use crate::requires::{self, Needs};
use crate::{SANDBOX_REVISION, builds};

/// Name of the output: all BuildRequires, one on a line.
pub const FOUND: &str = "build-requires";

/// Rounds after which a spec is held never to end.
const MAX_ROUNDS: usize = 10;

/// Rounds to run, by build.
pub type Rounds = BTreeMap<String, usize>;

/// Returns the name of the node that runs a round, counted from 1.
pub fn node(build: &str, round: usize) -> NodeId {
    NodeId::new("requires", &format!("{build}@{round}"))
}

/// Returns the rounds to run next for `wanted` components and all they need; none at the fixed point.
///
/// A build is asked when everything it needs so far is settled, so that no package is built that a later round would change.
///
/// # Errors
/// What cannot be planned with the requirements found so far, or specs whose rounds do not come to an end.
pub fn next(inputs: &Inputs, facts: &Facts, wanted: &BTreeSet<String>) -> Result<Rounds, Vec<PlanError>> {
    if !facts.values().any(|facts| facts.generates) {
        return Ok(Rounds::new());
    }
    let needs = requires::resolve(inputs, facts)?;
    let wanted = requires::reach(wanted.iter().filter(|name| needs.contains_key(*name)), &needs);
    let (mut open, mut errors) = (Rounds::new(), Vec::new());
    for build in &wanted {
        match state(&facts[build]) {
            State::Settled => {}
            State::Next(round) => drop(open.insert(build.clone(), round)),
            State::Endless(why) => errors.push(endless(build, &facts[build], why)),
        }
    }
    let opened = open.clone();
    let waiting = requires::users(opened.keys().map(String::as_str), &needs);
    open.retain(|build, _| !waiting.contains(build.as_str()));
    if errors.is_empty() { Ok(open) } else { Err(errors) }
}

/// Returns whether nothing more can be found by running.
pub(crate) fn is_settled(facts: &SpecFacts) -> bool {
    state(facts) == State::Settled
}

/// Where a spec is on its way to the fixed point.
#[derive(Debug, PartialEq, Eq)]
enum State {
    Settled,
    Next(usize),
    Endless(&'static str),
}

fn state(facts: &SpecFacts) -> State {
    let written: BTreeSet<String> = facts.build_requires.iter().cloned().collect();
    let mut before = &BTreeSet::new();
    for round in &facts.generated {
        if before.iter().any(|known| !round.contains(known) && !written.contains(known)) {
            return State::Endless("a requirement of one round is gone in the next");
        }
        if round.iter().all(|found| before.contains(found) || written.contains(found)) {
            return State::Settled;
        }
        before = round;
    }
    match facts.generated.len() {
        _ if !facts.generates => State::Settled,
        MAX_ROUNDS.. => State::Endless("each of ten rounds found more"),
        done => State::Next(done + 1),
    }
}

fn endless(build: &str, facts: &SpecFacts, why: &'static str) -> PlanError {
    let mut before: BTreeSet<&String> = facts.build_requires.iter().collect();
    let mut rounds = Vec::new();
    for round in &facts.generated {
        let now: BTreeSet<&String> = round.iter().chain(&facts.build_requires).collect();
        let new = now.difference(&before).map(|found| format!("+ {found}"));
        let gone = before.difference(&now).map(|found| format!("- {found}"));
        rounds.push(new.chain(gone).collect::<Vec<_>>().join("  "));
        before = now;
    }
    PlanError::Endless { component: build.to_owned(), why, rounds }
}

pub(crate) fn insert(inputs: &Inputs, (name, round): (&str, usize), needs: &Needs, nodes: &mut BTreeMap<NodeId, Node>) {
    build::insert_srpm(inputs, name, needs, nodes);
    let command = ["/usr/bin/bash", "/in/script/requires.sh"].map(str::to_owned);
    let run = Run {
        arch: inputs.arch,
        command: command.into_iter().chain(build::defines()).chain(builds::conditionals(inputs, name)).collect(),
        env: build::environment(inputs, name, needs),
        root: build::buildroot(inputs, name, needs),
        inputs: BTreeMap::from([
            ("script".to_owned(), vec![script("requires.sh")]),
            ("srpm".to_owned(), vec![Hole::outputs(&build::srpm_node(name), Select::SourcePackages)]),
        ]),
        timeout: 1800,
        as_root: false,
        sandbox_revision: SANDBOX_REVISION,
    };
    nodes.insert(node(name, round), Node::new(Work::Run(run), 10).demanding(Demand::BUILD));
}

#[cfg(test)]
mod tests;
