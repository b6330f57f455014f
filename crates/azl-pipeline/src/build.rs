//! `build`: packages of chosen components, without signing or images.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use azl_action::ports::BlobStore;
use azl_host::clock::Stopwatch;
use azl_plan::release::Goal;
use azl_plan::{Inputs, build, builds};

use crate::error::Failure;
use crate::events::{Event, Reporter};
use crate::facts;
use crate::realise::realise;
use crate::session::Session;

/// Builds the components and returns their packages: file name → path in the store.
///
/// # Errors
/// If anything they need does not build.
pub fn build(
    inputs: &Inputs,
    names: &BTreeSet<String>,
    session: &Session,
    reporter: &dyn Reporter,
) -> Result<BTreeMap<String, PathBuf>, Failure> {
    let watch = Stopwatch::start();
    let policy = &session.settings.policy;
    let (facts, mut realised) = facts::learn_for(inputs, names, &session.ports, reporter, policy)?;
    let graph = azl_plan::plan(inputs, &facts, &Goal::Packages(names.clone()))?;
    reporter.report(&Event::Stage { name: "build".to_owned(), nodes: graph.nodes().len() });
    realised.merge(realise(&graph, &session.ports, reporter, policy)?);
    reporter.report(&realised.summary(watch.seconds()));
    let mut packages = BTreeMap::new();
    for name in names {
        let shipped = builds::shipped(inputs, name);
        for node in [build::srpm_node(&shipped), build::rpm_node(&shipped)] {
            for (file, digest) in realised.outputs(&node) {
                packages.insert(file.clone(), session.ports.store.path(*digest)?);
            }
        }
    }
    Ok(packages)
}
