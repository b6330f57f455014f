//! `test`: every tier, each with what it needs.

use azl_host::environment;
use azl_pipeline::error::Failure;
use azl_pipeline::{check, inputs};
use clap::{Args, ValueEnum};
use serde_json::json;

use super::Context;

/// Run the test tiers
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Only this tier
    #[arg(long, value_enum)]
    tier: Option<Tier>,
    /// Release set that the tier `end-to-end` makes [default: smoke-set of release.toml]
    #[arg(long)]
    set: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Tier {
    /// Unit, property and contract tests; needs nothing but cargo
    Unit,
    /// A release set from real sources to a booted image, then read by independent tools
    EndToEnd,
    /// Some packages on build farms of this host, compared with the same built here; only when asked for
    Farm,
}

impl Test {
    /// All tiers.
    pub(crate) fn all() -> Self {
        Self { tier: None, set: None }
    }

    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        context.ensure_host()?;
        match self.tier {
            Some(Tier::Unit) => unit(context),
            Some(Tier::EndToEnd) => self.end_to_end(context),
            Some(Tier::Farm) => super::farm::trial(&[], context),
            None => {
                unit(context)?;
                self.end_to_end(context)?;
                context.ui.print("the tier `farm` did not run: it is asked for by name\n");
                Ok(())
            }
        }
    }

    fn end_to_end(&self, context: &Context) -> Result<(), Failure> {
        let (checkout, session) = context.open("test")?;
        let set = self.set.as_ref().unwrap_or(&checkout.release.smoke_set);
        let inputs = inputs::assemble(&checkout, set, &session)?;
        let report = check::check(&checkout, &inputs, &session, &context.ui)?;
        context.ui.result(&report.to_string(), &json!({ "event": "checked", "report": report }));
        report.into_result()
    }
}

fn unit(context: &Context) -> Result<(), Failure> {
    super::ci::cargo(context, &["test", "--package", "azl-pipeline", "--features", "faults", "--test", "realise"])?;
    if environment::find_program("cargo-nextest").is_some() {
        return super::ci::cargo(context, &["nextest", "run", "--workspace"]);
    }
    context.ui.print("cargo-nextest is not installed, so `cargo test` runs the unit tier\n");
    super::ci::cargo(context, &["test", "--workspace"])
}
