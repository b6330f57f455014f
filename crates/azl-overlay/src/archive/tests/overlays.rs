//! Overlays on archives: what they change, what they are refused for, and who must not touch the same archive.

use azl_diagnostics::render_all;

use super::fixture::{Tar, gzip, xz, zstd};
use crate::archive::{Repacked, conflicts, groups};
use crate::overlay::{Descriptions, Overlay, Target};
use crate::reader::Reader;

fn overlays(toml: &str) -> Vec<Overlay> {
    let mut diagnostics = Vec::new();
    let mut reader = Reader::new("o/x.comp.toml", &mut diagnostics);
    let mut document = reader.document(toml).expect("valid TOML");
    let tables = reader.take_tables(&mut document, "overlays");
    let read = tables.into_iter().filter_map(|table| Overlay::read(&mut reader, table, Descriptions::Optional));
    let overlays = read.collect();
    assert_eq!(render_all(&diagnostics, |_| Some(toml)), "");
    overlays
}

/// Applies the overlays, which name one archive.
fn apply(toml: &str, bytes: &[u8]) -> Result<Repacked, String> {
    let overlays = overlays(toml);
    let groups = groups(&overlays);
    assert_eq!(groups.len(), 1);
    groups[0].apply(bytes).map_err(|problem| render_all(&[problem], |_| Some(toml)))
}

fn refused(toml: &str, bytes: &[u8], parts: &[&str]) {
    let report = apply(toml, bytes).expect_err("the overlay was expected to be refused");
    for part in parts {
        assert!(report.contains(part), "no `{part}` in\n{report}");
    }
}

/// Lists an uncompressed archive as `name=content` by the `tar` crate.
fn listing(bytes: &[u8]) -> Vec<String> {
    let mut archive = tar::Archive::new(bytes);
    let entries = archive.entries().expect("a tar file").map(|entry| {
        let mut entry = entry.expect("an entry");
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut content).expect("whole");
        format!("{}={}", String::from_utf8_lossy(&entry.path_bytes()), String::from_utf8_lossy(&content))
    });
    entries.collect()
}

fn source() -> Tar {
    Tar::new()
        .directory("a-1/")
        .file("a-1/COPYING", b"free")
        .file("a-1/a.spec", b"free")
        .file("a-1/src/main.c", b"free(p); free(q);\n")
        .file("a-1/src/x.bin", b"\xff\x00free")
        .link(b'2', "a-1/src/l.c", "main.c")
}

const REMOVE: &str = "[[overlays]]\ntype = 'file-remove'\nfile = 'src/*.c'\narchive = 'a.tar'\n";
const REPLACE: &str = "[[overlays]]\ntype = 'file-search-replace'\nfile = '**/*'\nregex = 'free'\nreplacement = '$0'\narchive = 'a.tar'\n";

#[test]
fn files_and_links_go_and_their_number_is_told() {
    let repacked = apply(REMOVE, &source().end()).expect("applies");
    assert_eq!(repacked.places, [2]);
    let left = listing(&repacked.bytes);
    assert_eq!(
        left.iter().map(|line| line.split('=').next().expect("a name")).collect::<Vec<_>>(),
        ["a-1/", "a-1/COPYING", "a-1/a.spec", "a-1/src/", "a-1/src/x.bin"]
    );
}

#[test]
fn matches_are_replaced_literally_in_order_and_not_in_specs_or_through_links() {
    let archive = source().link(b'2', "a-1/c", "COPYING").file("a-1/.git/config", b"free").end();
    let repacked = apply(&format!("{REPLACE}{REMOVE}"), &archive).expect("applies");
    assert_eq!(repacked.places, [4, 2]);
    let left = listing(&repacked.bytes);
    assert_eq!(
        left[2..],
        [
            "a-1/.git/config=free",
            "a-1/COPYING=$0",
            "a-1/a.spec=free",
            "a-1/c=",
            "a-1/src/=",
            "a-1/src/x.bin=\u{fffd}\0$0"
        ]
    );
}

#[test]
fn glob_is_relative_to_the_one_top_directory_only_if_there_is_one() {
    let remove = |glob: &str| REMOVE.replace("src/*.c", glob);
    let two = Tar::new().file("a/x", b"").file("b/x", b"").end();
    assert_eq!(apply(&remove("a/x"), &two).expect("applies").places, [1]);
    refused(&remove("x"), &two, &["no file `x`"]);
    let file_at_top = Tar::new().file("x", b"").end();
    assert_eq!(apply(&remove("x"), &file_at_top).expect("applies").places, [1]);
}

#[test]
fn overlays_that_match_or_change_nothing_are_refused_at_their_values() {
    let archive = source().end();
    let nowhere = REMOVE.replace("src/*.c", "*.h");
    refused(&nowhere, &archive, &["overlay-no-match", "to `a.tar`: no file `*.h`", "o/x.comp.toml:3:8"]);
    refused(&REPLACE.replace("'free'", "'zzz'"), &archive, &["nothing changes in 3 files", "o/x.comp.toml:4:9"]);
    refused(&REPLACE.replace("'$0'", "'free'"), &archive, &["overlay-no-match", "nothing changes"]);
    // The second finds nothing because the first took it.
    refused(&format!("{REMOVE}{REMOVE}"), &archive, &["o/x.comp.toml:7:8"]);
}

