//! Entries of the store that are not what they were: always noticed, healed by doing again.

use azl_action::NodeId;
use azl_host::files;
use azl_pipeline::realise::Realised;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::bench::{Bench, Nodes};

const CHAIN: Nodes<'_> = &[("a", "cat A", &[]), ("b", "cat B", &["a"])];
const LONGER: Nodes<'_> = &[("a", "cat A", &[]), ("b", "cat B", &["a"]), ("c", "cat C", &["b"])];

struct Damaged {
    bench: Bench,
    realised: Realised,
}

impl Damaged {
    fn new() -> Self {
        let bench = Bench::new();
        let realised = bench.run(CHAIN).1.expect("realised");
        Self { bench, realised }
    }

    fn result(&self, node: &str) -> PathBuf {
        let action = self.realised.actions[&NodeId(node.to_owned())].to_string();
        self.bench.directory.path().join("actions").join(&action[..2]).join(action)
    }

    fn blob(&self, node: &str) -> PathBuf {
        self.bench.blob(&self.realised, node)
    }

    /// Realises a graph that uses both blobs and checks that what comes out is right; returns what was done.
    fn heal(&self) -> Vec<String> {
        let (ran, healed) = self.bench.run(LONGER);
        let healed = healed.expect("the store heals");
        for (node, result) in &self.realised.results {
            assert_eq!(healed.results[node].outputs, result.outputs);
        }
        assert_eq!(files::read(self.bench.blob(&healed, "c")).expect("c"), b"CBA");
        assert!(self.bench.run(LONGER).0.is_empty(), "healed for good");
        ran
    }
}

fn write(path: &Path, bytes: &[u8]) {
    files::write_atomic(path, bytes).expect("damage");
}

#[test]
fn a_blob_that_was_flipped_cut_emptied_swapped_or_removed_is_made_again() {
    let damages: [fn(&Path, &Path); 5] = [
        |blob, _| write(blob, b"BB"),
        |blob, _| write(blob, b"B"),
        |blob, _| write(blob, b""),
        |blob, other| write(blob, &files::read(other).expect("the other blob")),
        |blob, _| files::remove_file(blob).expect("removal"),
    ];
    for damage in damages {
        let damaged = Damaged::new();
        damage(&damaged.blob("b"), &damaged.blob("a"));
        let ran = damaged.heal();
        assert!(ran.contains(&"cat B".to_owned()) && !ran.contains(&"cat A".to_owned()), "{ran:?}");
    }
}

#[test]
fn a_result_that_was_damaged_or_removed_is_made_again_or_not_needed() {
    let damages: [fn(&Path, &Path); 5] = [
        |result, _| write(result, b"{\"outp"),
        |result, _| write(result, b""),
        |result, other| write(result, &files::read(other).expect("the other result")),
        |result, _| write(result, b"{\"results\":[\"of a later schema\"]}"),
        |result, _| files::remove_file(result).expect("removal"),
    ];
    for damage in damages {
        for index in ["index", "no index"] {
            let damaged = Damaged::new();
            damage(&damaged.result("b"), &damaged.result("a"));
            files::remove_file(damaged.bench.directory.path().join(index)).expect("removal");
            let ran = damaged.heal();
            assert!(index == "no index" || ran == ["cat B", "cat C"], "{ran:?}");
        }
    }
}

#[test]
fn an_index_that_is_rubbish_or_of_another_store_changes_nothing() {
    let damaged = Damaged::new();
    write(&damaged.bench.directory.path().join("index"), &[0xff; 5000]);
    assert_eq!(damaged.heal(), ["cat C"]);
    let other = Damaged::new();
    let index = other.bench.directory.path().join("index");
    let foreign = Bench::new();
    files::copy(index, foreign.directory.path().join("index")).expect("copied");
    let (ran, result) = foreign.run(LONGER);
    result.expect("realised");
    assert_eq!(ran, ["cat A", "cat B", "cat C"], "an index without results is none");
}

#[test]
fn a_store_of_a_later_format_is_refused_by_name() {
    let damaged = Damaged::new();
    write(&damaged.bench.directory.path().join("FORMAT"), b"azl-store 2\n");
    let error = azl_store::LocalStore::open(damaged.bench.directory.path()).expect_err("refused").to_string();
    assert!(error.contains("azl-store 2") && error.contains("hint:"), "{error}");
}

#[test]
fn a_clock_that_was_wrong_changes_no_result() {
    let damaged = Damaged::new();
    let root = damaged.bench.directory.path();
    let times = [SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 33)];
    for time in times {
        for name in files::walk_files(root).expect("files") {
            files::append(root.join(name)).expect("open").set_modified(time).expect("set");
        }
        write(&root.join("history/times"), b"18446744073709551615 a\n0 b\n");
        assert!(damaged.bench.run(CHAIN).0.is_empty());
        let limits = azl_store::gc::Limits { runs: 1, size: u64::MAX };
        damaged.bench.ports().store.survey(limits).expect("surveyed");
    }
    assert_eq!(damaged.heal(), ["cat C"]);
}
