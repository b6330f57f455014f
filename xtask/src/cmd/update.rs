//! `update`.

use azl_pipeline::error::Failure;
use azl_pipeline::update;
use clap::Args;
use serde_json::json;

use super::Context;

/// Move pins: the only verb that follows a moving reference
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// What to update: `seed`, the locked foreign packages that supply the first tools
    what: What,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum What {
    Seed,
}

impl Update {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let What::Seed = self.what;
        let report = update::seed(&context.root, &context.checkout()?, &context.settings)?;
        context.ui.result(&report.to_string(), &json!({ "event": "updated", "report": report }));
        Ok(())
    }
}
