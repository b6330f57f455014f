//! `why`.

use azl_pipeline::error::Failure;
use azl_pipeline::forecast::Forecast;
use azl_pipeline::{facts, inputs, why};
use azl_plan::release::Goal;
use clap::Args;
use serde_json::json;

use super::Context;

/// Say through which BuildRequires and Requires one thing needs another
#[derive(Debug, Args)]
pub(crate) struct Why {
    /// Component, package or image that needs it
    from: String,
    /// Component, package or capability that is needed
    to: String,
}

impl Why {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let (checkout, session) = context.look("why")?;
        let inputs = inputs::assemble(&checkout, &checkout.release.default_set, &session)?;
        let (facts, _) = facts::learn(&inputs, &session.ports, &context.ui, &session.settings.policy)?;
        let graph = azl_plan::plan(&inputs, &facts, &Goal::Release)?;
        let forecast = Forecast::new(&graph, &session.ports);
        let (components, unbuilt) = why::gather(&facts, &forecast, &session.ports)?;
        let answer = match inputs.images.get(&self.from) {
            Some(image) => {
                let held = why::image(&self.from, components, &forecast, &session.ports)?;
                why::World::new(&held).why_image(&self.from, &image.packages, &self.to)?
            }
            None => why::World::new(&components).why(&self.from, &self.to)?,
        };
        let mut text = answer.to_string();
        if !unbuilt.is_empty() {
            let names = unbuilt.join(", ");
            text.push_str(&format!("\nnot built, so that only their specs are known: {names}\n"));
        }
        context.ui.result(&text, &json!({ "event": "why", "answer": answer, "unbuilt": unbuilt }));
        Ok(())
    }
}