#[test]
fn number_of_places_is_checked() {
    let archive = source().end();
    assert_eq!(apply(&format!("{REMOVE}expect = 2\n"), &archive).expect("applies").places, [2]);
    let report = ["overlay-expect", "applies at 2 places, not 3", "o/x.comp.toml:5:10"];
    refused(&format!("{REMOVE}expect = 3\n"), &archive, &report);
}

#[test]
fn bad_archive_is_reported_with_entry_and_rule_where_it_is_named() {
    let archive = Tar::new().file("../x", b"").end();
    refused(
        REMOVE,
        &archive,
        &["archive-refused", "`a.tar`", "entry `../x` has `..` in its name", "toml:4:11", "hint:"],
    );
}

#[test]
fn compression_is_what_the_bytes_say_and_stays() {
    let archive = source().end();
    for (packed, magic) in
        [(gzip(&archive), &b"\x1f\x8b"[..]), (xz(&archive), b"\xfd7zXZ"), (zstd(&archive), b"\x28\xb5")]
    {
        let repacked = apply(REMOVE, &packed).expect("applies");
        assert!(repacked.bytes.starts_with(magic));
    }
    let gzipped = apply(REMOVE, &gzip(&archive)).expect("applies").bytes;
    assert_eq!(gzipped[3..10], [0, 0, 0, 0, 0, 2, 255], "no name, no time, best compression, unknown system");
}

/// B048.
#[test]
fn names_that_differ_in_case_alone_are_kept_and_warned_of() {
    let archive = source().file("a-1/net/xt_MARK.h", b"1").file("a-1/net/xt_mark.h", b"2").end();
    let repacked = apply(REMOVE, &archive).expect("applies");
    let report = render_all(&repacked.warnings, |_| None);
    assert!(report.starts_with("warning[archive-case]: `a.tar` has 1 names"), "{report}");
    assert!(report.contains("`a-1/net/xt_MARK.h` and `a-1/net/xt_mark.h`"), "{report}");
    assert_eq!(listing(&repacked.bytes).iter().filter(|line| line.contains("/net/xt_")).count(), 2);
    assert!(apply(REMOVE, &source().end()).expect("applies").warnings.is_empty());
}

/// B048: composed and decomposed.
#[test]
fn names_that_differ_in_normalisation_alone_are_two_names_in_the_order_of_their_bytes() {
    let (composed, decomposed) = ("a-1/\u{e9}", "a-1/e\u{301}");
    let archive = source().file(composed, b"1").file(decomposed, b"2").end();
    let repacked = apply(REMOVE, &archive).expect("applies");
    let names = listing(&repacked.bytes);
    let at = |name: &str| names.iter().position(|line| line.contains(name)).expect("the name is kept");
    assert!(at(decomposed) < at(composed), "{names:?}");
    assert!(repacked.warnings.is_empty(), "{:?}", repacked.warnings);
}

#[test]
fn replacement_that_would_fill_the_memory_is_refused() {
    let replacement = "x".repeat(1 << 20);
    let toml = REPLACE.replace("'free'", "''").replace("$0", &replacement).replace("**/*", "big");
    let archive = Tar::new().file("big", &vec![0; 1 << 20]).end();
    refused(&toml, &archive, &["archive-refused", "`big` would become larger than is allowed"]);
}

#[test]
fn overlays_are_grouped_by_archive_in_the_order_of_first_mention() {
    let other = REMOVE.replace("a.tar", "b.tgz");
    let loose = "[[overlays]]\ntype = 'file-remove'\nfile = 'x'\n";
    let overlays = overlays(&format!("{other}{REMOVE}{loose}{other}"));
    let groups = groups(&overlays);
    let shape: Vec<_> = groups.iter().map(|group| (group.archive(), group.overlays().count())).collect();
    assert_eq!(shape, [("b.tgz", 2), ("a.tar", 1)]);
    let targets: Vec<_> = overlays.iter().map(Overlay::target).collect();
    assert_eq!(targets[1..3], [Target::Archive("a.tar"), Target::Sources]);
}

#[test]
fn every_loose_overlay_that_may_touch_the_archive_is_a_conflict() {
    for touching in [
        "type = 'file-remove'\nfile = '*.tar'",
        "type = 'file-search-replace'\nfile = '**/*'\nregex = 'x'",
        "type = 'file-prepend-lines'\nfile = 'a.*'\nlines = []",
        "type = 'file-add'\nfile = 'a.tar'\nsource = 'b'",
        "type = 'file-rename'\nfile = 'b'\nreplacement = 'a.tar'",
        "type = 'file-rename'\nfile = 'a.tar'\nreplacement = 'b'",
        "type = 'patch-add'\nsource = 'd/a.tar'",
        "type = 'patch-remove'\nfile = '?.tar'",
    ] {
        let toml = format!("{REMOVE}[[overlays]]\n{touching}\n");
        let report = render_all(&conflicts(&overlays(&toml)), |_| Some(&toml));
        assert!(
            report.contains("may touch `a.tar`, which another overlay changes from inside"),
            "{touching}\n{report}"
        );
        assert!(report.contains("o/x.comp.toml:6:8"), "{report}");
    }
    let apart = format!("{REMOVE}{REPLACE}[[overlays]]\ntype = 'file-remove'\nfile = '*.patch'\n");
    assert!(conflicts(&overlays(&apart)).is_empty());
}
