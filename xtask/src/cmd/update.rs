//! `update`.

use azl_pipeline::error::Failure;
use azl_pipeline::update::{self, UpdateOptions, Updating};
use clap::Args;
use serde_json::json;

use super::Context;

/// Move pins: the only verb that follows a moving reference
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// `seed`, the foreign packages that supply the first tools, and which of its sets [default: all sets]; or
    /// components [default: all components that have or need a lock]
    what: Vec<String>,
    /// Raise the release of the named components by one
    #[arg(long, requires = "what")]
    bump: bool,
    /// What changed, for the changelog [default: the inputs that changed]
    #[arg(long, short, value_name = "TEXT")]
    message: Option<String>,
    /// Write nothing; fail if a lock would move
    #[arg(long)]
    check: bool,
}

impl Update {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        if let Some(("seed", sets)) = self.what.split_first().map(|(first, rest)| (first.as_str(), rest)) {
            let report = update::seed(&context.root, &context.checkout()?, sets, &context.settings)?;
            context.ui.result(&report.to_string(), &json!({ "event": "updated", "report": report }));
            return Ok(());
        }
        let options = UpdateOptions {
            updating: if self.check { Updating::Check } else { Updating::Write },
            bump: u32::from(self.bump),
            message: self.message.clone(),
        };
        let report = update::components(&context.tree()?, &self.what, &options)?;
        context.warn(&report.warnings);
        context.ui.result(&report.to_string(), &json!({ "event": "updated", "report": report }));
        Ok(())
    }
}
