//! Writes the directory of the run that is under way.
//!
//! **Invariant:** what has happened is in `events.jsonl` before anything else happens, so a run that is killed tells
//! how far it came.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use azl_host::clock::Stopwatch;
use azl_host::{FileError, clock, environment, files};
use azl_store::LocalStore;

use super::{Counts, Host, Outcome, Program, Record, Run, SCHEMA, directory, id, log_name};
use crate::events::{Event, Stamped};
use crate::{report, repository};

/// What is asked of a run.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The verb.
    pub verb: String,
    /// The arguments of the program.
    pub arguments: Vec<String>,
    /// Actions at a time.
    pub jobs: usize,
    /// Version of the program.
    pub version: String,
    /// The checkout.
    pub root: PathBuf,
}

/// Takes down one run.
#[derive(Debug)]
pub struct Recorder {
    directory: PathBuf,
    watch: Stopwatch,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    record: Record,
    events: File,
    actions: BTreeMap<String, String>,
    problem: Option<String>,
}

impl Recorder {
    /// Begins the directory of a run.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn begin(store: &Path, asked: Asked) -> Result<Self, FileError> {
        let began = clock::now();
        let id = id(&azl_attest::rfc3339(began), environment::process_id());
        let directory = directory(store).join(&id);
        files::create_dir_all(directory.join("logs"))?;
        let events = files::create(directory.join("events.jsonl"))?;
        let host = Host { cores: environment::processors(), jobs: asked.jobs, memory: environment::available_memory() };
        let record = Record {
            schema: SCHEMA,
            id,
            verb: asked.verb,
            arguments: asked.arguments,
            began,
            millis: 0,
            outcome: Outcome::Unfinished,
            message: None,
            host,
            program: Program { version: asked.version, commit: repository::commit(&asked.root, "HEAD").ok() },
            counts: Counts::default(),
        };
        write_json(&directory.join("run.json"), &record)?;
        let state = State { record, events, actions: BTreeMap::new(), problem: None };
        Ok(Self { directory, watch: Stopwatch::start(), state: Mutex::new(state) })
    }

    /// Returns the directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an event down.
    pub fn note(&self, stamped: &Stamped) {
        let mut state = self.state();
        state.record.counts.note(&stamped.event);
        if let Event::Started { node, action, .. } | Event::Finished { node, action, .. } = &stamped.event {
            state.actions.insert(node.clone(), action.clone());
        }
        if let Err(error) = state.events.write_all(stamped.line().as_bytes()) {
            state.problem.get_or_insert_with(|| error.to_string());
        }
    }

    /// Ends the run: writes how it went, its actions, its logs and the report.
    ///
    /// # Errors
    /// What could not be written, in words.
    pub fn end(&self, store: &LocalStore, outcome: Outcome, message: Option<String>) -> Result<(), String> {
        let (record, actions, problem) = {
            let mut state = self.state();
            state.record.outcome = outcome;
            state.record.message = message;
            state.record.millis = u64::try_from(self.watch.elapsed().as_millis()).unwrap_or(u64::MAX);
            (state.record.clone(), state.actions.clone(), state.problem.clone())
        };
        let run = Run { directory: self.directory.clone(), record };
        let events = run.events();
        let written = write_json(&self.directory.join("run.json"), &run.record)
            .and_then(|()| write_json(&self.directory.join("actions.json"), &actions))
            .and_then(|()| self.keep_logs(store, &events, &actions))
            .and_then(|()| report::write(&run, &events, store, &self.directory.join("report.html")));
        written.map_err(|error| error.to_string())?;
        problem.map_or(Ok(()), Err)
    }

    /// Keeps the logs of what was done or tried now. A failed action's is copied, since the next try writes over it.
    fn keep_logs(
        &self,
        store: &LocalStore,
        events: &[Stamped],
        actions: &BTreeMap<String, String>,
    ) -> Result<(), FileError> {
        for Stamped { event, .. } in events {
            let (Event::Finished { node, cached: false, .. }
            | Event::Failed { node, .. }
            | Event::Interrupted { node }) = event
            else {
                continue;
            };
            let digest = actions.get(node).and_then(|action| action.parse().ok());
            let Some(log) = digest.map(|digest| store.log_path(digest)).filter(|log| files::exists(log)) else {
                continue;
            };
            let kept = self.directory.join("logs").join(log_name(node));
            match event {
                Event::Failed { .. } | Event::Interrupted { .. } => files::copy(log, kept)?,
                _ if files::exists(&kept) => {}
                _ => files::link_or_copy(log, kept)?,
            }
        }
        Ok(())
    }
}

fn write_json(path: &Path, value: &impl serde::Serialize) -> Result<(), FileError> {
    let json = serde_json::to_vec_pretty(value).unwrap_or_default();
    files::write_atomic(path, &json)
}

#[cfg(test)]
mod tests {
    use azl_action::Usage;
    use azl_digest::Digest;

    use super::*;
    use crate::runs;

    fn asked() -> Asked {
        Asked {
            verb: "build".to_owned(),
            arguments: vec!["build".to_owned(), "bash".to_owned()],
            jobs: 2,
            version: "1".to_owned(),
            root: PathBuf::from("/nowhere"),
        }
    }

    fn finished(action: Digest) -> Stamped {
        let event = Event::Finished {
            node: "rpm:bash".to_owned(),
            cached: false,
            millis: 5,
            usage: Usage::default(),
            action: action.to_string(),
            expected_millis: 5,
            chain_millis: 5,
            via: None,
        };
        Stamped::new(5, event)
    }

    #[test]
    fn a_run_leaves_its_record_its_events_its_actions_and_its_logs() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let store = LocalStore::open(directory.path()).expect("a store");
        let recorder = Recorder::begin(store.root(), asked()).expect("a run");
        assert_eq!(runs::list(store.root())[0].record.outcome, Outcome::Unfinished);
        let action = Digest::of(b"action");
        files::create_dir_all(store.log_path(action).parent().expect("logs")).expect("logs");
        files::write_atomic(store.log_path(action), b"made\n").expect("a log");
        recorder.note(&finished(action));
        recorder.end(&store, Outcome::Succeeded, None).expect("an end");
        let run = runs::find(store.root(), None).expect("the run");
        assert_eq!((run.record.outcome, run.record.counts.done), (Outcome::Succeeded, 1));
        assert_eq!(run.events(), [finished(action)]);
        assert_eq!(files::read(run.log("rpm:bash").expect("its log")).expect("the log"), b"made\n");
        let actions = files::read_to_string(run.directory.join("actions.json")).expect("actions");
        let actions: BTreeMap<String, String> = serde_json::from_str(&actions).expect("an object");
        assert_eq!(actions, BTreeMap::from([("rpm:bash".to_owned(), action.to_string())]));
        assert!(files::exists(run.directory.join("report.html")));
    }

    #[test]
    fn an_unknown_run_is_refused_with_where_to_look() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let failure = runs::find(directory.path(), Some("2020")).expect_err("no run");
        let Failure::Configuration(diagnostics) = failure else { panic!("another failure") };
        assert!(diagnostics[0].message.contains("no run `2020`"));
    }

    use crate::error::Failure;
}
