//! `farm`.

use azl_pipeline::error::Failure;
use azl_pipeline::farm::{self, Kind, Wish, trial};
use azl_pipeline::remote::Remote;
use azl_pipeline::session::Settings;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::Context;

/// Run a build farm on this host, for `--executor` and `--cache`
#[derive(Debug, Args)]
pub(crate) struct Farm {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, Subcommand)]
enum What {
    /// Set up a farm; it goes on after this command
    Up {
        /// Which farm
        #[arg(long, value_enum, default_value = "casd")]
        kind: KindArg,
        /// How many actions at a time
        #[arg(long, default_value_t = 2)]
        workers: usize,
    },
    /// End the farm and remove what it kept
    Down,
    /// Show what of it runs, and whether it answers
    Status,
    /// Kill a worker without warning, a busy one if there is one
    KillWorker,
    /// Build here, on farms that are set up for it, and beside a worker's death, and compare the packages byte by byte
    Trial {
        /// Components or release sets [default: some quick ones]
        names: Vec<String>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum KindArg {
    /// One process: buildbox-casd
    Casd,
    /// BuildGrid's server, PostgreSQL, and workers
    Buildgrid,
}

impl Farm {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let store = &context.settings.store;
        let report = match &self.what {
            What::Up { kind, workers } => {
                let (kind, workers) = (*kind, *workers);
                let kind = match kind {
                    KindArg::Casd => Kind::Casd,
                    KindArg::Buildgrid => Kind::Buildgrid,
                };
                context.ensure_host()?;
                let checkout = context.checkout()?;
                // A farm is set up by this machine, not by another farm.
                let settings = Settings { remote: Remote::default(), ..context.settings.clone() };
                let session = context.session(&checkout, settings, "farm up")?;
                farm::up(&checkout, &session, Wish { kind, workers: workers.max(1) }, &context.ui)?
            }
            What::Down => farm::down(store)?,
            What::Status => farm::status(store)?,
            What::Trial { names } => return trial(names, context),
            What::KillWorker => {
                let worker = farm::kill_worker(store)?;
                context.ui.result(&format!("killed {worker}\n"), &json!({ "event": "killed", "worker": worker }));
                return Ok(());
            }
        };
        context.ui.result(&report.to_string(), &json!({ "event": "farm", "report": report }));
        Ok(())
    }
}

/// Tries farms with components or sets, or with some quick components.
pub(crate) fn trial(names: &[String], context: &Context) -> Result<(), Failure> {
    let checkout = context.checkout()?;
    let components = match names {
        [] => trial::QUICK.map(str::to_owned).into(),
        names => checkout.components_named(names)?,
    };
    let mut settings = Settings { remote: Remote::default(), ..context.settings.clone() };
    super::agent::provide(context, &mut settings.remote)?;
    let report = trial::trial(&checkout, &components, &settings, &context.ui)?;
    context.ui.result(&report.to_string(), &json!({ "event": "tried", "report": report }));
    report.into_result()
}
