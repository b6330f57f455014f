//! Several runs over one store, and a cache that other machines share.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use azl_action::ports::{BlobStore, PortError, SharedCache};
use azl_action::{Action, ActionResult, Usage};
use azl_digest::Digest;
use azl_pipeline::ports::Ports;

use crate::bench::{Bench, Nodes};

#[test]
fn an_action_that_two_runs_want_is_done_once() {
    let bench = Bench::new();
    let nodes: Nodes<'_> = &[("a", "cat A", &[]), ("b", "cat B", &["a"])];
    let (begun, wait) = mpsc::channel();
    let (release, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    *bench.executor.before.lock().expect("no panic") = Some(Box::new(move |command| {
        if command == "cat A" {
            begun.send(()).expect("the test listens");
            held.lock().expect("no panic").recv().expect("the test goes on");
        }
    }));
    std::thread::scope(|scope| {
        let first = scope.spawn(|| bench.realise(nodes, &bench.ports()).expect("realised"));
        wait.recv().expect("the first run does `a`");
        let second = scope.spawn(|| bench.realise(nodes, &bench.ports()).expect("realised"));
        while bench.recorder.of("waiting", ["node", "holder"]).is_empty() {
            std::thread::yield_now();
        }
        release.send(()).expect("the first run waits");
        let [first, second] = [first, second].map(|run| run.join().expect("no panic"));
        assert_eq!(first.results, second.results);
    });
    assert_eq!(bench.ran(), ["cat A", "cat B"]);
    let waiting = bench.recorder.of("waiting", ["node", "holder"]);
    assert!(waiting[0].starts_with("a process ") && waiting[0].ends_with(": a"), "{waiting:?}");
}

#[test]
fn many_runs_at_once_agree_and_do_everything_once() {
    let bench = Bench::new();
    let names: Vec<String> = (0..12).map(|number| format!("n{number:02}")).collect();
    let commands: Vec<String> = names.iter().map(|name| format!("cat {name}")).collect();
    let needs: Vec<Vec<&str>> =
        (0..12).map(|number| names[..number].iter().rev().take(2).map(String::as_str).collect()).collect();
    let nodes: Vec<_> = (0..12).map(|n| (names[n].as_str(), commands[n].as_str(), needs[n].as_slice())).collect();
    let results: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> =
            (0..4).map(|_| scope.spawn(|| bench.realise(&nodes, &bench.ports()).expect("realised"))).collect();
        runs.into_iter().map(|run| run.join().expect("no panic").results).collect()
    });
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(bench.ran(), commands);
}

/// What a fake shared cache answers.
enum Answer {
    /// The right result, its blob in the store.
    Right,
    /// A result whose blob has other bytes than its digest says.
    Poisoned,
    /// Nothing, ever.
    Nothing,
    /// An entry that must not be used.
    Refused,
    /// An error.
    Away,
}

struct FakeCache {
    answer: Answer,
    log: Arc<Mutex<Vec<String>>>,
}

impl SharedCache for FakeCache {
    fn fetch(&self, action: &Action, store: &dyn BlobStore) -> Result<Option<ActionResult>, PortError> {
        self.log.lock().expect("no panic").push(format!("fetch {}", action.kind()));
        let digest = match self.answer {
            Answer::Right => store.put(b"A")?,
            Answer::Poisoned => {
                let digest = Digest::of(b"A");
                let honest = store.put(b"something else")?;
                let path = store.path(honest)?;
                let poisoned = path.with_file_name(digest.to_string());
                let directory = poisoned.parent().and_then(|path| path.parent()).expect("blobs");
                let target = directory.join(&digest.to_string()[..2]);
                azl_host::files::create_dir_all(&target).expect("a directory");
                azl_host::files::copy(path, target.join(digest.to_string())).expect("poison");
                digest
            }
            Answer::Nothing => return Ok(None),
            Answer::Refused => return Err(PortError::Input("signed by another key".to_owned())),
            Answer::Away => return Err(PortError::Infrastructure("no route".to_owned())),
        };
        let outputs = BTreeMap::from([("out".to_owned(), digest)]);
        Ok(Some(ActionResult { outputs, log: None, millis: 0, usage: Usage::default() }))
    }

    fn publish(&self, action: &Action, result: &ActionResult, store: &dyn BlobStore) -> Result<(), PortError> {
        let bytes = store.read(result.outputs["out"])?;
        let text = format!("publish {} {}", action.kind(), String::from_utf8_lossy(&bytes));
        self.log.lock().expect("no panic").push(text);
        Ok(())
    }
}

/// Runs two nodes with a shared cache and returns what was run here, what the cache was asked, and the notes.
fn with_cache(answer: Answer) -> (Vec<String>, Vec<String>, Vec<String>) {
    let bench = Bench::new();
    let log = Arc::default();
    let cache = FakeCache { answer, log: Arc::clone(&log) };
    let ports = Ports { shared: Some(Box::new(cache)), ..bench.ports() };
    bench.realise(&[("a", "cat A", &[]), ("b", "cat B", &["a"])], &ports).expect("realised");
    let asked = log.lock().expect("no panic").clone();
    (bench.ran(), asked, bench.recorder.of("note", ["message", "message"]))
}

#[test]
fn a_shared_result_is_used_and_a_new_one_published() {
    let (ran, asked, notes) = with_cache(Answer::Right);
    assert!(ran.is_empty() && notes.is_empty(), "{ran:?} {notes:?}");
    assert_eq!(asked, ["fetch run", "fetch run"]);
    let (ran, asked, _) = with_cache(Answer::Nothing);
    assert_eq!(ran, ["cat A", "cat B"]);
    assert_eq!(asked, ["fetch run", "publish run A", "fetch run", "publish run BA"]);
}

#[test]
fn a_cache_that_is_away_is_noted_once_and_left_alone() {
    let (ran, asked, notes) = with_cache(Answer::Away);
    assert_eq!((ran.len(), asked.len(), notes.len()), (2, 1, 1));
    assert!(notes[0].contains("no route"), "{notes:?}");
}

#[test]
fn an_entry_that_is_refused_is_noted_and_replaced_and_the_cache_is_asked_on() {
    let (ran, asked, notes) = with_cache(Answer::Refused);
    assert_eq!(ran, ["cat A", "cat B"]);
    assert_eq!(asked, ["fetch run", "publish run A", "fetch run", "publish run BA"]);
    assert!(notes.len() == 2 && notes[0].starts_with("signed by another key"), "{notes:?}");
}

#[test]
fn a_poisoned_answer_is_refused_and_the_work_done_here() {
    let (ran, asked, notes) = with_cache(Answer::Poisoned);
    assert_eq!((ran, asked.len(), notes.len()), (vec!["cat A".to_owned(), "cat B".to_owned()], 1, 1));
    assert!(notes[0].contains("lost or corrupted"), "{notes:?}");
}
