//! `farm`: a build farm on this host, to try what a real one does.
//!
//! | kind | is |
//! |---|---|
//! | casd | one process that keeps blobs and results and does actions itself |
//! | buildgrid | BuildGrid's server on PostgreSQL, and workers, each with a content cache of its own |
//!
//! Its programs are the seed's set `farm`, composed into a root like any other, and BuildGrid's Python packages, pinned in
//! `overlays/distro/farm.requirements.txt`. Everything runs in sandboxes on that root, listens on the loopback interface
//! alone, and outlives the verb. A worker's sandbox sees the host's `/proc`, so that our program in it can make sandboxes
//! of its own.
//!
//! Not here: being a client of a farm (`remote`), and a farm for production: whoever may connect may run commands.
//!
//! **Invariant:** what is running is written down before the verb ends; a process is only ended if it is still the one
//! that was written down.

mod buildgrid;
mod casd;
mod place;
mod state;
pub mod trial;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use azl_action::ports::PortError;
use azl_host::clock::{self, Stopwatch};
use azl_host::files;
use azl_remote::{Need, ParseAddressError, Patience, Server};
use serde::Serialize;

use crate::checkout::Checkout;
use crate::error::Failure;
use crate::events::{Event, Reporter};
use crate::session::Session;
use place::Place;
pub use state::{Kind, Member, State};

/// What to set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Which farm.
    pub kind: Kind,
    /// How many actions at a time.
    pub workers: usize,
}

/// A farm and what is left of it.
#[derive(Debug, Serialize)]
pub struct FarmReport {
    /// The farm, if there is one.
    pub farm: Option<State>,
    /// Its processes that run.
    pub running: Vec<String>,
    /// What the server says of itself, or why it says nothing.
    pub answer: Option<Result<String, String>>,
}

/// Time until a farm has to answer.
const START: Duration = Duration::from_secs(120);

/// Sets up a farm and waits until it answers.
///
/// # Errors
/// If one is up already, its packages cannot be had, or a process does not start.
pub fn up(checkout: &Checkout, session: &Session, wish: Wish, reporter: &dyn Reporter) -> Result<FarmReport, Failure> {
    let place = Place::of(session.ports.store.root());
    if let Some(state) = State::read(&place)?.filter(|state| state.members.iter().any(Member::runs)) {
        let message = format!("a farm is up already: {}\n  hint: cargo xtask farm down", state.address);
        return Err(Failure::Infrastructure(message));
    }
    place.empty()?;
    let place = prepare(checkout, session, wish.kind, reporter)?;
    let mut state = State::new(wish.kind);
    let started = match wish.kind {
        Kind::Casd => casd::start(&place, wish.workers, &mut state),
        Kind::Buildgrid => buildgrid::start(&place, wish.workers, &mut state, reporter),
    };
    // What was started is written down even if the rest failed, so that it can be ended.
    state.write(&place)?;
    let ready = started.and_then(|()| await_answer(&state, reporter));
    if ready.is_err() {
        down(session.ports.store.root())?;
    }
    ready.and_then(|()| status(session.ports.store.root()))
}

/// Has what a farm consists of ready: its root and, for BuildGrid, its Python packages.
fn prepare(checkout: &Checkout, session: &Session, kind: Kind, reporter: &dyn Reporter) -> Result<Place, Failure> {
    let root = place::compose_root(checkout, session, reporter)?;
    let place = Place::of(session.ports.store.root()).with_root(root);
    if kind == Kind::Buildgrid {
        buildgrid::install_python(&place, checkout, reporter)?;
    }
    Ok(place)
}

/// Ends the farm and removes what it kept; its logs stay.
///
/// # Errors
/// If its state cannot be read or removed.
pub fn down(store: &Path) -> Result<FarmReport, Failure> {
    let place = Place::of(store);
    let state = State::read(&place)?;
    for member in state.iter().flat_map(|state| state.members.iter().rev()) {
        member.end();
    }
    place.empty()?;
    Ok(FarmReport { farm: state, running: Vec::new(), answer: None })
}

/// Looks at the farm.
///
/// # Errors
/// If its state cannot be read.
pub fn status(store: &Path) -> Result<FarmReport, Failure> {
    let Some(state) = State::read(&Place::of(store))? else {
        return Ok(FarmReport { farm: None, running: Vec::new(), answer: None });
    };
    let running = state.members.iter().filter(|member| member.runs()).map(|member| member.name.clone()).collect();
    let answer = Some(answer(&state).map_err(|error| error.to_string()));
    Ok(FarmReport { farm: Some(state), running, answer })
}

/// Kills a worker and its content cache without warning: the one that is busy, if one is.
///
/// # Errors
/// If no worker runs.
pub fn kill_worker(store: &Path) -> Result<String, Failure> {
    let place = Place::of(store);
    let state = State::read(&place)?.unwrap_or_else(|| State::new(Kind::Casd));
    let mut workers = state.workers();
    workers.sort_by_key(|worker| !place.is_busy(worker));
    let worker = workers.first().ok_or_else(|| {
        Failure::Infrastructure("no worker runs\n  hint: cargo xtask farm up --kind buildgrid".to_owned())
    })?;
    let was = if place.is_busy(worker) { "busy" } else { "idle" };
    state.members.iter().filter(|member| member.worker.as_deref() == Some(worker)).for_each(Member::end);
    Ok(format!("{worker}, which was {was}"))
}

/// Returns whether some worker is doing an action.
fn is_busy(store: &Path) -> bool {
    let place = Place::of(store);
    let workers = State::read(&place).ok().flatten().map(|state| state.workers()).unwrap_or_default();
    workers.iter().any(|worker| place.is_busy(worker))
}

fn answer(state: &State) -> Result<String, PortError> {
    let patience = Patience { refusals: Duration::from_secs(2), call: Duration::from_secs(5), ..Patience::default() };
    let address =
        state.address.parse().map_err(|error: ParseAddressError| PortError::Infrastructure(error.to_string()))?;
    Server::new(address, patience)?.check(Need::Execution)
}

fn await_answer(state: &State, reporter: &dyn Reporter) -> Result<(), Failure> {
    reporter.report(&Event::Note { message: format!("waiting for {}", state.address) });
    let watch = Stopwatch::start();
    loop {
        let Err(problem) = answer(state) else { return Ok(()) };
        if let Some(dead) = state.members.iter().find(|member| !member.runs()) {
            return Err(dead.failed());
        }
        if watch.elapsed() > START {
            return Err(problem.into());
        }
        clock::sleep(Duration::from_millis(200));
    }
}

/// Waits until a file is there that a process makes when it is ready.
fn await_file(path: &Path, maker: &Member) -> Result<(), Failure> {
    let watch = Stopwatch::start();
    while !files::exists(path) {
        if !maker.runs() || watch.elapsed() > START {
            return Err(maker.failed());
        }
        clock::sleep(Duration::from_millis(50));
    }
    Ok(())
}

impl fmt::Display for FarmReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(farm) = &self.farm else { return writeln!(f, "there is no farm\nhint: cargo xtask farm up") };
        for member in &farm.members {
            let runs = if self.running.contains(&member.name) { "runs" } else { "ended" };
            writeln!(f, "{runs:5}  {:24}  {}", member.name, member.log.display())?;
        }
        match &self.answer {
            Some(Ok(words)) => {
                writeln!(f, "{}  {words}\nhint: cargo xtask build bash --executor {}", farm.address, farm.address)
            }
            Some(Err(problem)) => writeln!(f, "{}  does not answer: {problem}", farm.address),
            None => writeln!(f, "the farm is down"),
        }
    }
}
