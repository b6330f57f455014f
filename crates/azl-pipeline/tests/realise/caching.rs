//! What is done again, and what is not.

use azl_action::NodeId;
use azl_host::files;
use azl_pipeline::history;

use crate::bench::{Bench, Nodes};

#[test]
fn a_second_run_does_nothing() {
    let bench = Bench::new();
    let nodes: Nodes<'_> = &[("a", "cat A", &[]), ("b", "cat B", &["a"])];
    assert_eq!(bench.run(nodes).0, ["cat A", "cat B"]);
    let (ran, realised) = bench.run(nodes);
    assert!(ran.is_empty());
    assert!(realised.expect("realised").performed.is_empty());
}

#[test]
fn a_change_reaches_only_what_depends_on_changed_bytes() {
    let bench = Bench::new();
    let first: Nodes<'_> = &[
        ("leaf", "cat 1", &[]),
        ("middle", "drop M", &["leaf"]),
        ("end", "cat E", &["middle"]),
        ("other", "cat O", &[]),
    ];
    assert_eq!(bench.run(first).0.len(), 4);
    let second: Nodes<'_> = &[
        ("leaf", "cat 2", &[]),
        ("middle", "drop M", &["leaf"]),
        ("end", "cat E", &["middle"]),
        ("other", "cat O", &[]),
    ];
    assert_eq!(bench.run(second).0, ["cat 2", "drop M"], "the rebuilt `middle` has the same bytes, so `end` stays");
}

#[test]
fn a_failure_keeps_what_was_done_and_names_what_was_lost() {
    let bench = Bench::new();
    let nodes: Nodes<'_> = &[("a", "cat A", &[]), ("b", "fail B", &["a"]), ("c", "cat C", &["b"])];
    let (ran, result) = bench.run(nodes);
    assert_eq!(ran, ["cat A", "fail B"]);
    assert!(result.expect_err("b fails").contains("`b`: exit status 1"));
    let mended: Nodes<'_> = &[("a", "cat A", &[]), ("b", "cat B", &["a"]), ("c", "cat C", &["b"])];
    assert_eq!(bench.run(mended).0, ["cat B", "cat C"], "`a` is not done again");
}

#[test]
fn a_corrupted_blob_is_made_again() {
    let bench = Bench::new();
    let nodes: Nodes<'_> = &[("a", "cat A", &[])];
    let realised = bench.run(nodes).1.expect("realised");
    let path = bench.blob(&realised, "a");
    files::write_atomic(&path, b"X").expect("corruption of the same size");
    let more: Nodes<'_> = &[("a", "cat A", &[]), ("b", "cat B", &["a"])];
    let (ran, result) = bench.run(more);
    result.expect("the store heals");
    assert_eq!(ran, ["cat A", "cat B", "cat B"], "`b` found the damage, `a` was done again, then `b`");
}

#[test]
fn a_deleted_blob_is_made_again() {
    let bench = Bench::new();
    let nodes: Nodes<'_> = &[("a", "cat A", &[]), ("b", "cat B", &["a"])];
    let realised = bench.run(nodes).1.expect("realised");
    files::remove_file(bench.blob(&realised, "b")).expect("removal");
    assert_eq!(bench.run(nodes).0, ["cat B"]);
}

#[test]
fn explain_names_the_input_that_changed() {
    let bench = Bench::new();
    bench.run(&[("a", "cat A", &[])]).1.expect("realised");
    bench.run(&[("a", "cat Z", &[])]).1.expect("realised");
    let history = history::read(&bench.ports().store, &NodeId("a".to_owned())).expect("a history");
    let changes = azl_pipeline::explain::changes(&history);
    assert_eq!(changes.iter().map(|change| change.field.as_str()).collect::<Vec<_>>(), ["run.command"]);
}
