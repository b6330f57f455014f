//! `list`.

use azl_pipeline::error::Failure;
use azl_pipeline::list;
use clap::Args;
use serde_json::json;

use super::Context;

/// List the components of a tree: where each comes from and what is done to it
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only components whose name matches; `*` and `?` stand for any text and any character
    patterns: Vec<String>,
    /// Only members of this component group
    #[arg(long, short)]
    group: Option<String>,
}

impl List {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let tree = context.tree()?;
        let listing = list::list(tree.config(), &self.patterns, self.group.as_deref())?;
        let (components, totals) = (&listing.components, &listing.totals);
        let json = json!({ "event": "listed", "components": components, "totals": totals });
        context.ui.result(&listing.to_string(), &json);
        Ok(())
    }
}
