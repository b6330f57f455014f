//! `boot`.

use azl_pipeline::error::Failure;
use azl_pipeline::{image, inputs};
use clap::Args;
use serde_json::json;

use super::Context;

/// Boot an image and watch it reach its goal, in each of its scenarios
#[derive(Debug, Args)]
pub(crate) struct Boot {
    /// Image of images/
    name: String,
    /// The scenario of its boot.toml to run [default: all]
    #[arg(long)]
    scenario: Option<String>,
}

impl Boot {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let (checkout, session) = context.open("boot")?;
        let inputs = inputs::assemble(&checkout, &checkout.set_with_image(&self.name)?, &session)?;
        let reports = image::boot(&inputs, &self.name, self.scenario.as_deref(), &session, &context.ui)?;
        for (scenario, report) in reports {
            let text = format!("{scenario}: {}\n", report.summary());
            context.ui.result(&text, &json!({ "event": "booted", "scenario": scenario, "report": report }));
        }
        Ok(())
    }
}
