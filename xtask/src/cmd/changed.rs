//! `changed`.

use azl_pipeline::changed::{self, Unchanged};
use azl_pipeline::error::Failure;
use clap::Args;
use serde_json::json;

use super::Context;

/// Say which components changed since a commit, and by which input
#[derive(Debug, Args)]
pub(crate) struct Changed {
    /// Commit, branch or tag to compare with
    #[arg(long, value_name = "REF")]
    from: String,
    /// What to compare with it [default: the work tree]
    #[arg(long, value_name = "REF")]
    to: Option<String>,
    /// List unchanged components too
    #[arg(long)]
    include_unchanged: bool,
}

impl Changed {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let unchanged = if self.include_unchanged { Unchanged::Listed } else { Unchanged::LeftOut };
        let report = changed::changed(&context.root, &self.from, self.to.as_deref(), unchanged)?;
        context.ui.result(&report.to_string(), &json!({ "event": "compared", "report": report }));
        report.into_result()
    }
}
