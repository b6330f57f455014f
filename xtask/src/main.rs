//! `cargo xtask`: the one entry point. Parses arguments, shows what happens, sets the exit code.
//!
//! Not here: any logic of a verb; that is `azl-pipeline`'s. The repository's own chores (`tidy`) are here.
//!
//! **Invariant:** only this crate prints.

mod cmd;
mod tidy;
mod ui;

use std::process::ExitCode;

use azl_diagnostics::Diagnostic;
use clap::Parser;

use cmd::{Command, Context};
use ui::Ui;

/// Builds Azure Linux from overlays to a signed, booted release.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, max_term_width = 110)]
struct Arguments {
    #[command(flatten)]
    global: cmd::Global,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let jobs = arguments.global.jobs.unwrap_or_else(azl_host::environment::processors);
    let ui = Ui::new(arguments.global.json, jobs);
    let context = match Context::new(arguments.global, ui) {
        Ok(context) => context,
        Err(early) => return early.0.fail(&early.1, None),
    };
    if let Err(error) = azl_host::interrupt::listen() {
        context.warn(&[Diagnostic::warning("signals", format!("interruption cannot be noticed: {error}"))]);
    }
    let ended = arguments.command.run(&context);
    context.end_run(&ended);
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) if azl_host::interrupt::requested() => ExitCode::from(azl_host::interrupt::EXIT_CODE),
        Err(failure) => context.ui.fail(&failure, Some(&context.root)),
    }
}
