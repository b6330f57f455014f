//! Learning what planning cannot know by itself: rpm is asked in the sandbox, and its answers become values.
//!
//! Not here: when there is enough to go on; `azl_plan::generated` says so.

use std::collections::{BTreeMap, BTreeSet};

use azl_action::NodeId;
use azl_action::ports::BlobStore;
use azl_plan::release::Goal;
use azl_plan::{Facts, Inputs, MACROS, SpecFacts, builds, facts, generated, query};

use crate::error::Failure;
use crate::events::{Event, Reporter};
use crate::ports::Ports;
use crate::realise::{Policy, Realised, realise};

/// Learns the facts of every component of the inputs.
///
/// # Errors
/// If a spec does not parse, or something needed to learn more does not build.
pub fn learn(
    inputs: &Inputs,
    ports: &Ports,
    reporter: &dyn Reporter,
    policy: &Policy,
) -> Result<(Facts, Realised), Failure> {
    learn_for(inputs, &inputs.components.keys().cloned().collect(), ports, reporter, policy)
}

/// Learns the facts of every component, and what `wanted` ones and all they need find out only by running.
///
/// The macros component is asked first, with rpm's own macros, then built; the others are asked with its macros. Specs that
/// generate BuildRequires are then run, round by round, in roots of what they are known to need.
///
/// # Errors
/// If a spec does not parse, something needed to learn more does not build, or generated BuildRequires do not settle.
pub fn learn_for(
    inputs: &Inputs,
    wanted: &BTreeSet<String>,
    ports: &Ports,
    reporter: &dyn Reporter,
    policy: &Policy,
) -> Result<(Facts, Realised), Failure> {
    let mut learning = Learning { inputs, ports, reporter, policy, facts: Facts::new(), realised: Realised::default() };
    learning.query(BTreeSet::from([MACROS.to_owned()]))?;
    learning.query(builds::with_facts(inputs).collect())?;
    for (component, said) in azl_plan::unfit(inputs, &learning.facts) {
        let message = format!("`{component}` is not built for {}: its spec says {said}", inputs.arch);
        reporter.report(&Event::Note { message });
    }
    learning.follow(wanted)?;
    Ok((learning.facts, learning.realised))
}

struct Learning<'a> {
    inputs: &'a Inputs,
    ports: &'a Ports,
    reporter: &'a dyn Reporter,
    policy: &'a Policy,
    facts: Facts,
    realised: Realised,
}

impl Learning<'_> {
    fn query(&mut self, builds: BTreeSet<String>) -> Result<(), Failure> {
        self.realise(&Goal::Facts(builds.clone()))?;
        for build in builds {
            let texts = self.read(&query::node(&build), &facts::FILES)?;
            let learnt = SpecFacts::parse(&texts).map_err(|error| Failure::Build(format!("`{build}`: {error}")))?;
            self.facts.insert(build, learnt);
        }
        Ok(())
    }

    fn follow(&mut self, wanted: &BTreeSet<String>) -> Result<(), Failure> {
        loop {
            let rounds = generated::next(self.inputs, &self.facts, wanted)?;
            if rounds.is_empty() {
                return Ok(());
            }
            self.realise(&Goal::Requires(rounds.clone()))?;
            for (build, round) in rounds {
                let texts = self.read(&generated::node(&build, round), &[generated::FOUND])?;
                let found = texts.values().flat_map(|text| facts::requirements(text)).collect();
                self.facts.entry(build).or_default().generated.push(found);
            }
        }
    }

    fn realise(&mut self, goal: &Goal) -> Result<(), Failure> {
        let graph = azl_plan::plan(self.inputs, &self.facts, goal)?;
        self.reporter.report(&Event::Stage { name: "facts".to_owned(), nodes: graph.nodes().len() });
        self.realised.merge(realise(&graph, self.ports, self.reporter, self.policy)?);
        Ok(())
    }

    fn read(&self, node: &NodeId, names: &[&str]) -> Result<BTreeMap<String, String>, Failure> {
        let outputs = self.realised.outputs(node);
        let mut texts = BTreeMap::new();
        for (name, digest) in names.iter().filter_map(|name| Some((*name, outputs.get(*name)?))) {
            let bytes = self.ports.store.read(*digest)?;
            texts.insert(name.to_owned(), String::from_utf8_lossy(&bytes).into_owned());
        }
        Ok(texts)
    }
}
