//! `ci`.

use azl_host::{Cmd, environment};
use azl_pipeline::error::Failure;
use azl_pipeline::render::{self, Mode};
use clap::Args;

use super::{Context, codegen, test, tidy};

/// Do exactly what continuous integration does: rules, formatting, lints, drift of specs/ and of
/// generated files, then every test tier
#[derive(Debug, Args)]
pub(crate) struct Ci {}

impl Ci {
    #[expect(clippy::unused_self, reason = "every verb has the same shape")]
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        tidy::Tidy {}.run(context)?;
        cargo(context, &["fmt", "--check"])?;
        cargo(context, &["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])?;
        codegen::Codegen { check: true }.run(context)?;
        render::render(&context.tree()?, &[], Mode::Check)?.into_result()?;
        test::Test::all().run(context)
    }
}

/// What cargo needs to know of its user.
pub(super) const CARGO_VARIABLES: [&str; 6] = ["HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "CI", "TERM"];

/// Runs cargo in the checkout with its usual environment and this process's output.
pub(super) fn cargo(context: &Context, arguments: &[&str]) -> Result<(), Failure> {
    let program = environment::var("CARGO").unwrap_or_else(|| "cargo".to_owned());
    let mut command = Cmd::new(program, &context.root).args(arguments.iter().copied());
    for variable in CARGO_VARIABLES.into_iter().chain(["CARGO_TARGET_DIR"]) {
        command = command.inherit(variable);
    }
    command.run_inherited().map_err(|error| Failure::Verification(error.to_string()))
}
