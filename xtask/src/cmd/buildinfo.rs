//! `buildinfo`.

use std::collections::BTreeSet;

use azl_pipeline::error::Failure;
use azl_pipeline::{buildinfo, inputs};
use clap::Args;
use serde_json::json;

use super::Context;

/// Say what components were built with: sources, every layer of the root, commands, and what came out
#[derive(Debug, Args)]
pub(crate) struct Buildinfo {
    /// Components or release sets
    #[arg(required = true)]
    names: Vec<String>,
}

impl Buildinfo {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let (checkout, session) = context.open("buildinfo")?;
        let names: BTreeSet<String> = checkout.components_named(&self.names)?;
        let inputs = inputs::assemble(&checkout, &checkout.set_holding(&names)?, &session)?;
        let documents = buildinfo::buildinfo(&inputs, &names, &session, &context.ui)?;
        let text: String =
            documents.values().map(|document| String::from_utf8_lossy(&document.to_bytes()).into_owned()).collect();
        context.ui.result(&text, &json!({ "event": "buildinfo", "documents": documents }));
        Ok(())
    }
}
