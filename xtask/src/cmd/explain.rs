//! `explain`.

use azl_action::NodeId;
use azl_pipeline::error::Failure;
use azl_pipeline::{explain, history};
use clap::Args;

use super::Context;

/// Say which input of a node changed since it was done before
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Node, e.g. rpm:bash
    node: String,
}

impl Explain {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let history = history::read(&context.store()?, &NodeId(self.node.clone())).ok_or_else(|| {
            Failure::configuration(
                "unknown-node",
                format!("`{}` was never done with this store; see `cargo xtask graph`", self.node),
            )
        })?;
        let changes = explain::changes(&history);
        if changes.is_empty() {
            context.ui.print(&format!("{} was done once: nothing to compare\n", self.node));
        }
        for change in changes {
            let before = change.before.as_deref().unwrap_or("absent");
            let now = change.now.as_deref().unwrap_or("absent");
            context.ui.print(&format!("{}\n  before: {before}\n  now:    {now}\n", change.field));
        }
        Ok(())
    }
}
