//! `farm trial` and `test --tier farm`: the same packages, built here, by a farm of one process, by a farm with workers, and by one that
//! loses a worker in the middle; and taken from a shared cache.
//!
//! Each farm starts empty and each build has a store of its own, so nothing but sources is known beforehand.
//!
//! **Invariant:** a part that cannot be tried has a row that says why.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use azl_action::ports::{ActionCache, BlobStore, Fetcher, PortError};
use azl_action::{ActionResult, Fetch, Work};
use azl_host::clock::{self, Stopwatch};
use azl_host::files;
use azl_store::LocalStore;
use serde::Serialize;

use super::{FarmReport, Kind, Place, Wish, down, kill_worker, prepare, up};
use crate::checkout::Checkout;
use crate::error::Failure;
use crate::events::{Event, Reporter};
use crate::remote::Remote;
use crate::session::{Session, Settings};
use crate::{build, inputs};

/// Quick to build, and with libraries, a program, data and plain files among them.
pub const QUICK: [&str; 5] = ["bash", "ncurses", "readline", "setup", "tzdata"];
/// Takes long enough to lose its worker in the middle, and not long; where it is not built, the first component is taken.
const INTERRUPTED: &str = "ncurses";
const WORKERS: usize = 2;
/// Time a busy worker is let live.
const MERCY: Duration = Duration::from_secs(5);

/// What became of one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The packages have the same bytes.
    Same,
    /// They have other bytes, or something failed.
    Failed,
    /// It could not be tried.
    Skipped,
}

/// One part of the trial.
#[derive(Debug, Clone, Serialize)]
pub struct TrialRow {
    /// What was tried.
    pub name: &'static str,
    /// What became of it.
    pub outcome: Outcome,
    /// What was found.
    pub found: String,
    /// Seconds it took, without setting up.
    pub seconds: f64,
}

/// The whole trial.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TrialReport {
    /// One row per part.
    pub rows: Vec<TrialRow>,
}

/// Packages by name; the digest is the name of the file in the store.
type Packages = BTreeMap<String, String>;

struct Trial<'a> {
    checkout: &'a Checkout,
    settings: &'a Settings,
    reporter: &'a dyn Reporter,
    interrupted: String,
    report: TrialReport,
}

