//! `report`.

use std::path::PathBuf;

use azl_pipeline::error::Failure;
use azl_pipeline::{report, runs};
use clap::Args;
use serde_json::json;

use super::Context;

/// Write the report of a run as an HTML page and print where it is
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Run, or the beginning of its name, as `cargo xtask runs` lists them [default: the last one]
    run: Option<String>,
    /// Write it here [default: report.html in the run's directory]
    #[arg(long, value_name = "FILE")]
    open_path: Option<PathBuf>,
}

impl Report {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let run = runs::find(&context.settings.store, self.run.as_deref())?;
        let path = self.open_path.clone().unwrap_or_else(|| run.directory.join("report.html"));
        report::write(&run, &run.events(), &context.store()?, &path)?;
        let text = format!("{}\n", path.display());
        context.ui.result(&text, &json!({ "event": "report", "run": run.record.id, "path": path }));
        Ok(())
    }
}
