//! `verify`.

use std::path::PathBuf;

use azl_pipeline::error::Failure;
use azl_pipeline::{same, verify};
use clap::Args;
use serde_json::json;

use super::Context;

/// Check a release directory with nothing but a public key
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Release directory
    directory: PathBuf,
    /// Armored certificate to trust [default: the one in the directory, which proves consistency, not origin]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Also compare every file with another release, but for timings
    #[arg(long, value_name = "DIRECTORY")]
    same_as: Option<PathBuf>,
}

impl Verify {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let report = verify::verify(&self.directory, self.key.as_deref())?;
        let json = serde_json::to_value(&report).unwrap_or_default();
        context.ui.result(&report.to_string(), &json!({ "event": "verified", "report": json }));
        report.into_result()?;
        let Some(other) = &self.same_as else { return Ok(()) };
        let comparison = same::compare(&self.directory, other)?;
        let json = serde_json::to_value(&comparison).unwrap_or_default();
        context.ui.result(&comparison.to_string(), &json!({ "event": "compared", "comparison": json }));
        comparison.into_result()
    }
}