/// Tries everything with some components; `settings` say which program workers run.
///
/// # Errors
/// If the packages cannot be built here.
pub fn trial(
    checkout: &Checkout,
    all: &BTreeSet<String>,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<TrialReport, Failure> {
    let interrupted = all.get(INTERRUPTED).or(all.first()).cloned().unwrap_or_default();
    let mut trial = Trial { checkout, settings, reporter, interrupted, report: TrialReport::default() };
    let watch = Stopwatch::start();
    let here = trial.build_here(all)?;
    trial.note("built here", Outcome::Same, format!("{} packages, to compare with", here.len()), watch);
    if let Some(address) = trial.set_up("casd", Kind::Casd) {
        let both = trial.remote(Some(&address), Some(&address));
        trial.compare("built by casd alone", all, both, &here);
        let cache = trial.remote(None, Some(&address));
        trial.compare(FROM_CACHE, all, cache, &here);
    }
    if let Some(address) = trial.set_up("buildgrid", Kind::Buildgrid) {
        let executor = trial.remote(Some(&address), None);
        trial.compare("built by BuildGrid, 2 workers", all, executor, &here);
    }
    if let Some(address) = trial.set_up("buildgrid, to lose a worker", Kind::Buildgrid) {
        let executor = trial.remote(Some(&address), None);
        trial.compare(WITH_LOSS, &BTreeSet::from([trial.interrupted.clone()]), executor, &here);
    }
    down(&settings.store)?;
    Ok(trial.report)
}

const FROM_CACHE: &str = "taken from the shared cache";
const WITH_LOSS: &str = "built while a worker is killed";

impl Trial<'_> {
    fn note(&mut self, name: &'static str, outcome: Outcome, found: String, watch: Stopwatch) {
        self.report.rows.push(TrialRow { name, outcome, found, seconds: watch.seconds() });
    }

    fn build_here(&self, names: &BTreeSet<String>) -> Result<Packages, Failure> {
        let settings = Settings { remote: Remote::default(), ..self.settings.clone() };
        let session = Session::open(settings, &self.checkout.release, "test", self.reporter)?;
        self.build(names, &session, self.reporter)
    }

    fn build(&self, names: &BTreeSet<String>, session: &Session, reporter: &dyn Reporter) -> Result<Packages, Failure> {
        let inputs = inputs::assemble(self.checkout, &self.checkout.set_holding(names)?, session)?;
        let packages = build::build(&inputs, names, session, reporter)?;
        let digest = |path: &std::path::Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(packages.into_iter().map(|(name, path)| (name, digest(&path))).collect())
    }

    /// Sets up an empty farm and returns its address.
    fn set_up(&mut self, name: &'static str, kind: Kind) -> Option<String> {
        let watch = Stopwatch::start();
        let (outcome, failure) = match self.new_farm(kind) {
            Ok(Ok(report)) => return report.farm.map(|farm| farm.address),
            Ok(Err(broken)) => (Outcome::Failed, broken),
            Err(lacking) => (Outcome::Skipped, lacking),
        };
        self.note(name, outcome, format!("no farm: {}", brief(&failure)), watch);
        None
    }

    /// Tells a host that lacks something from a farm that does not start.
    fn new_farm(&self, kind: Kind) -> Result<Result<FarmReport, Failure>, Failure> {
        down(&self.settings.store)?;
        let settings = Settings { remote: Remote::default(), ..self.settings.clone() };
        let session = Session::open(settings, &self.checkout.release, "test", self.reporter)?;
        prepare(self.checkout, &session, kind, self.reporter)?;
        Ok(up(self.checkout, &session, Wish { kind, workers: WORKERS }, self.reporter))
    }

    fn remote(&self, executor: Option<&str>, cache: Option<&str>) -> Remote {
        let address = |text: Option<&str>| text.and_then(|text| text.parse().ok());
        Remote { executor: address(executor), cache: address(cache), ..self.settings.remote.clone() }
    }

    /// Builds in an empty store and compares with what was built here.
    fn compare(&mut self, name: &'static str, names: &BTreeSet<String>, remote: Remote, here: &Packages) {
        let watch = Stopwatch::start();
        let witness =
            Witness { trial: self, kill: name == WITH_LOSS, runs: AtomicUsize::new(0), killed: Mutex::default() };
        let built = self.elsewhere(names, remote, &witness);
        let (runs, killed) = (witness.runs.load(Ordering::Relaxed), witness.killed());
        let (outcome, found) = match built {
            Err(failure) => (Outcome::Failed, brief(&failure)),
            Ok(_) if name == FROM_CACHE && runs > 0 => (Outcome::Failed, format!("{runs} actions were done here")),
            Ok(_) if name == WITH_LOSS && !killed.contains("busy") => {
                (Outcome::Failed, format!("no busy worker was killed: {killed}"))
            }
            Ok(packages) => judged(&packages, here, &killed),
        };
        self.note(name, outcome, found, watch);
    }

    fn elsewhere(&self, names: &BTreeSet<String>, remote: Remote, witness: &Witness<'_>) -> Result<Packages, Failure> {
        let store = Place::of(&self.settings.store).directory().join("trial");
        files::remove_dir_all(&store)?;
        let settings = Settings { store: store.clone(), remote, ..self.settings.clone() };
        let mut session = Session::open(settings, &self.checkout.release, "test", self.reporter)?;
        let known = LocalStore::open(&self.settings.store)?;
        let usual = std::mem::replace(&mut session.ports.fetcher, Box::new(Nothing));
        session.ports.fetcher = Box::new(FromStore { known, usual });
        let packages = self.build(names, &session, witness);
        drop(session);
        files::remove_dir_all(&store)?;
        packages
    }
}

/// The first line says what, the last one where to look.
fn brief(failure: &Failure) -> String {
    let text = failure.text();
    let mut lines = text.trim().lines();
    let first = lines.next().unwrap_or_default().to_owned();
    lines.next_back().map_or(first.clone(), |last| format!("{first} … {}", last.trim()))
}

