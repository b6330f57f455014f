//! `doctor`, and the check that other verbs begin with.

use azl_pipeline::doctor::{self as host, DoctorError};
use azl_pipeline::error::Failure;
use clap::Args;

use super::Context;

/// Show what this host needs and has; with --install, install what is missing
#[derive(Debug, Args)]
pub(crate) struct Doctor {}

impl Doctor {
    #[expect(clippy::unused_self, reason = "every verb has the same shape")]
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let report = match context.install {
            host::Install::Always => host::ensure(&context.settings.store, context.install).map_err(failure)?,
            _ => host::doctor(&context.settings.store),
        };
        let json = serde_json::to_value(&report).unwrap_or_default();
        context.ui.result(&report.to_string(), &serde_json::json!({ "event": "doctor", "report": json }));
        if report.is_ready() {
            return Ok(());
        }
        Err(Failure::Infrastructure(
            "this host is not ready; see the rows above\n  hint: cargo xtask doctor --install".to_owned(),
        ))
    }
}

/// Installs what the host lacks, or says how.
pub(super) fn ensure(context: &Context) -> Result<(), Failure> {
    host::ensure(&context.settings.store, context.install).map(drop).map_err(failure)
}

fn failure(error: DoctorError) -> Failure {
    Failure::Infrastructure(error.to_string())
}
