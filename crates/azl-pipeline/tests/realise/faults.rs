//! File operations that fail, one after the other, over a whole run; and a process that dies at each of them.

use std::collections::BTreeMap;
use std::path::Path;

use azl_action::{ActionResult, NodeId};
use azl_digest::Digest;
use azl_host::faults::{Fault, arm};
use azl_host::files;
use azl_store::LocalStore;
use azl_store::gc::Limits;

use crate::bench::{Bench, Nodes};

const TOY: Nodes<'_> = &[
    ("fetch", "cat F", &[]),
    ("srpm", "cat S", &["fetch"]),
    ("rpm", "cat R", &["srpm"]),
    ("devel", "drop D", &["srpm"]),
    ("sign", "cat G", &["rpm", "devel"]),
];

const EINTR: i32 = 4;
const EIO: i32 = 5;
const EMFILE: i32 = 24;
const ENOSPC: i32 = 28;
const EROFS: i32 = 30;
const EDQUOT: i32 = 122;

/// One run as a process makes it: the store opened and shared, then everything realised.
fn run(bench: &Bench) -> Result<BTreeMap<NodeId, ActionResult>, String> {
    let store = LocalStore::open(bench.directory.path()).map_err(|error| error.to_string())?;
    let ports = bench.ports_over(store);
    let _share = ports.store.share("test", |_| {}).map_err(|error| error.to_string())?;
    bench.realise(TOY, &ports).map(|realised| realised.results).map_err(|error| error.to_string())
}

/// What each node gave.
fn outputs(results: &BTreeMap<NodeId, ActionResult>) -> Vec<BTreeMap<String, Digest>> {
    results.values().map(|result| result.outputs.clone()).collect()
}

/// Checks that everything with a final name is what its name says.
fn check_whole(store: &Path) {
    for name in files::walk_files(store.join("blobs")).expect("blobs") {
        let (_, digest) = name.split_once('/').expect("a directory of two digits");
        assert_eq!(files::digest(store.join("blobs").join(&name)).expect("read").to_string(), digest);
    }
    for name in files::walk_files(store.join("actions")).expect("results") {
        let json = files::read(store.join("actions").join(&name)).expect("read");
        serde_json::from_slice::<ActionResult>(&json).expect("a whole result");
    }
}

/// Lets the n-th operation of a first run fail, for each n, and finishes with a second run.
fn walk(fault: Fault) {
    let expected = outputs(&run(&Bench::new()).expect("no fault"));
    for at in 1.. {
        let mut bench = Bench::new();
        // One worker, so that every run does the same operations in the same order.
        bench.policy.jobs = 1;
        let armed = arm(bench.directory.path(), at, fault);
        let first = run(&bench);
        let struck = armed.struck();
        drop(armed);
        let finished = bench.recorder.of("finished", ["node", "cached"]);
        let begun = bench.ran().len();
        check_whole(bench.directory.path());
        let second = run(&bench).unwrap_or_else(|error| panic!("{fault:?} at {at}: {error}"));
        assert_eq!(outputs(&second), expected, "{fault:?} at {at}");
        let again = bench.ran().len();
        assert!(again <= TOY.len() - finished.len(), "{fault:?} at {at}: {finished:?}, then {again} again");
        assert!(first.is_err() || again == 0, "{fault:?} at {at}: begun {begun}, again {again}");
        let left = files::list(bench.directory.path().join("work")).expect("work");
        assert!(left.is_empty(), "{fault:?} at {at}: {left:?}");
        if !struck {
            assert!(at > 50, "a run has more than {at} operations");
            return;
        }
    }
}

#[test]
fn a_run_that_dies_at_any_operation_is_finished_by_the_next() {
    walk(Fault::Always(EIO));
}

#[test]
fn a_disk_that_is_full_for_a_moment_costs_no_finished_work() {
    walk(Fault::Once(ENOSPC));
}

#[test]
fn a_quota_that_is_reached_stops_a_run_that_the_next_one_finishes() {
    walk(Fault::Always(EDQUOT));
}

#[test]
fn operations_that_fail_once_cost_no_finished_work() {
    for error in [EIO, EMFILE, EINTR] {
        walk(Fault::Once(error));
    }
}

#[test]
fn a_collection_that_dies_at_any_operation_leaves_a_whole_store() {
    let everything = Limits { runs: 0, size: 0 };
    let expected = outputs(&run(&Bench::new()).expect("no fault"));
    for at in 1.. {
        let bench = Bench::new();
        run(&bench).expect("no fault");
        files::create_dir_all(bench.directory.path().join("runs/1/x")).expect("a run");
        let store = LocalStore::open(bench.directory.path()).expect("a store");
        let armed = arm(bench.directory.path(), at, Fault::Always(EIO));
        let collected = store.lock("gc", |_| {}).map(|_alone| store.collect(everything).is_ok());
        let struck = armed.struck();
        drop((store, armed));
        check_whole(bench.directory.path());
        assert_eq!(outputs(&run(&bench).expect("the store heals")), expected, "at {at}");
        if !struck {
            assert!(collected.expect("a lock") && at > 15, "a collection has more than {at} operations");
            return;
        }
    }
}

#[test]
fn a_store_that_cannot_be_written_is_named_and_can_still_be_read() {
    let bench = Bench::new();
    let results = run(&bench).expect("no fault");
    let armed = arm(bench.directory.path(), 1, Fault::Always(EROFS));
    let error = run(&bench).expect_err("nothing can be written");
    assert!(error.contains("Read-only file system") && error.contains(&*bench.directory.path().to_string_lossy()));
    drop(armed);
    let ports = bench.ports();
    let _armed = arm(bench.directory.path(), 1, Fault::Always(EROFS));
    assert_eq!(bench.realise(TOY, &ports).expect("all is known").results, results);
}

#[test]
fn a_full_disk_says_what_to_do() {
    let bench = Bench::new();
    let ports = bench.ports();
    let _armed = arm(bench.directory.path(), 1, Fault::Always(ENOSPC));
    let error = bench.realise(TOY, &ports).expect_err("the disk is full").to_string();
    assert!(error.contains("hint:") && error.contains("AZL_STORE"), "{error}");
}