fn judged(packages: &Packages, here: &Packages, killed: &str) -> (Outcome, String) {
    let others: Vec<&str> = packages
        .iter()
        .filter(|(name, digest)| here.get(*name) != Some(*digest))
        .map(|(name, _)| name.as_str())
        .collect();
    let killed = if killed.is_empty() { String::new() } else { format!("; killed {killed}") };
    if others.is_empty() && !packages.is_empty() {
        return (Outcome::Same, format!("{} packages, byte for byte{killed}", packages.len()));
    }
    (Outcome::Failed, format!("other bytes: {}{killed}", others.join(", ")))
}

/// Counts what is done, and kills a worker when the time has come.
struct Witness<'a> {
    trial: &'a Trial<'a>,
    kill: bool,
    runs: AtomicUsize,
    killed: Mutex<Option<std::thread::JoinHandle<String>>>,
}

impl Reporter for Witness<'_> {
    fn report(&self, event: &Event) {
        self.trial.reporter.report(event);
        let Event::Started { node, kind, .. } = event else { return };
        if kind == "run" {
            self.runs.fetch_add(1, Ordering::Relaxed);
        }
        if self.kill && *node == azl_plan::build::rpm_node(&self.trial.interrupted).0 {
            let store = self.trial.settings.store.clone();
            let killer = std::thread::spawn(move || kill_busy(&store));
            if let Ok(mut killed) = self.killed.lock() {
                *killed = Some(killer);
            }
        }
    }
}

impl Witness<'_> {
    fn killed(&self) -> String {
        let killer = self.killed.lock().ok().and_then(|mut killed| killed.take());
        killer.and_then(|killer| killer.join().ok()).unwrap_or_default()
    }
}

/// Waits until a worker is at it, lets it get into the build, and kills it.
fn kill_busy(store: &std::path::Path) -> String {
    const LONGEST: Duration = Duration::from_secs(300);
    let watch = Stopwatch::start();
    while !super::is_busy(store) && watch.elapsed() < LONGEST {
        clock::sleep(Duration::from_millis(100));
    }
    clock::sleep(MERCY);
    kill_worker(store).unwrap_or_else(|failure| failure.text())
}

/// Takes sources from a store that has them: a farm is tried here, not a mirror.
struct FromStore {
    known: LocalStore,
    usual: Box<dyn Fetcher>,
}

impl Fetcher for FromStore {
    fn fetch(&self, fetch: &Fetch, store: &dyn BlobStore) -> Result<ActionResult, PortError> {
        let Some(result) = self.known.get(Work::Fetch(fetch.clone()).digest()) else {
            return self.usual.fetch(fetch, store);
        };
        let scratch = store.scratch("known")?;
        for digest in result.outputs.values() {
            let file = scratch.join(digest.to_string());
            let linked = files::link_or_copy(self.known.path(*digest)?, &file);
            linked.map_err(|error| PortError::Infrastructure(error.to_string()))?;
            store.take(&file)?;
        }
        Ok(result)
    }
}

/// Stands where a fetcher was while it is wrapped.
struct Nothing;

impl Fetcher for Nothing {
    fn fetch(&self, _: &Fetch, _: &dyn BlobStore) -> Result<ActionResult, PortError> {
        Err(PortError::Infrastructure("there is no fetcher".to_owned()))
    }
}

impl TrialReport {
    /// Fails if a part failed.
    ///
    /// # Errors
    /// The names of the parts.
    pub fn into_result(self) -> Result<(), Failure> {
        let failed: Vec<&str> =
            self.rows.iter().filter(|row| row.outcome == Outcome::Failed).map(|row| row.name).collect();
        if failed.is_empty() { Ok(()) } else { Err(Failure::Verification(format!("failed: {}", failed.join(", ")))) }
    }
}

impl fmt::Display for TrialReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            let word = match row.outcome {
                Outcome::Same => "same",
                Outcome::Failed => "FAILED",
                Outcome::Skipped => "skipped",
            };
            writeln!(f, "{word:8}  {:30}  {:>7.1} s  {}", row.name, row.seconds, row.found.trim_end())?;
        }
        Ok(())
    }
}
