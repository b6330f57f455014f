//! The program that workers of a build farm run: built for this machine's architecture when a farm is used.
//!
//! It is linked without shared libraries, so that any worker can run it, and built apart, since it has other settings.

use std::path::PathBuf;

use azl_host::{Cmd, environment};
use azl_pipeline::error::Failure;
use azl_pipeline::events::{Event, Reporter};
use azl_pipeline::remote::Remote;
use azl_rpm::Arch;

use super::{Context, ci};

/// Where cargo builds it, below the checkout.
const TARGET_DIRECTORY: &str = "target/agent";

/// Makes the program unless one was given (`AZL_AGENT_X86_64`).
pub(super) fn provide(context: &Context, remote: &mut Remote) -> Result<(), Failure> {
    if remote.agents.contains_key(&Arch::X86_64) {
        return Ok(());
    }
    remote.agents.insert(Arch::X86_64, build(context)?);
    Ok(())
}

fn build(context: &Context) -> Result<PathBuf, Failure> {
    let triple = "x86_64-unknown-linux-gnu";
    let checkout = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let target = checkout.join(TARGET_DIRECTORY);
    let message = "building the program that workers run, if it is not there".to_owned();
    context.ui.report(&Event::Note { message });
    let program = environment::var("CARGO").unwrap_or_else(|| "cargo".to_owned());
    let command = Cmd::new(program, &checkout)
        .args(["build", "--quiet", "--package", "azl-agent", "--profile", "agent", "--target", triple, "--target-dir"])
        .arg(target.as_os_str())
        // For the target alone: programs that run while building need no such thing.
        .env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS", "-C target-feature=+crt-static");
    let command = ci::CARGO_VARIABLES.iter().fold(command, |command, name| command.inherit(name));
    command.output().map_err(|error| Failure::Infrastructure(error.to_string()))?;
    Ok(target.join(triple).join("agent/azl-agent"))
}
