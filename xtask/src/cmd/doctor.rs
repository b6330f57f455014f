//! `doctor`, and the check that other verbs begin with.

use azl_pipeline::doctor::{self as host, DoctorError, Work};
use azl_pipeline::error::Failure;
use clap::Args;

use super::Context;

/// Show what this host needs and has; with --install, install what is missing
#[derive(Debug, Args)]
pub(crate) struct Doctor {}

impl Doctor {
    #[expect(clippy::unused_self, reason = "every verb has the same shape")]
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let work = Work { servers: context.settings.remote.probe(), ..work(context) };
        let report = match context.install {
            host::Install::Always => host::ensure(&context.settings.store, &work, context.install).map_err(failure)?,
            _ => host::doctor(&context.settings.store, &work),
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
    host::ensure(&context.settings.store, &work(context), context.install).map(drop).map_err(failure)
}

/// A tree with mistakes has them shown by the verb itself.
fn work(context: &Context) -> Work {
    context.tree().map(|tree| Work::on(&tree)).unwrap_or_default()
}

fn failure(error: DoctorError) -> Failure {
    Failure::Infrastructure(error.to_string())
}
