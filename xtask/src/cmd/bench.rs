//! `bench`.

use azl_pipeline::bench;
use azl_pipeline::error::Failure;
use clap::{Args, Subcommand};
use serde_json::json;

use super::Context;

/// Measure what the README promises
#[derive(Debug, Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum What {
    /// The overlay engine on a tree and its rendered specs: `--root` for another tree than this one
    Overlays,
}

impl Bench {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let What::Overlays = self.what;
        let report = bench::overlays(&context.root)?;
        context.ui.result(&report.to_string(), &json!({ "event": "measured", "report": report }));
        Ok(())
    }
}
