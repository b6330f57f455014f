//! `bench build`: the build engine's claims as a table, each figure with its peer beside it.
//!
//! What is measured where: [`super::thin`] (the engine round one package), [`super::roots`] (buildroots), [`super::busy`]
//! (processors), [`super::scale`] (a whole distribution), [`super::kill`] (dying at any moment).
//!
//! **Invariant:** a claim that could not be measured is a row that says why.

use std::fmt;

use azl_action::ports::PortError;
use azl_action::{Action, Blob, NodeId, Run, Work};
use azl_plan::{Inputs, build as build_stage};
use serde::Serialize;

use super::{busy, roots, thin};
use crate::error::Failure;
use crate::events::Reporter;
use crate::history;
use crate::session::Session;

/// The table.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BuildBench {
    /// The claims, in order.
    pub rows: Vec<Measure>,
}

/// One claim.
#[derive(Debug, Clone, Serialize)]
pub struct Measure {
    /// Its name.
    pub claim: &'static str,
    /// What was seen.
    pub ours: String,
    /// What another tool, or a bound, gives for the same.
    pub peer: String,
    /// What was promised.
    pub promise: &'static str,
    /// Whether it holds.
    pub verdict: Verdict,
}

/// Whether a claim holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As promised.
    Held,
    /// Not as promised.
    Missed,
    /// It could not be measured; `ours` says why.
    NotMeasured,
}

impl Verdict {
    /// Judges a measured claim.
    pub fn of(holds: bool) -> Self {
        if holds { Self::Held } else { Self::Missed }
    }
}

impl Measure {
    /// A claim that could not be measured, and why.
    pub fn absent(claim: &'static str, promise: &'static str, why: impl fmt::Display) -> Self {
        Self { claim, ours: why.to_string(), peer: String::new(), promise, verdict: Verdict::NotMeasured }
    }
}

impl fmt::Display for BuildBench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            let verdict = match row.verdict {
                Verdict::Held => "held",
                Verdict::Missed => "MISSED",
                Verdict::NotMeasured => "not measured",
            };
            writeln!(f, "{:<22} {verdict}\n    seen     {}", row.claim, row.ours)?;
            if !row.peer.is_empty() {
                writeln!(f, "    beside   {}", row.peer)?;
            }
            writeln!(f, "    promise  {}", row.promise)?;
        }
        Ok(())
    }
}

/// Measures the engine with one component of a release that is built already.
///
/// # Errors
/// If the component or an image cannot be built.
pub fn build(
    inputs: &Inputs,
    component: &str,
    session: &Session,
    reporter: &dyn Reporter,
) -> Result<BuildBench, Failure> {
    crate::build::build(inputs, &[component.to_owned()].into(), session, reporter)?;
    let node = build_stage::rpm_node(component);
    let run = last_run(session, &node).ok_or_else(|| infrastructure(format!("no record of how `{node}` was done")))?;
    let rows = vec![
        thin::measure(component, &run, session)?,
        roots::measure(inputs, component, &run, session)?,
        busy::measure(session),
    ];
    Ok(BuildBench { rows })
}

/// Returns the command that a node ran last, if it ever ran one with this store.
pub(super) fn last_run(session: &Session, node: &NodeId) -> Option<Run<Vec<Blob>>> {
    match history::read(&session.ports.store, node)?.current {
        Action::Run(run) => Some(run),
        _ => None,
    }
}

/// Returns the packages an image was composed of, if it was.
pub(super) fn packages_of(session: &Session, image: &str) -> Option<Vec<Blob>> {
    match history::read(&session.ports.store, &azl_plan::image::node(image))?.current {
        Work::Compute(compute) => compute.inputs.get("packages").cloned(),
        _ => None,
    }
}

/// The middle one of some seconds.
pub(super) fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
}

pub(super) fn infrastructure(error: impl fmt::Display) -> Failure {
    PortError::Infrastructure(error.to_string()).into()
}
