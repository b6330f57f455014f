//! `deltas`.

use std::path::PathBuf;

use azl_pipeline::deltas::{self, Against};
use azl_pipeline::error::Failure;
use clap::Args;
use serde_json::json;

use super::Context;

/// Report what differs from upstream: why, since when, and whether it is still needed
#[derive(Debug, Args)]
pub(crate) struct Deltas {
    /// Print a page instead of text
    #[arg(long, conflicts_with = "json")]
    html: bool,
    /// Try the overlays on newer packaging as well: a directory in dist-git layout
    #[arg(long, value_name = "DIR")]
    newer: Option<PathBuf>,
    /// Say how the totals moved since a commit
    #[arg(long, value_name = "REF")]
    since: Option<String>,
}

impl Deltas {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let against = Against { newer: self.newer.as_deref(), since: self.since.as_deref() };
        let report = deltas::deltas(&context.tree()?, against)?;
        let text = if self.html { deltas::page(&report) } else { report.to_string() };
        context.ui.result(&text, &json!({ "event": "deltas", "report": report }));
        Ok(())
    }
}
