//! Runs: each verb that does actions leaves a directory that tells what happened.
//!
//! ```text
//! <store>/runs/<id>/     id: UTC time, then the process; ids sort by time
//!   run.json             what was asked for, on what host, and how it ended (`Record`)
//!   events.jsonl         the events as `--json` prints them
//!   actions.json         node → digest of its action, as far as it was known at the end
//!   logs/                the logs of the actions done, `<stage>.<subject>.log`
//!   report.html          the report for people
//! ```
//!
//! Not here: what the report says (`report`).
//!
//! **Invariant:** nothing reads a run to decide what is to be done; failing to write one fails nothing.

mod recorder;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use azl_diagnostics::Diagnostic;
use azl_host::files;
use serde::{Deserialize, Serialize};

use crate::error::Failure;
use crate::events::{self, Event, Stamped};
pub use recorder::{Asked, Recorder};

/// Version of `run.json` and `actions.json`.
pub const SCHEMA: u32 = 1;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It has not, or it was killed.
    Unfinished,
    /// It reached its goal.
    Succeeded,
    /// It did not.
    Failed,
    /// Somebody asked it to stop.
    Interrupted,
}

impl Outcome {
    /// Returns its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unfinished => "unfinished",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// What `run.json` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Name of the run.
    pub id: String,
    /// The verb.
    pub verb: String,
    /// The arguments of the program, the verb among them.
    pub arguments: Vec<String>,
    /// Seconds since 1970 when it began.
    pub began: u64,
    /// Milliseconds it took.
    pub millis: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// What failed, if it did.
    pub message: Option<String>,
    /// Where it ran.
    pub host: Host,
    /// What ran.
    pub program: Program,
    /// What was done.
    pub counts: Counts,
}

/// What a run had of its host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Processors it might use.
    pub cores: usize,
    /// Actions it might do at a time.
    pub jobs: usize,
    /// Bytes of memory that were free when it began.
    pub memory: u64,
}

/// The program that ran.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Its version.
    pub version: String,
    /// Commit of the checkout, where git knows.
    pub commit: Option<String>,
}

/// Nodes of a run, by how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Done now.
    pub done: usize,
    /// Known already. A node that is in the graphs of two stages counts in both.
    pub cached: usize,
    /// Failed.
    pub failed: usize,
    /// Not tried because of a failure.
    pub lost: usize,
}

impl Counts {
    /// Counts one event.
    pub fn note(&mut self, event: &Event) {
        match event {
            Event::Finished { cached: true, .. } => self.cached += 1,
            Event::Finished { cached: false, .. } => self.done += 1,
            Event::Failed { .. } => self.failed += 1,
            Event::Lost { .. } => self.lost += 1,
            _ => {}
        }
    }
}

/// A run that left its directory.
#[derive(Debug, Clone)]
pub struct Run {
    /// The directory.
    pub directory: PathBuf,
    /// What it says of itself.
    pub record: Record,
}

impl Run {
    /// Reads a run; nothing if it is none, or another version's.
    pub fn read(directory: &Path) -> Option<Self> {
        let record: Record = serde_json::from_slice(&files::read(directory.join("run.json")).ok()?).ok()?;
        (record.schema == SCHEMA).then(|| Self { directory: directory.to_owned(), record })
    }

    /// Returns its events, as far as they were written.
    pub fn events(&self) -> Vec<Stamped> {
        let stream = files::read(self.directory.join("events.jsonl")).unwrap_or_default();
        events::read(&String::from_utf8_lossy(&stream))
    }

    /// Returns the log that a node left in this run.
    pub fn log(&self, node: &str) -> Option<PathBuf> {
        let path = self.directory.join("logs").join(log_name(node));
        files::exists(&path).then_some(path)
    }
}

/// Returns the directory of all runs with a store.
pub fn directory(store: &Path) -> PathBuf {
    store.join("runs")
}

/// Returns all runs with a store, the newest last.
pub fn list(store: &Path) -> Vec<Run> {
    let directory = directory(store);
    let mut names = files::list(&directory).unwrap_or_default();
    names.sort();
    names.iter().filter_map(|name| Run::read(&directory.join(name))).collect()
}

/// Returns the run whose id begins so, or the last one.
///
/// # Errors
/// If there is none.
pub fn find(store: &Path, id: Option<&str>) -> Result<Run, Failure> {
    let runs = list(store);
    let found = runs.into_iter().rev().find(|run| id.is_none_or(|id| run.record.id.starts_with(id)));
    found.ok_or_else(|| {
        let which = id.map_or_else(|| "no run".to_owned(), |id| format!("no run `{id}`"));
        let problem = Diagnostic::error("unknown-run", format!("this store has {which}"));
        problem.hint("`cargo xtask runs` lists them").into()
    })
}

/// Returns the table of runs, the newest last.
pub fn table(runs: &[Run]) -> String {
    let mut text =
        format!("{:<26} {:<12} {:>10} {:>6} {:>7} {:>7}  verb\n", "run", "outcome", "took", "done", "cached", "failed");
    for Run { record, .. } in runs {
        let Record { id, outcome, millis, counts, .. } = record;
        let took = crate::progress::span(*millis);
        let Counts { done, cached, failed, .. } = counts;
        let outcome = outcome.word();
        let arguments = record.arguments.join(" ");
        let _ = writeln!(text, "{id:<26} {outcome:<12} {took:>10} {done:>6} {cached:>7} {failed:>7}  {arguments}");
    }
    text
}

/// Returns a file name for a node's log. Two nodes never have the same one, and none leads out of its directory.
pub fn log_name(node: &str) -> String {
    let mut name = String::new();
    let (stage, subject) = node.split_once(':').unwrap_or((node, ""));
    for (part, end) in [(stage, "."), (subject, ".log")] {
        for byte in part.bytes() {
            let plain = byte.is_ascii_alphanumeric() || b"-_+~".contains(&byte);
            match plain || (byte == b'.' && end == ".log") {
                true => name.push(char::from(byte)),
                false => drop(write!(name, "%{byte:02X}")),
            }
        }
        name.push_str(end);
    }
    name
}

/// Returns the name of a run that begins at `time`, in RFC 3339, in this process.
pub fn id(time: &str, process: u32) -> String {
    format!("{}-{process}", time.replace(['-', ':'], ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time() {
        assert_eq!(id("2026-01-02T03:04:05Z", 42), "20260102T030405Z-42");
        assert!(id("2026-01-02T03:04:05Z", 99_999) < id("2026-01-02T03:04:06Z", 1));
    }

    #[test]
    fn the_name_of_a_log_stays_in_its_directory_and_is_its_nodes_alone() {
        assert_eq!(log_name("rpm:bash"), "rpm.bash.log");
        assert_eq!(log_name("rpm:gtk+3.0~bootstrap"), "rpm.gtk+3.0~bootstrap.log");
        assert_eq!(log_name("rpm:../x y"), "rpm...%2Fx%20y.log");
        assert_eq!(log_name("../x"), "%2E%2E%2Fx..log");
        assert_ne!(log_name("a.b:c"), log_name("a:b.c"));
    }
}
