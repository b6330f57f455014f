//! `explain`.

use azl_action::NodeId;
use azl_diagnostics::Diagnostic;
use azl_pipeline::error::Failure;
use azl_pipeline::forecast::Forecast;
use azl_pipeline::{effective, explain, history, inputs, runs};
use clap::Args;
use serde_json::json;

use super::Context;

/// Say where a component's values are written, or whether a node would be done and what changed since it was
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
        let node = NodeId(self.subject.clone());
        let (checkout, session) = context.look("explain")?;
        let inputs = inputs::assemble(&checkout, &checkout.release.default_set, &session)?;
        let graph = super::graph::plan(context, &inputs, &session)?;
        let forecast = Forecast::new(&graph, &session.ports);
        let history = history::read(&session.ports.store, &node);
        if history.is_none() && graph.get(&node).is_none() {
            let message = format!("`{node}` is not in the graph and was never done with this store");
            return Err(Diagnostic::error("unknown-node", message).hint("cargo xtask graph --nodes").into());
        }
        let runs = runs::list(session.ports.store.root());
        let explanation = explain::explain(&node, history.as_ref(), &forecast, &runs);
        context.ui.result(&explanation.to_string(), &json!({ "event": "explained", "explanation": explanation }));
        Ok(())
    }
}
