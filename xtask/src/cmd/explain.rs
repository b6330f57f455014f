//! `explain`.

use azl_action::NodeId;
use azl_pipeline::error::Failure;
use azl_pipeline::{effective, explain, history};
use clap::Args;
use serde_json::json;

use super::Context;

/// Say where a component's values are written, or which input of a node changed since it was done before
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Component, e.g. bash, or node, e.g. rpm:bash
    subject: String,
    /// Only this field or table of the component, e.g. build.check
    field: Option<String>,
}

impl Explain {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        if self.subject.contains(':') { self.node(context) } else { self.component(context) }
    }

    fn component(&self, context: &Context) -> Result<(), Failure> {
        let explanation = effective::explain(&context.tree()?, &self.subject, self.field.as_deref())?;
        context.ui.result(&explanation.to_string(), &json!({ "event": "explained", "explanation": explanation }));
        Ok(())
    }

    fn node(&self, context: &Context) -> Result<(), Failure> {
        let history = history::read(&context.store()?, &NodeId(self.subject.clone())).ok_or_else(|| {
            Failure::configuration(
                "unknown-node",
                format!("`{}` was never done with this store; see `cargo xtask graph`", self.subject),
            )
        })?;
        let changes = explain::changes(&history);
        if changes.is_empty() {
            context.ui.print(&format!("{} was done once: nothing to compare\n", self.subject));
        }
        for change in changes {
            let before = change.before.as_deref().unwrap_or("absent");
            let now = change.now.as_deref().unwrap_or("absent");
            context.ui.print(&format!("{}\n  before: {before}\n  now:    {now}\n", change.field));
        }
        Ok(())
    }
}
