//! A farm of one process: buildbox-casd keeps blobs and results and does actions itself.

use super::place::{Place, Recruit, free_port, words};
use super::state::State;
use crate::error::Failure;

/// Starts our program as it is: it makes its own sandbox.
pub(super) const RUNNER: &str = "--buildbox-run=/usr/bin/buildbox-run-hosttools";
/// Inputs as files: there is no FUSE in a sandbox, and the runner would try it.
pub(super) const STAGING: &str = "--runner-arg=--staging-mode=copy-or-link";

pub(super) fn start(place: &Place, workers: usize, state: &mut State) -> Result<(), Failure> {
    let port = free_port()?;
    let (bind, jobs) = (format!("--bind=127.0.0.1:{port}"), format!("--jobs={workers}"));
    // Failures are kept unless one says otherwise; a failure may have been the machine's.
    let command = words(&[
        "/usr/bin/buildbox-casd",
        &bind,
        RUNNER,
        STAGING,
        &jobs,
        "--cache-failures=false",
        "--log-level=info",
        "/state/cache",
    ]);
    state.address = format!("reapi://127.0.0.1:{port}");
    place.start(&Recruit { name: "casd", keeps: "casd", worker: Some("casd"), command }, state).map(drop)
}
