//! Versions, days and authors that no package can have, and what cannot be evaluated.

use std::collections::BTreeMap;

use azl_autospec::{Commit, History, Macros, Tool, process};
use azl_diagnostics::Diagnostic;
use azl_spec::Spec;

use crate::story::{commit, plain, spec};

/// Processes the newest spec, with what rpm said of versions.
fn outcome(mut commits: Vec<Commit>, versions: &[(&str, &str)]) -> (Option<String>, Vec<Diagnostic>) {
    commits.reverse();
    let history = History::new(commits).expect("there are commits");
    let spec = Spec::parse(history.newest().spec.as_deref().expect("there is a spec"));
    let versions: BTreeMap<_, _> = versions.iter().map(|(from, to)| ((*from).into(), (*to).into())).collect();
    let tool = Tool { version: "0.8.5".into(), macros: Macros::new(), versions };
    let (out, found) = process(&spec, "pkg.spec", &history, &tool);
    (out.map(|out| String::from_utf8_lossy(&out).into_owned()), found)
}

fn codes(commits: Vec<Commit>) -> (bool, Vec<&'static str>) {
    let (out, found) = outcome(commits, &[]);
    (out.is_some(), found.iter().map(|one| one.code).collect())
}

#[test]
fn version_that_rpm_refuses_is_refused_and_shown() {
    for version in ["1/2", "../1", "-1", "1-2", "1 2", "1\0", "1,2", "é", "1..2", ""] {
        let commits = vec![commit(0, "Import\n", &spec(&format!("Version: {version}")))];
        let (out, found) = outcome(commits, &[]);
        assert_eq!(out, None, "{version:?}");
        assert_eq!(found[0].code, "version-unreadable");
        assert!(found[0].message.contains("`Version`"), "{}", found[0].message);
    }
}

#[test]
fn name_release_and_epoch_that_rpm_refuses_are_refused() {
    for (from, to) in [
        ("Name: pkg", "Name: ../pkg"),
        ("Name: pkg", "Name: -pkg"),
        ("Release: %autorelease", "Release: %autorelease -e a/b"),
        ("Release: %autorelease", "Release: %autorelease -x 3"),
        ("Version: 1.0", "Version: 1.0\nEpoch: -1"),
        ("Version: 1.0", "Version: 1.0\nVersion: 1.0"),
        ("Summary: s\n", ""),
        ("%description\n", "%description x\n"),
        ("License: MIT", "License: MIT\nthis is no tag"),
    ] {
        let commits = vec![commit(0, "Import\n", &plain().replace(from, to))];
        assert_eq!(codes(commits), (false, vec!["version-unreadable"]), "{to}");
    }
}

#[test]
fn line_that_is_no_tag_is_pointed_at() {
    let text = plain().replace("License: MIT", "License: MIT\nthis is no tag");
    let (_, found) = outcome(vec![commit(0, "Import\n", &text)], &[]);
    let span = found[0].span.as_ref().expect("the place is known");
    assert_eq!(&text[span.start..span.end], "this is no tag");
}

#[test]
fn days_behind_2038_and_out_of_order_are_warned_of() {
    assert_eq!(codes(vec![commit(5000, "Import\n", &plain())]), (true, vec!["changelog-far"]));
    let back = vec![commit(2, "Import\n", &plain()), commit(1, "Fix\n", &plain())];
    assert_eq!(codes(back), (true, vec!["changelog-unordered"]));
}

#[test]
fn days_that_no_package_holds_are_refused() {
    for time in [-1, 1 << 32, i64::MIN, i64::MAX] {
        let commits = vec![Commit { time, ..commit(0, "Import\n", &plain()) }];
        assert_eq!(codes(commits), (false, vec!["changelog-date"]), "{time}");
    }
}

#[test]
fn author_with_a_newline_is_refused() {
    let commits = vec![Commit { author: "a\n%files".into(), ..commit(0, "Import\n", &plain()) }];
    assert_eq!(codes(commits), (false, vec!["changelog-author"]));
}

#[test]
fn symbolic_version_needs_rpm_and_counts_by_its_text() {
    let shell = spec("%global upstream 2026-01\nVersion: %(echo %{upstream} | tr -d -)");
    let next = shell.replace("2026-01", "2026-02");
    let commits = vec![commit(0, "Import\n", &shell), commit(1, "2026-02\n", &next), commit(2, "Fix\n", &next)];
    let (out, found) = outcome(commits.clone(), &[]);
    assert_eq!((out, found[0].code), (None, "version-symbolic"));

    let said = [("%(echo 2026-01 | tr -d -)", "202601"), ("%(echo 2026-02 | tr -d -)", "202602")];
    let (out, found) = outcome(commits, &said);
    let out = out.expect("rpm was asked");
    assert_eq!(found, []);
    assert!(out.contains("release_number = 2;"));
    assert!(out.contains(" - 202602-2\n- Fix\n") && out.contains(" - 202601-1\n- Import\n"), "{out}");
}

#[test]
fn symbolic_version_does_not_matter_to_a_written_changelog() {
    let text = spec("Version: %(date)").replace("%autochangelog", "* Thu Jan 01 2026 a <b> - 1-1\n- x");
    let (out, found) = outcome(vec![commit(0, "Import\n", &text), commit(1, "Fix\n", &text)], &[]);
    assert_eq!(found, []);
    assert!(out.is_some_and(|out| out.contains("release_number = 2;")));
}

#[test]
fn older_commits_without_a_version_are_counted_in_one_warning() {
    let broken = plain().replace("Name: pkg\n", "");
    let commits = vec![commit(0, "a\n", &broken), commit(1, "b\n", &broken), commit(2, "c\n", &plain())];
    let (out, found) = outcome(commits, &[]);
    assert!(out.is_some());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].message, "2 older commits have no version that can be read, the newest of them `day 1`");
}

#[test]
fn macro_that_calls_itself_is_symbolic() {
    for body in ["%{v}", "%{v}.%{v}"] {
        let text = spec(&format!("%define v {body}\nVersion: %{{v}}"));
        let (out, found) = outcome(vec![commit(0, "Import\n", &text)], &[]);
        assert_eq!((out, found[0].code), (None, "version-symbolic"), "{body}");
        assert!(found[0].message.len() < 1000, "the message can be read");
    }
}
