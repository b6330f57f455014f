//! `overlay apply`.

use std::path::PathBuf;

use azl_overlay::Compat;
use azl_pipeline::error::Failure;
use azl_pipeline::overlay;
use clap::{Args, Subcommand};
use serde_json::json;

use super::{CompatArg, Context};

/// Work with overlays
#[derive(Debug, Args)]
pub(crate) struct Overlay {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, Subcommand)]
enum What {
    /// Apply one component's overlays to a dist-git directory; no lock, no network, no release bump
    Apply(Apply),
}

#[derive(Debug, Clone, Args)]
struct Apply {
    /// Component of the tree
    component: String,
    /// Directory with its spec and the files beside it
    #[arg(long, value_name = "DIR")]
    upstream: PathBuf,
    /// Directory for the result: new or empty
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Whose results overlays have where azldev's are known defects [default: what the tree says]
    #[arg(long, value_name = "WHOSE")]
    compat: Option<CompatArg>,
}

impl Overlay {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let What::Apply(apply) = &self.what;
        let tree = context.tree()?;
        let compat = apply.compat.map_or(tree.compat(), Compat::from);
        let report = overlay::apply(&tree.with_compat(compat), &apply.component, &apply.upstream, &apply.out)?;
        context.warn(&report.warnings);
        context.ui.result(&report.to_string(), &json!({ "event": "overlays-applied", "report": report }));
        Ok(())
    }
}
