//! `config check`.

use azl_pipeline::config;
use azl_pipeline::error::Failure;
use clap::{Args, Subcommand};
use serde_json::json;

use super::Context;

/// Look at the configuration of a tree
#[derive(Debug, Args)]
pub(crate) struct Config {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum What {
    /// Read everything and show every mistake; changes nothing
    Check,
}

impl Config {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let What::Check = self.what;
        let report = config::check(&context.root)?;
        context.warn(&report.warnings);
        context.ui.result(&report.to_string(), &json!({ "event": "configuration-checked", "report": report }));
        Ok(())
    }
}
