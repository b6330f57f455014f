//! `runs`.

use azl_pipeline::error::Failure;
use azl_pipeline::runs;
use clap::Args;
use serde_json::json;

use super::Context;

/// List the runs of this store, the newest last
#[derive(Debug, Args)]
pub(crate) struct Runs {
    /// Only so many of the newest
    #[arg(long, short, value_name = "N", default_value_t = 20)]
    number: usize,
}

impl Runs {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let mut runs = runs::list(&context.settings.store);
        let newest = runs.split_off(runs.len().saturating_sub(self.number));
        let records: Vec<_> = newest.iter().map(|run| &run.record).collect();
        context.ui.result(&runs::table(&newest), &json!({ "event": "runs", "runs": records }));
        Ok(())
    }
}
