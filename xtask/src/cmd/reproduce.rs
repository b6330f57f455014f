//! `reproduce`.

use std::collections::BTreeSet;

use azl_pipeline::error::Failure;
use azl_pipeline::inputs;
use azl_pipeline::reproduce::{self, Equal, Manner, Search, Variation};
use clap::Args;
use serde_json::json;

use super::Context;

/// Build components again under other conditions and compare the packages byte by byte
#[derive(Debug, Args)]
pub(crate) struct Reproduce {
    /// Components or release sets
    #[arg(required = true)]
    names: Vec<String>,
    /// Keep both builds' packages in out/reproduce even where they are equal
    #[arg(long)]
    keep: bool,
    /// Where packages differ, build with one condition changed at a time to find which one it is
    #[arg(long)]
    bisect: bool,
    /// Do not vary this condition: a build may not end with a clock that is off, for example
    #[arg(long, value_name = "CONDITION", value_parser = Variation::parse)]
    without: Vec<Variation>,
    /// Also write out/reproduce/report.html
    #[arg(long)]
    html: bool,
}

impl Reproduce {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let (checkout, session) = context.open("reproduce")?;
        let names: BTreeSet<String> = checkout.components_named(&self.names)?;
        let inputs = inputs::assemble(&checkout, &checkout.set_holding(&names)?, &session)?;
        let manner = Manner {
            equal: if self.keep { Equal::Keep } else { Equal::Drop },
            search: if self.bisect { Search::Bisect } else { Search::Stop },
            without: self.without.iter().copied().collect(),
        };
        let report = reproduce::reproduce(&inputs, &names, manner, &session, &context.ui)?;
        let mut text = report.to_string();
        if self.html {
            let page = reproduce::write_page(&report, &session)?;
            text.push_str(&format!("\nreport: {}\n", page.display()));
        }
        let json = serde_json::to_value(&report).unwrap_or_default();
        context.ui.result(&text, &json!({ "event": "reproduced", "report": json }));
        report.into_result()
    }
}
