//! `bench kill`: kills the real program again and again while it works, and checks that nothing is lost by it.
//!
//! A round is the toy graph with actions of its own. The program is started on it and killed after a random time, until it
//! reaches the end by itself. What it said was finished must not be done again, and what comes out must be the same in
//! each round. The random numbers come from a seed that is reported.
//!
//! **Invariant:** the killed program gets no chance to put anything in order: the signal is SIGKILL.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use azl_action::ports::BlobStore;
use azl_digest::Digest;
use azl_host::clock::{self, Stopwatch};
use azl_host::{Cmd, files};
use azl_store::LocalStore;
use serde::Serialize;
use serde_json::Value;

use super::build::{Measure, Verdict};
use super::toy;
use crate::error::Failure;

/// Of a hundred finished actions, so many may be done again.
const REDONE_PERCENT: f64 = 1.0;

/// The part of an undisturbed round within which the program is killed; less than all of it, since a round goes on where it
/// was killed.
const KILLED_WITHIN: f64 = 0.6;

/// Failed starts in a row after which something else is wrong.
const PATIENCE: usize = 3;

/// What to kill, and how often.
#[derive(Debug, Clone)]
pub struct Kills {
    /// The program; `bench toy` of it realises the toy graph and prints events.
    pub program: PathBuf,
    /// The checkout.
    pub root: PathBuf,
    /// A store that may have the packages already.
    pub packages: PathBuf,
    /// Where the store of this test is made.
    pub store: PathBuf,
    /// How often.
    pub count: usize,
    /// Where the random numbers begin.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct KillReport {
    /// Where the random numbers began.
    pub seed: u64,
    /// How often the program was killed.
    pub kills: usize,
    /// Graphs that were finished.
    pub rounds: u32,
    /// Actions that were finished.
    pub finished: usize,
    /// Finished actions that were done again.
    pub redone: usize,
    /// Rounds that gave something else than the first.
    pub different: usize,
    /// Seconds that a round takes when it is not killed.
    pub round_seconds: f64,
    /// Seconds of wall time.
    pub seconds: f64,
}

impl fmt::Display for KillReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, kills, rounds, finished, redone, different, round_seconds, seconds } = self;
        writeln!(
            f,
            "{kills} kills in {rounds} rounds, {seconds:.1} s (seed {seed}; a round takes {round_seconds:.2} s)"
        )?;
        writeln!(f, "{finished} actions finished, {redone} of them done again, {different} rounds with other results")
    }
}

impl From<KillReport> for Measure {
    fn from(report: KillReport) -> Self {
        let KillReport { kills, rounds, finished, redone, different, seed, .. } = report;
        let holds = different == 0 && redone as f64 * 100.0 <= finished as f64 * REDONE_PERCENT;
        Self {
            claim: "survives",
            ours: format!(
                "{kills} kills in {rounds} rounds: {redone} of {finished} actions done again, {different} rounds differ (seed {seed})"
            ),
            peer: String::new(),
            promise: "1,000 kills, the same digests, at most 1 % of finished work done again",
            verdict: Verdict::of(holds),
        }
    }
}

impl KillReport {
    /// Returns the report if nothing was lost.
    ///
    /// # Errors
    /// If results differ or more finished work was done again than may be.
    pub fn into_result(self) -> Result<Self, Failure> {
        let share = self.redone as f64 * 100.0 / self.finished.max(1) as f64;
        if self.different == 0 && share <= REDONE_PERCENT {
            return Ok(self);
        }
        Err(Failure::Verification(format!("kills cost finished work or changed results\n{self}")))
    }
}

/// Kills the program as often as was asked for.
///
/// # Errors
/// If the program fails by itself, or the store cannot be used.
pub fn kill(kills: &Kills) -> Result<KillReport, Failure> {
    let watch = Stopwatch::start();
    provide_packages(kills)?;
    let mut random = Random(kills.seed);
    let mut report = KillReport { seed: kills.seed, ..KillReport::default() };
    // The first round composes what later ones share; the second says how long a round takes.
    let expected = undisturbed(kills, 0)?;
    let second = Stopwatch::start();
    let same = undisturbed(kills, 1)?;
    report.round_seconds = second.seconds();
    report.different += usize::from(same != expected);
    let longest = Duration::from_secs_f64(report.round_seconds);
    for round in 2.. {
        if report.kills >= kills.count {
            break;
        }
        let outputs = disturbed(kills, round, longest, &mut random, &mut report)?;
        report.different += usize::from(outputs != expected);
        report.rounds += 1;
    }
    report.seconds = watch.seconds();
    Ok(report)
}

