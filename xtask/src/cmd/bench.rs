//! `bench`.

use azl_pipeline::error::Failure;
use azl_pipeline::{bench, inputs};
use clap::{Args, Subcommand};
use serde_json::json;

use super::Context;

/// Measure what the README promises
#[derive(Debug, Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, Subcommand)]
enum What {
    /// The overlay engine on a tree and its rendered specs: `--root` for another tree than this one
    Overlays,
    /// The build engine: what it adds to rpmbuild, how fast roots are, how it scales and what it survives
    Build {
        /// The component that is built again and again
        #[arg(default_value = "readline")]
        component: String,
    },
}

impl Bench {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        match &self.what {
            What::Overlays => {
                let report = bench::overlays(&context.root)?;
                context.ui.result(&report.to_string(), &json!({ "event": "measured", "report": report }));
            }
            What::Build { component } => {
                let (checkout, session) = context.open("bench")?;
                let set = checkout.set_holding(&[component.clone()].into())?;
                let inputs = inputs::assemble(&checkout, &set, &session)?;
                let report = bench::build::build(&inputs, component, &session, &context.ui)?;
                context.ui.result(&report.to_string(), &json!({ "event": "measured", "report": report }));
            }
        }
        Ok(())
    }
}
