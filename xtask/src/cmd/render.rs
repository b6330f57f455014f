//! `render`.

use azl_pipeline::error::Failure;
use azl_pipeline::render::Mode;
use clap::Args;
use serde_json::json;

use super::Context;

/// Render upstream packaging and overlays into specs/
#[derive(Debug, Args)]
pub(crate) struct Render {
    /// Components [default: all]
    components: Vec<String>,
    /// Change nothing; fail if specs/ is not what renders
    #[arg(long)]
    check: bool,
}

impl Render {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let mode = if self.check { Mode::Check } else { Mode::Write };
        let report = azl_pipeline::render::render(&context.root, &self.components, mode)?;
        let json = serde_json::to_value(&report).unwrap_or_default();
        context.ui.result(&report.to_string(), &json!({ "event": "rendered", "report": json }));
        report.into_result()
    }
}
