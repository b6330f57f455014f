//! The end-to-end tier: the release is made, our own `verify` and independent tools read it, and damage is noticed.

mod hostile;

use std::fmt;

use azl_action::ports::BlobStore;
use azl_host::clock::Stopwatch;
use azl_host::files;
use azl_plan::release::Goal;
use azl_plan::{Facts, Inputs};
use serde::Serialize;

use crate::checkout::Checkout;
use crate::error::Failure;
use crate::events::{Event, Reporter};
use crate::realise::{Realised, realise};
use crate::release::{self, Released};
use crate::session::Session;
use crate::{acceptance, facts, image, verify};

/// One thing that was checked.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// What was checked.
    pub name: String,
    /// Whether it holds.
    pub passed: bool,
    /// What the tool said, shortened, or why it does not hold.
    pub detail: String,
}

/// What the tier found.
#[derive(Debug, Clone, Serialize)]
pub struct CheckReport {
    /// The rows, in the order they were checked.
    pub rows: Vec<Row>,
}

/// Makes the release and checks it.
///
/// # Errors
/// If the release cannot be made or an independent tool refuses a part of it.
pub fn check(
    checkout: &Checkout,
    inputs: &Inputs,
    session: &Session,
    reporter: &dyn Reporter,
) -> Result<CheckReport, Failure> {
    let released = release::release(inputs, session, reporter)?;
    let (facts, _) = facts::learn(inputs, &session.ports, reporter, &session.settings.policy)?;
    let mut rows = independent_tools(inputs, &facts, session, reporter)?;
    rows.extend(acceptance::rows(checkout, inputs, &facts, session, reporter)?);
    rows.extend(hostile::rows(inputs, &released.realised, session)?);
    rows.extend(omissions(checkout, inputs, session, reporter)?);
    rows.push(boot_verdicts(&released));
    rows.push(own_verify(&released)?);
    rows.extend(damage(&released, session)?);
    rows.push(nothing_to_do(inputs, session, reporter)?);
    Ok(CheckReport { rows })
}

fn independent_tools(
    inputs: &Inputs,
    facts: &Facts,
    session: &Session,
    reporter: &dyn Reporter,
) -> Result<Vec<Row>, Failure> {
    let graph = azl_plan::plan(inputs, facts, &Goal::Checks)?;
    reporter.report(&Event::Stage { name: "check".to_owned(), nodes: graph.nodes().len() });
    let realised = realise(&graph, &session.ports, reporter, &session.settings.policy)?;
    let mut rows = Vec::new();
    for (node, result) in realised.results.iter().filter(|(node, _)| node.stage() == "check") {
        let mut detail = String::new();
        for digest in result.outputs.values() {
            let text = String::from_utf8_lossy(&session.ports.store.read(*digest)?).into_owned();
            detail = text.lines().last().unwrap_or_default().to_owned();
        }
        rows.push(Row { name: node.0.clone(), passed: true, detail });
    }
    Ok(rows)
}

/// Each image that says what it does without says the truth.
fn omissions(
    checkout: &Checkout,
    inputs: &Inputs,
    session: &Session,
    reporter: &dyn Reporter,
) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for name in inputs.images.keys() {
        let list = &checkout.images[name].omissions;
        if list.omissions.is_empty() {
            continue;
        }
        let wrong = image::contradictions(inputs, (name, list), session, reporter)?;
        let detail = if wrong.is_empty() { format!("{} packages", list.omissions.len()) } else { wrong.join("; ") };
        rows.push(Row { name: format!("omissions of {name}"), passed: wrong.is_empty(), detail });
    }
    Ok(rows)
}

fn boot_verdicts(released: &Released) -> Row {
    let booted: Vec<&str> =
        released.realised.results.keys().filter(|node| node.stage() == "boot").map(|node| node.subject()).collect();
    Row {
        name: "boot verdicts".to_owned(),
        passed: !booted.is_empty(),
        detail: format!("passed: {}", booted.join(", ")),
    }
}

fn own_verify(released: &Released) -> Result<Row, Failure> {
    let report = verify::verify(&released.directory, None)?;
    Ok(Row { name: "verify".to_owned(), passed: report.is_ok(), detail: first_line(&report.to_string()) })
}

/// Each kind of file, damaged in a copy of the release: `verify` must object and name the file.
fn damage(released: &Released, session: &Session) -> Result<Vec<Row>, Failure> {
    let copy = session.ports.store.scratch("damaged")?;
    let names = files::walk_files(&released.directory)?;
    for name in &names {
        let target = copy.join(name);
        files::create_dir_all(target.parent().unwrap_or(&copy))?;
        files::link_or_copy(released.directory.join(name), target)?;
    }
    let mut rows = Vec::new();
    for suffix in [".rpm", "repomd.xml", ".oci.tar", ".vhd", ".spdx.json", ".intoto.jsonl", "release.json"] {
        let Some(name) = names.iter().find(|name| name.ends_with(suffix)) else { continue };
        rows.push(damage_one(&released.directory.join(name), &copy, name)?);
    }
    files::remove_dir_all(&copy)?;
    Ok(rows)
}

fn damage_one(original: &std::path::Path, copy: &std::path::Path, name: &str) -> Result<Row, Failure> {
    let target = copy.join(name);
    let mut bytes = files::read(original)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    files::remove_file(&target)?;
    files::write_atomic(&target, &bytes)?;
    let report = verify::verify(copy, None)?;
    let text = report.to_string();
    let passed = !report.is_ok() && text.contains(name);
    files::remove_file(&target)?;
    files::link_or_copy(original, &target)?;
    let detail = if passed { "one flipped bit is found and named" } else { "one flipped bit is NOT found" };
    Ok(Row { name: format!("damaged {name}"), passed, detail: detail.to_owned() })
}

fn nothing_to_do(inputs: &Inputs, session: &Session, reporter: &dyn Reporter) -> Result<Row, Failure> {
    let watch = Stopwatch::start();
    let again = release::release(inputs, session, reporter)?;
    let Realised { performed, .. } = &again.realised;
    let passed = performed.is_empty() && !again.written;
    let detail = format!("{} actions, {:.1} s", performed.len(), watch.seconds());
    Ok(Row { name: "a second release does nothing".to_owned(), passed, detail })
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

impl CheckReport {
    /// Fails if any row does.
    ///
    /// # Errors
    /// [`Failure::Verification`] with the rows that do not hold.
    pub fn into_result(self) -> Result<(), Failure> {
        let bad: Vec<String> =
            self.rows.iter().filter(|row| !row.passed).map(|row| format!("{}: {}", row.name, row.detail)).collect();
        if bad.is_empty() { Ok(()) } else { Err(Failure::Verification(bad.join("\n"))) }
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            let state = if row.passed { "ok" } else { "FAILED" };
            writeln!(f, "{state:<7} {:<44} {}", row.name, row.detail)?;
        }
        let passed = self.rows.iter().filter(|row| row.passed).count();
        writeln!(f, "{passed} passed, {} failed", self.rows.len() - passed)
    }
}
