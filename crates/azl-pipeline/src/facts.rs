//! Learning what planning cannot know by itself: rpm is asked in the sandbox, and its answers become values.

use std::collections::{BTreeMap, BTreeSet};

use azl_action::ports::BlobStore;
use azl_plan::release::Goal;
use azl_plan::{Facts, Inputs, MACROS, SpecFacts, facts::FILES, query};

use crate::error::Failure;
use crate::events::{Event, Reporter};
use crate::ports::Ports;
use crate::realise::{Policy, Realised, realise};

/// Learns the facts of every component of the inputs.
///
/// The macros component is asked first, with rpm's own macros, then built; the others are asked with its macros.
///
/// # Errors
/// If a spec does not parse or the macros component does not build.
pub fn learn(
    inputs: &Inputs,
    ports: &Ports,
    reporter: &dyn Reporter,
    policy: &Policy,
) -> Result<(Facts, Realised), Failure> {
    let mut facts = Facts::new();
    let mut realised = Realised::default();
    let rounds = [BTreeSet::from([MACROS.to_owned()]), inputs.components.keys().cloned().collect()];
    for names in rounds {
        let graph = azl_plan::plan(inputs, &facts, &Goal::Facts(names.clone()))?;
        reporter.report(&Event::Stage { name: "facts".to_owned(), nodes: graph.nodes().len() });
        realised.merge(realise(&graph, ports, reporter, policy)?);
        for name in names {
            facts.insert(name.clone(), read(&realised, ports, &name)?);
        }
    }
    Ok((facts, realised))
}

fn read(realised: &Realised, ports: &Ports, component: &str) -> Result<SpecFacts, Failure> {
    let outputs = realised.outputs(&query::node(component));
    let mut files = BTreeMap::new();
    for name in FILES {
        if let Some(digest) = outputs.get(name) {
            let bytes = ports.store.read(*digest)?;
            files.insert(name.to_owned(), String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Ok(SpecFacts::parse(&files))
}
