//! `spec check`.

use std::path::PathBuf;

use azl_pipeline::error::Failure;
use azl_pipeline::spec;
use clap::{Args, Subcommand};
use serde_json::json;

use super::Context;

/// Look at spec files
#[derive(Debug, Args)]
pub(crate) struct Spec {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, Subcommand)]
enum What {
    /// Parse specs, print them, compare the bytes and say how long it took; changes nothing
    Check {
        /// Specs, or directories whose specs are meant
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

impl Spec {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let What::Check { files } = &self.what;
        let report = spec::check(files)?;
        context.ui.result(&report.to_string(), &json!({ "event": "specs-checked", "report": report }));
        report.into_result()
    }
}
