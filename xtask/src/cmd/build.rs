//! `build`.

use std::collections::BTreeSet;

use azl_pipeline::error::Failure;
use azl_pipeline::{build, inputs};
use clap::Args;
use serde_json::json;

use super::{Context, StageArg};

/// Build the packages of components, or of a release set, and of all they need
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// Components or release sets
    #[arg(required = true)]
    names: Vec<String>,
    #[command(flatten)]
    stage: StageArg,
    /// Print the graph and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl Build {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let (checkout, session) = context.open("build")?;
        let names: BTreeSet<String> = checkout.components_named(&self.names)?;
        let inputs = inputs::assemble(&checkout, &checkout.set_holding(&names)?, &session)?;
        let inputs = self.stage.apply(inputs, &checkout, &session)?;
        if self.dry_run {
            return super::graph::print(context, &inputs, &session);
        }
        let packages = build::build(&inputs, &names, &session, &context.ui)?;
        let text: String = packages.iter().map(|(name, path)| format!("{name}  {}\n", path.display())).collect();
        context.ui.result(&text, &json!({ "event": "built", "packages": packages }));
        Ok(())
    }
}
