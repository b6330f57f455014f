//! `boot`.

use azl_pipeline::error::Failure;
use azl_pipeline::{image, inputs};
use clap::Args;
use serde_json::json;

use super::Context;

/// Boot an image and watch it reach its goal
#[derive(Debug, Args)]
pub(crate) struct Boot {
    /// Image of images/
    name: String,
}

impl Boot {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let (checkout, session) = context.open("boot")?;
        let inputs = inputs::assemble(&checkout, &checkout.set_with_image(&self.name)?, &session)?;
        let report = image::boot(&inputs, &self.name, &session, &context.ui)?;
        context.ui.result(&report, &json!({ "event": "booted", "report": serde_json::from_str::<serde_json::Value>(&report).unwrap_or_default() }));
        Ok(())
    }
}
