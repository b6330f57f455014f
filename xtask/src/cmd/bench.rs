//! `bench`.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use azl_host::{clock, environment, files};
use azl_pipeline::bench::kill::{KillReport, Kills};
use azl_pipeline::bench::scale::ScaleReport;
use azl_pipeline::error::Failure;
use azl_pipeline::session::Settings;
use azl_pipeline::{bench, inputs};
use clap::{Args, Subcommand};
use serde::Serialize;
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
    /// The build engine's claims as a table, each with its peer: needs a release, and makes one if there is none
    Build {
        /// The component that is built again and again
        #[arg(default_value = "readline")]
        component: String,
        /// How often this program is killed
        #[arg(long, default_value_t = 100)]
        kills: usize,
    },
    /// The time to `multi-user.target`, beside that of a peer's disk under the same QEMU line
    Boot {
        /// Image of images/
        #[arg(default_value = "vm-base")]
        image: String,
        /// The peer's disk: raw or fixed VHD, with systemd, sshd and DHCP
        #[arg(long, value_name = "FILE")]
        peer: PathBuf,
        /// How often each is booted
        #[arg(long, default_value_t = 3)]
        times: usize,
    },
    /// The engine on a made-up graph of a whole distribution, in a new store that is removed afterwards
    Scale {
        /// Components of the graph
        #[arg(long, default_value_t = bench::scale::COMPONENTS)]
        components: usize,
    },
    /// Kill this program while it works, again and again, and check that no finished work is lost
    Kill {
        /// How often
        #[arg(long, default_value_t = 100)]
        kills: usize,
        /// Where the random numbers begin [default: the time]
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Realise the small graph that `bench kill` works on
    Toy {
        /// Actions of different rounds differ
        #[arg(long, default_value_t = 0)]
        round: u32,
    },
}

impl Bench {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        match &self.what {
            What::Overlays => show(context, &bench::overlays(&context.root)?),
            What::Build { component, kills } => build(context, component, *kills)?,
            What::Boot { image, peer, times } => boot(context, image, (peer, *times))?,
            What::Scale { components } => show(context, &scale(context, *components)?),
            What::Kill { kills, seed } => show(context, &kill(context, *kills, seed.unwrap_or_else(clock::now))?),
            What::Toy { round } => {
                let Settings { store, policy, .. } = &context.settings;
                let outputs = bench::toy::run(&context.root, store, *round, policy, &context.ui)?;
                let text: String = outputs.iter().map(|(node, digest)| format!("{digest}  {node}\n")).collect();
                context.ui.result(&text, &json!({ "event": "toy", "outputs": outputs }));
            }
        }
        Ok(())
    }
}

fn build(context: &Context, component: &str, kills: usize) -> Result<(), Failure> {
    let (checkout, session) = context.open("bench")?;
    let inputs = inputs::assemble(&checkout, &checkout.release.smoke_set, &session)?;
    let mut report = bench::build::build(&inputs, component, &session, &context.ui)?;
    report.rows.push(scale(context, bench::scale::COMPONENTS)?.into());
    report.rows.push(kill(context, kills, clock::now())?.into());
    show(context, &report);
    Ok(())
}

fn boot(context: &Context, image: &str, peer: (&Path, usize)) -> Result<(), Failure> {
    let (checkout, session) = context.open("bench")?;
    let inputs = inputs::assemble(&checkout, &checkout.set_with_image(image)?, &session)?;
    show(context, &bench::boot::boot(&inputs, image, peer, &session, &context.ui)?);
    Ok(())
}

fn scale(context: &Context, components: usize) -> Result<ScaleReport, Failure> {
    let directory = files::sibling(&context.settings.store);
    let report = bench::scale::measure(&directory, components, &context.settings.policy);
    files::remove_dir_all(&directory)?;
    report
}

fn kill(context: &Context, count: usize, seed: u64) -> Result<KillReport, Failure> {
    let program = environment::current_exe()
        .ok_or_else(|| Failure::Infrastructure("the path of this program is not known".to_owned()))?;
    let store = files::sibling(&context.settings.store);
    let packages = context.settings.store.clone();
    let kills = Kills { program, root: context.root.clone(), packages, store: store.clone(), count, seed };
    let report = bench::kill::kill(&kills)?.into_result()?;
    // After a failure the store stays, to be looked at.
    files::remove_dir_all(&store)?;
    Ok(report)
}

fn show<T: Display + Serialize>(context: &Context, report: &T) {
    context.ui.result(&report.to_string(), &json!({ "event": "measured", "report": report }));
}
