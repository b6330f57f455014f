//! `image` and `boot`: one image from the signed repositories, and what it does when it runs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use azl_action::ports::BlobStore;
use azl_host::clock::Stopwatch;
use azl_plan::release::Goal;
use azl_plan::{Inputs, boot as boot_stage, image as image_stage};

use crate::error::Failure;
use crate::events::{Event, Reporter};
use crate::facts;
use crate::realise::{Realised, realise};
use crate::session::Session;

/// Composes an image and returns its files: name → path in the store.
///
/// # Errors
/// If a package does not build or the image cannot be composed of them.
pub fn compose(
    inputs: &Inputs,
    name: &str,
    session: &Session,
    reporter: &dyn Reporter,
) -> Result<BTreeMap<String, PathBuf>, Failure> {
    let realised = run(inputs, name, false, session, reporter)?;
    let mut files = BTreeMap::new();
    for (file, digest) in realised.outputs(&image_stage::node(name)) {
        files.insert(file.clone(), session.ports.store.path(*digest)?);
    }
    Ok(files)
}

/// Boots an image and returns the report, as JSON.
///
/// # Errors
/// If it cannot be composed or its verdict is not `passed`.
pub fn boot(inputs: &Inputs, name: &str, session: &Session, reporter: &dyn Reporter) -> Result<String, Failure> {
    let realised = run(inputs, name, true, session, reporter)?;
    let report = realised.outputs(&boot_stage::node(name)).get("report.json").copied();
    let Some(report) = report else {
        return Err(Failure::configuration("no-scenario", format!("image `{name}` says nothing about how it is run")));
    };
    Ok(String::from_utf8_lossy(&session.ports.store.read(report)?).into_owned())
}

fn run(
    inputs: &Inputs,
    name: &str,
    boot: bool,
    session: &Session,
    reporter: &dyn Reporter,
) -> Result<Realised, Failure> {
    let watch = Stopwatch::start();
    let policy = &session.settings.policy;
    let (facts, mut realised) = facts::learn(inputs, &session.ports, reporter, policy)?;
    let goal = Goal::Images { names: BTreeSet::from([name.to_owned()]), boot };
    let graph = azl_plan::plan(inputs, &facts, &goal)?;
    reporter.report(&Event::Stage { name: "image".to_owned(), nodes: graph.nodes().len() });
    realised.merge(realise(&graph, &session.ports, reporter, policy)?);
    reporter.report(&realised.summary(watch.seconds()));
    Ok(realised)
}
