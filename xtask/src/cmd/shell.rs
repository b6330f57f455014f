//! `shell`.

use azl_action::NodeId;
use azl_exec::Begin;
use azl_pipeline::error::Failure;
use azl_pipeline::shell;
use clap::Args;
use serde_json::json;

use super::Context;

/// Enter the sandbox a node's last action ran in, or failed in
#[derive(Debug, Args)]
pub(crate) struct Shell {
    /// Node, e.g. rpm:bash
    node: String,
    /// Run the action's command first, then give the prompt in what it left
    #[arg(long)]
    run: bool,
}

impl Shell {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let (_, session) = context.look("shell")?;
        let begin = if self.run { Begin::Command } else { Begin::Prompt };
        let command = shell::enter(&NodeId(self.node.clone()), begin, &session)?;
        context.ui.result("", &json!({ "event": "left", "command": command }));
        Ok(())
    }
}