/// Puts the packages into the store of the test, if this machine has them.
fn provide_packages(kills: &Kills) -> Result<(), Failure> {
    let (from, to) = (LocalStore::open(&kills.packages)?, LocalStore::open(&kills.store)?);
    for digest in toy::packages(&kills.root)?.values().filter_map(|wanted| wanted.sha256) {
        if from.contains(digest) {
            to.put(&from.read(digest)?)?;
        }
    }
    Ok(())
}

type Outputs = BTreeMap<String, Digest>;

fn undisturbed(kills: &Kills, round: u32) -> Result<Outputs, Failure> {
    let log = log(kills);
    command(kills, round).run_logged(&log)?;
    Ended::read(&log)?.outputs.ok_or_else(|| silent(&log))
}

/// Starts the program until it ends by itself, and kills it until then.
fn disturbed(
    kills: &Kills,
    round: u32,
    longest: Duration,
    random: &mut Random,
    report: &mut KillReport,
) -> Result<Outputs, Failure> {
    let log = log(kills);
    let mut finished = BTreeSet::new();
    let mut failures = 0;
    loop {
        let patience = longest.mul_f64(KILLED_WITHIN * random.fraction());
        let alive = start_and_kill(&command(kills, round), &log, patience)?;
        let ended = Ended::read(&log)?;
        for node in ended.performed {
            report.redone += usize::from(!finished.insert(node));
            report.finished += 1;
        }
        match (alive, ended.outputs) {
            (_, Some(outputs)) => return Ok(outputs),
            (true, None) => report.kills += 1,
            (false, None) => failures += 1,
        }
        if failures == PATIENCE {
            return Err(silent(&log));
        }
    }
}

/// Returns whether the program was alive when its time came.
fn start_and_kill(command: &Cmd, log: &Path, patience: Duration) -> Result<bool, Failure> {
    let watch = Stopwatch::start();
    let mut running = command.spawn_logged(log)?;
    while watch.elapsed() < patience {
        if running.ended().is_some() {
            return Ok(false);
        }
        clock::sleep(Duration::from_millis(1).min(patience));
    }
    let alive = running.ended().is_none();
    running.kill();
    Ok(alive)
}

fn command(kills: &Kills, round: u32) -> Cmd {
    Cmd::new(&kills.program, &kills.root)
        .args(["bench", "toy", "--json", "--round", &round.to_string(), "--store"])
        .arg(&kills.store)
        .arg("--root")
        .arg(&kills.root)
        .inherit("HOME")
        .inherit("AZL_KEY")
}

fn log(kills: &Kills) -> PathBuf {
    kills.store.join("kill.log")
}

fn silent(log: &Path) -> Failure {
    Failure::Verification(format!("the program failed by itself:\n{}", azl_host::process::tail_of(log)))
}

/// What a program that ended had said.
#[derive(Default)]
struct Ended {
    performed: Vec<String>,
    outputs: Option<Outputs>,
}

impl Ended {
    /// The last line of a killed program may be cut short.
    fn read(log: &Path) -> Result<Self, Failure> {
        let text = files::read(log)?;
        let mut ended = Self::default();
        for event in String::from_utf8_lossy(&text).lines().filter_map(|line| serde_json::from_str::<Value>(line).ok())
        {
            match event["event"].as_str() {
                Some("finished") if event["cached"] == false => {
                    ended.performed.extend(event["node"].as_str().map(str::to_owned));
                }
                Some("toy") => ended.outputs = serde_json::from_value(event["outputs"].clone()).ok(),
                _ => {}
            }
        }
        Ok(ended)
    }
}

/// Random numbers as SplitMix64 makes them.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number from 0 up to, and without, 1.
    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_numbers_are_the_published_ones_and_fractions_lie_below_one() {
        let mut random = Random(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert!((0..1000).all(|_| (0.0..1.0).contains(&random.fraction())));
    }

    #[test]
    fn redone_work_and_other_results_are_failures() {
        let report = KillReport { finished: 1000, redone: 10, ..KillReport::default() };
        assert!(report.clone().into_result().is_ok());
        assert!(KillReport { redone: 11, ..report.clone() }.into_result().is_err());
        assert!(KillReport { different: 1, ..report }.into_result().is_err());
    }

    #[test]
    fn a_line_that_was_cut_short_is_not_counted() {
        let directory = tempfile::tempdir().expect("a directory");
        let log = directory.path().join("log");
        let lines = concat!(
            "{\"event\":\"finished\",\"node\":\"toy:00\",\"cached\":false}\n",
            "{\"event\":\"finished\",\"node\":\"toy:01\",\"cached\":true}\n",
            "{\"event\":\"finished\",\"node\":\"toy:02\",\"cach"
        );
        files::write_atomic(&log, lines.as_bytes()).expect("written");
        let ended = Ended::read(&log).expect("read");
        assert!(ended.performed == ["toy:00"] && ended.outputs.is_none());
    }
}
