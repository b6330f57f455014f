//! Garbage collection on a store with two runs.

use azl_action::ports::{ActionCache, BlobStore};
use azl_action::{ActionResult, Usage};
use azl_digest::Digest;

use super::*;

struct Bench {
    directory: tempfile::TempDir,
}

impl Bench {
    /// A store with actions `old`, `both` and `new`, listed by an older and a newer run.
    fn new() -> Self {
        let bench = Self { directory: tempfile::tempdir().expect("a directory") };
        let store = bench.store();
        for name in ["old", "both", "new"] {
            let log = Some(BlobStore::put(&store, format!("log of {name}").as_bytes()).expect("put"));
            let outputs = BTreeMap::from([("out".to_owned(), BlobStore::put(&store, name.as_bytes()).expect("put"))]);
            let result = ActionResult { outputs, log, millis: 0, usage: Usage::default() };
            ActionCache::put(&store, action(name), &result).expect("put");
            files::write_atomic(store.log_path(action(name)), name.as_bytes()).expect("a log");
        }
        bench.record("1", &["old", "both"]);
        bench.record("2", &["both", "new"]);
        bench
    }

    fn store(&self) -> LocalStore {
        LocalStore::open(self.directory.path()).expect("a store")
    }

    fn record(&self, run: &str, names: &[&str]) {
        let actions: BTreeMap<&str, Digest> = names.iter().map(|name| (*name, action(name))).collect();
        let directory = self.directory.path().join("runs").join(run);
        files::create_dir_all(&directory).expect("a directory");
        let json = serde_json::to_vec(&actions).expect("JSON");
        files::write_atomic(directory.join("actions.json"), &json).expect("written");
    }

    /// Names of the actions that have a result.
    fn left(&self) -> Vec<&'static str> {
        let store = self.store();
        ["old", "both", "new"].into_iter().filter(|name| store.get(action(name)).is_some()).collect()
    }
}

fn action(name: &str) -> Digest {
    Digest::of(format!("action {name}").as_bytes())
}

const NOTHING_MORE: Limits = Limits { runs: 1, size: 0 };

#[test]
fn what_the_last_runs_need_stays_with_its_outputs_and_logs() {
    let bench = Bench::new();
    let store = bench.store();
    let survey = store.survey(NOTHING_MORE).expect("surveyed");
    assert_eq!(bench.left(), ["old", "both", "new"], "looking removes nothing");
    let collection = store.collect(NOTHING_MORE).expect("collected");
    assert_eq!((&survey.kept, &survey.freed), (&collection.kept, &collection.freed));
    assert_eq!(bench.left(), ["both", "new"]);
    let count = |kind| collection.freed.get(&kind).map_or(0, |amount| amount.count);
    assert_eq!([Kind::Result, Kind::Blob, Kind::Log, Kind::Run].map(count), [1, 2, 1, 1]);
    let reopened = bench.store();
    assert!(files::exists(reopened.log_path(action("new"))) && !files::exists(reopened.log_path(action("old"))));
    assert_eq!(reopened.read(Digest::of(b"log of new")).expect("the log"), b"log of new");
}

#[test]
fn nothing_goes_from_a_store_that_is_small_enough() {
    let bench = Bench::new();
    let collection = bench.store().collect(Limits { runs: 0, size: 1 << 20 }).expect("collected");
    assert!(collection.freed.is_empty());
    assert_eq!(bench.left(), ["old", "both", "new"]);
}

#[test]
fn a_run_whose_needs_cannot_be_read_stops_the_collection() {
    let bench = Bench::new();
    files::write_atomic(bench.directory.path().join("runs/2/actions.json"), b"{\"new\":").expect("damage");
    let error = bench.store().collect(NOTHING_MORE).expect_err("refused").to_string();
    assert!(error.contains("runs/2") && error.contains("hint"), "{error}");
    assert_eq!(bench.left(), ["old", "both", "new"]);
}

#[test]
fn a_run_that_was_killed_before_it_said_what_it_needs_does_not_count() {
    let bench = Bench::new();
    files::create_dir_all(bench.directory.path().join("runs/3")).expect("a directory");
    bench.store().collect(NOTHING_MORE).expect("collected");
    assert_eq!(bench.left(), ["both", "new"]);
}

#[test]
fn roots_and_trees_go_before_results_and_leave_no_half() {
    let bench = Bench::new();
    let path = |name: &str| bench.directory.path().join(name);
    files::create_dir_all(path("trees/t")).expect("a tree");
    files::write_atomic(path("trees/t/0"), &[0; 1 << 16]).expect("a file");
    files::write_atomic(path("trees/t.json"), b"{}").expect("a listing");
    files::create_dir_all(path("roots/r/etc")).expect("a root");
    files::hard_link(path("trees/t/0"), path("roots/r/etc/f")).expect("a link");
    files::touch(path("roots/r.used")).expect("a mark");
    files::write_atomic(path("actions/.left"), b"").expect("litter");
    let collection = bench.store().collect(Limits { runs: 0, size: 1 << 15 }).expect("collected");
    let freed: Vec<Kind> = collection.freed.keys().copied().collect();
    assert_eq!(freed, [Kind::Root, Kind::Tree]);
    for name in ["trees/t", "trees/t.json", "roots/r", "roots/r.used"] {
        assert!(!files::exists(path(name)), "{name}");
    }
    assert_eq!(bench.left(), ["old", "both", "new"]);
}

#[test]
fn the_index_forgets_what_went() {
    let bench = Bench::new();
    bench.store().collect(NOTHING_MORE).expect("collected");
    let index = files::read_to_string(bench.directory.path().join("index")).expect("an index");
    assert!(index.contains(&action("new").to_string()) && !index.contains(&action("old").to_string()));
}
