//! Failures, retries and interruptions.

use std::sync::atomic::Ordering;

use azl_action::ports::PortError;
use azl_pipeline::realise::Policy;

use crate::bench::{Bench, Nodes};

const FORKED: Nodes<'_> = &[
    ("a", "fail A", &[]),
    ("b", "cat B", &["a"]),
    ("c", "cat C", &["b"]),
    ("d", "cat D", &[]),
    ("e", "cat E", &["d"]),
];

#[test]
fn nothing_is_begun_after_a_failure() {
    let mut bench = Bench::new();
    bench.policy = Policy { jobs: 1, ..bench.policy };
    assert_eq!(bench.run(FORKED).0, ["fail A"]);
    assert_eq!(bench.recorder.of("lost", ["node", "because"]), ["b a", "c a"]);
}

#[test]
fn the_rest_goes_on_if_it_is_told_to_and_the_lost_nodes_name_the_cause() {
    let mut bench = Bench::new();
    bench.policy = Policy { keep_going: true, ..bench.policy };
    let (ran, result) = bench.run(FORKED);
    assert_eq!(ran, ["cat D", "cat E", "fail A"]);
    assert_eq!(result.expect_err("a fails"), "`a`: exit status 1");
    assert_eq!(bench.recorder.of("lost", ["node", "because"]), ["b a", "c a"]);
}

#[test]
fn what_failed_for_lack_of_something_is_tried_again() {
    let bench = Bench::new();
    let (ran, result) = bench.run(&[("a", "flaky A", &[])]);
    result.expect("the third time it works");
    assert_eq!(ran, ["flaky A"; 3]);
    assert_eq!(bench.recorder.of("retried", ["attempt", "message"]), ["1 the mirror is away", "2 the mirror is away"]);
}

#[test]
fn work_that_fails_is_not_tried_again_and_tries_have_an_end() {
    let mut bench = Bench::new();
    assert_eq!(bench.run(&[("a", "fail A", &[])]).0, ["fail A"]);
    bench.policy = Policy { retries: 1, ..bench.policy };
    let (ran, result) = bench.run(&[("a", "flaky A", &[])]);
    assert_eq!((ran.len(), result.expect_err("it fails twice").as_str()), (2, "`a`: the mirror is away"));
}

#[test]
fn after_an_interruption_nothing_is_begun_and_what_was_finished_is_kept() {
    let mut bench = Bench::new();
    bench.policy = Policy { jobs: 1, ..bench.policy };
    let nodes: Nodes<'_> = &[("a", "stop A", &[]), ("b", "cat B", &["a"])];
    let (ran, result) = bench.run(nodes);
    assert_eq!((ran, result.expect_err("interrupted").contains("interrupted")), (vec!["stop A".to_owned()], true));
    bench.executor.interrupted.store(0, Ordering::Relaxed);
    assert_eq!(bench.run(nodes).0, ["cat B"]);
}

#[test]
fn what_was_cut_short_says_so_and_is_done_again() {
    let bench = Bench::new();
    let nodes: Nodes<'_> = &[("a", "cut A", &[]), ("b", "cat B", &["a"])];
    let error = bench.realise(nodes, &bench.ports()).expect_err("interrupted");
    assert!(matches!(error.failures.as_slice(), [failure] if matches!(failure.error, PortError::Interrupted)));
    assert_eq!(bench.ran(), ["cut A"]);
    assert_eq!(bench.recorder.of("interrupted", ["event", "node"]), ["interrupted a"]);
    assert_eq!(bench.recorder.of("failed", ["event", "node"]), [""; 0]);
    bench.executor.interrupted.store(0, Ordering::Relaxed);
    assert_eq!(bench.run(nodes).0, ["cut A"]);
}

#[test]
fn a_retry_ends_when_the_run_is_interrupted() {
    let bench = Bench::new();
    bench.executor.interrupted.store(1, Ordering::Relaxed);
    let (ran, result) = bench.run(&[("a", "flaky A", &[])]);
    assert!(ran.is_empty() && result.is_err());
}
