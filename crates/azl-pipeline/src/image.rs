//! `image` and `boot`: one image from the signed repositories, what is in it, and what it does when it runs.

pub mod held;
pub mod omissions;
pub mod sizes;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use azl_action::Blob;
use azl_action::ports::BlobStore;
use azl_boot::Report;
use azl_diagnostics::Diagnostic;
use azl_host::clock::Stopwatch;
use azl_host::files;
use azl_image::Listing;
use azl_plan::boot::Booting;
use azl_plan::release::Goal;
use azl_plan::{Inputs, boot as boot_stage, image as image_stage};

use crate::error::Failure;
use crate::events::{Event, Reporter};
use crate::facts;
use crate::image::omissions::Omissions;
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
    let realised = run(inputs, name, &Booting::Nothing, session, reporter)?;
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

/// Composes an image and returns what is not true of its list of omissions.
///
/// # Errors
/// As [`compose`].
pub fn contradictions(
    inputs: &Inputs,
    (name, omissions): (&str, &Omissions),
    session: &Session,
    reporter: &dyn Reporter,
) -> Result<Vec<String>, Failure> {
    let image = listing(inputs, name, session, reporter)?;
    let (facts, _) = facts::learn(inputs, &session.ports, reporter, &session.settings.policy)?;
    let release = facts.values().flat_map(|spec| &spec.packages).map(|package| package.nevra.name.as_str()).collect();
    Ok(omissions.contradictions(&image.packages.keys().map(String::as_str).collect(), &release))
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

/// Composes an image and returns its disk.
///
/// # Errors
/// If it cannot be composed, or is none for a machine.
pub fn disk(inputs: &Inputs, name: &str, session: &Session, reporter: &dyn Reporter) -> Result<Blob, Failure> {
    let realised = run(inputs, name, &Booting::Nothing, session, reporter)?;
    let outputs = realised.outputs(&image_stage::node(name));
    let disk = outputs.iter().find(|(file, _)| file.ends_with(".vhd"));
    let disk = disk.map(|(file, digest)| Blob { name: file.clone(), digest: *digest });
    disk.ok_or_else(|| Failure::configuration("no-disk", format!("image `{name}` is no disk for a machine")))
}

/// Takes an image through its scenarios, or one of them, and returns the reports, by scenario.
///
/// # Errors
/// If it cannot be composed, has no such scenario, or a verdict is not `passed`.
pub fn boot(
    inputs: &Inputs,
    name: &str,
    scenario: Option<&str>,
    session: &Session,
    reporter: &dyn Reporter,
) -> Result<BTreeMap<String, Report>, Failure> {
    let chosen = chosen(inputs, name, scenario)?;
    let booting = scenario.map_or(Booting::All, |scenario| Booting::Only(scenario.to_owned()));
    let realised = run(inputs, name, &booting, session, reporter)?;
    let mut reports = BTreeMap::new();
    for scenario in chosen {
        let outputs = realised.outputs(&boot_stage::node(name, scenario));
        let Some(report) = outputs.get("report.json") else { continue };
        let report: Report = serde_json::from_slice(&session.ports.store.read(*report)?)
            .map_err(|error| Failure::Infrastructure(format!("the report of `{scenario}` cannot be read: {error}")))?;
        reports.insert(scenario.clone(), report);
    }
    Ok(reports)
}

fn chosen<'i>(inputs: &'i Inputs, name: &str, scenario: Option<&str>) -> Result<Vec<&'i String>, Failure> {
    let known = inputs.images.get(name).map(|image| &image.scenarios);
    let all: Vec<&String> = known.into_iter().flat_map(BTreeMap::keys).collect();
    let found: Vec<&String> =
        all.iter().copied().filter(|known| scenario.is_none_or(|wanted| *known == wanted)).collect();
    match (found.is_empty(), scenario) {
        (false, _) => Ok(found),
        (true, Some(scenario)) if !all.is_empty() => {
            let known: Vec<&str> = all.into_iter().map(String::as_str).collect();
            let mistake = Diagnostic::error("no-scenario", format!("image `{name}` has no scenario `{scenario}`"));
            Err(Failure::Configuration(vec![mistake.hint(format!("it has: {}", known.join(", ")))]))
        }
        (true, _) => {
            Err(Failure::configuration("no-scenario", format!("image `{name}` says nothing about how it is run")))
        }
    }
}

fn run(
    inputs: &Inputs,
    name: &str,
    booting: &Booting,
    session: &Session,
    reporter: &dyn Reporter,
) -> Result<Realised, Failure> {
    let watch = Stopwatch::start();
    let policy = &session.settings.policy;
    let (facts, mut realised) = facts::learn(inputs, &session.ports, reporter, policy)?;
    let goal = Goal::Images { names: BTreeSet::from([name.to_owned()]), booting: booting.clone() };
    let graph = azl_plan::plan(inputs, &facts, &goal)?;
    reporter.report(&Event::Stage { name: "image".to_owned(), nodes: graph.nodes().len() });
    realised.merge(realise(&graph, &session.ports, reporter, policy)?);
    reporter.report(&realised.summary(watch.seconds()));
    Ok(realised)
}
