//! `log`.

use azl_action::NodeId;
use azl_pipeline::error::Failure;
use azl_pipeline::history;
use clap::Args;

use super::Context;

/// Print the log of a node's last action
#[derive(Debug, Args)]
pub(crate) struct Log {
    /// Node, e.g. rpm:bash
    node: String,
}

impl Log {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let log = history::log(&context.store()?, &NodeId(self.node.clone())).ok_or_else(|| {
            Failure::configuration(
                "unknown-node",
                format!("`{}` has no log in this store; see `cargo xtask graph`", self.node),
            )
        })?;
        context.ui.print(&String::from_utf8_lossy(&azl_host::files::read(log)?));
        Ok(())
    }
}
