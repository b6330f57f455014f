//! `render`.

use azl_overlay::Compat;
use azl_pipeline::error::Failure;
use azl_pipeline::render::Mode;
use clap::Args;
use serde_json::json;

use super::{CompatArg, Context};

/// Render upstream packaging and overlays into specs/
#[derive(Debug, Args)]
pub(crate) struct Render {
    /// Components [default: all]
    components: Vec<String>,
    /// Change nothing; fail if specs/ is not what renders
    #[arg(long, conflicts_with_all = ["diff", "clean_stale"])]
    check: bool,
    /// Change nothing; show how specs/ differs
    #[arg(long, conflicts_with = "clean_stale")]
    diff: bool,
    /// Also remove rendered components that are gone from the configuration
    #[arg(long, conflicts_with = "components")]
    clean_stale: bool,
    /// Whose results overlays have where azldev's are known defects [default: what the tree says]
    #[arg(long, value_name = "WHOSE")]
    compat: Option<CompatArg>,
}

impl Render {
    fn mode(&self) -> Mode {
        match (self.check, self.diff, self.clean_stale) {
            (true, _, _) => Mode::Check,
            (_, true, _) => Mode::Diff,
            (_, _, true) => Mode::WriteAndClean,
            _ => Mode::Write,
        }
    }

    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let tree = context.tree()?;
        let compat = self.compat.map_or(tree.compat(), Compat::from);
        let report = azl_pipeline::render::render(&tree.with_compat(compat), &self.components, self.mode())?;
        context.warn(&report.warnings);
        let json = serde_json::to_value(&report).unwrap_or_default();
        context.ui.result(&report.to_string(), &json!({ "event": "rendered", "report": json }));
        report.into_result()
    }
}
