//! `image` and `boot`: one image from the signed repositories, what is in it, and what it does when it runs.

pub mod held;
pub mod sizes;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use azl_action::ports::BlobStore;
use azl_host::clock::Stopwatch;
use azl_host::files;
use azl_image::Listing;
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

/// Composes an image and returns what it holds.
///
/// # Errors
/// As [`compose`].
pub fn listing(inputs: &Inputs, name: &str, session: &Session, reporter: &dyn Reporter) -> Result<Listing, Failure> {
    let composed = compose(inputs, name, session, reporter)?;
    let path = composed.get(&format!("{name}{LISTING}"));
    read_listing(path.ok_or_else(|| Failure::Infrastructure(format!("image `{name}` has no list of files")))?)
}

/// Name of an image's listing behind the image's own.
pub const LISTING: &str = ".files.json";

/// Reads a listing that a release or an earlier run wrote.
///
/// # Errors
/// If it is not there, or is none.
pub fn read_listing(path: &Path) -> Result<Listing, Failure> {
    let bytes = files::read(path)?;
    let no_listing =
        |error| Failure::configuration("no-listing", format!("`{}` lists no image: {error}", path.display()));
    serde_json::from_slice(&bytes).map_err(no_listing)
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
