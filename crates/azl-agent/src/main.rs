//! The program that a worker of a build farm runs: does one [errand](azl_action::errand) in the current directory.
//!
//! | module | is |
//! |---|---|
//! | [`cache`] | this worker's directory of unpacked packages and composed roots, shared by all errands |
//! | [`staged`] | the blobs that came with the errand |
//! | [`work`] | the errand itself |
//!
//! It takes no arguments and asks the worker for nothing but `bwrap`, user namespaces and a directory
//! (`AZL_AGENT_CACHE`, else the user's cache directory, else below `/var/tmp`).
//!
//! Not here: the sandbox and the roots, which are `azl-exec`'s, the same as on any other machine.
//!
//! **Invariant:** `status.json` says how it went whatever happened, and the exit code says the same.

mod cache;
mod staged;
mod work;

use std::process::ExitCode;

use azl_action::errand::{self, Status};
use azl_host::{environment, files, interrupt};

fn main() -> ExitCode {
    // A worker that is told to stop asks us first; without handlers we end as any program does.
    let _ = interrupt::listen();
    let here = environment::current_dir();
    let status = match work::work(&here) {
        Ok(()) => Status::Done,
        Err(error) => Status::from(error),
    };
    let json = serde_json::to_vec(&status).unwrap_or_default();
    match files::write_atomic(here.join(errand::STATUS), &json) {
        Ok(()) => ExitCode::from(status.exit_code()),
        Err(_) => ExitCode::from(Status::Worker(String::new()).exit_code()),
    }
}
