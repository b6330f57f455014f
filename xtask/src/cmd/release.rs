//! `release`.

use azl_pipeline::error::Failure;
use azl_pipeline::{inputs, release};
use clap::Args;
use serde_json::json;

use super::Context;

/// Make a complete, signed, booted release; run again to resume
#[derive(Debug, Args)]
pub(crate) struct Release {
    /// Release set of release.toml [default: its default-set]
    set: Option<String>,
    /// Print the graph and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl Release {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let (checkout, session) = context.open("release")?;
        let set = self.set.as_deref().unwrap_or(&checkout.release.default_set);
        let inputs = inputs::assemble(&checkout, set, &session)?;
        if self.dry_run {
            return super::graph::print(context, &inputs, &session);
        }
        checkout.note_drift(&inputs, &context.ui);
        let released = release::release(&inputs, &session, &context.ui)?;
        let directory = released.directory.display().to_string();
        let state = if released.written { "written" } else { "unchanged" };
        let performed: Vec<&str> = released.realised.performed.keys().map(|node| node.0.as_str()).collect();
        let summary = json!({
            "event": "released", "directory": directory, "state": state, "performed": performed, "seconds": released.seconds,
        });
        context.ui.result(&format!("release {} is {state}: {directory}\n", inputs.version), &summary);
        Ok(())
    }
}
