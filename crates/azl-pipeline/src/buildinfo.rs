//! `buildinfo`: how components were built, as the documents that a release publishes, without their signatures.

use std::collections::{BTreeMap, BTreeSet};

use azl_action::ports::BlobStore;
use azl_attest::Buildinfo;
use azl_plan::release::Goal;
use azl_plan::{Inputs, buildinfo};

use crate::error::Failure;
use crate::events::{Event, Reporter};
use crate::facts;
use crate::realise::realise;
use crate::session::Session;

/// Builds the components, where they are not built yet, and returns what they were built with, by name.
///
/// # Errors
/// If anything they need does not build.
pub fn buildinfo(
    inputs: &Inputs,
    names: &BTreeSet<String>,
    session: &Session,
    reporter: &dyn Reporter,
) -> Result<BTreeMap<String, Buildinfo>, Failure> {
    let policy = &session.settings.policy;
    let (facts, _) = facts::learn_for(inputs, names, &session.ports, reporter, policy)?;
    let graph = azl_plan::plan(inputs, &facts, &Goal::Buildinfo(names.clone()))?;
    reporter.report(&Event::Stage { name: "buildinfo".to_owned(), nodes: graph.nodes().len() });
    let realised = realise(&graph, &session.ports, reporter, policy)?;
    let mut documents = BTreeMap::new();
    for name in names {
        for digest in realised.outputs(&buildinfo::node(name)).values() {
            let bytes = session.ports.store.read(*digest)?;
            let document = Buildinfo::parse(&bytes).map_err(|error| Failure::Build(error.to_string()))?;
            documents.insert(name.clone(), document);
        }
    }
    Ok(documents)
}
