//! Actions that differ in one thing each.

use std::collections::BTreeMap;

use azl_action::{Blob, Run, Work};

use super::*;

fn blob(name: &str, content: &str) -> Blob {
    Blob { name: name.to_owned(), digest: Digest::of(content.as_bytes()) }
}

fn action(spec: &str, root: &[(&str, &str)]) -> Action {
    Work::Run(Run {
        arch: azl_rpm::Arch::X86_64,
        command: vec!["rpmbuild".to_owned()],
        env: BTreeMap::new(),
        root: root.iter().map(|(name, content)| blob(name, content)).collect(),
        inputs: BTreeMap::from([("files".to_owned(), vec![blob("a.spec", spec)])]),
        timeout: 1,
        as_root: false,
        sandbox_revision: 1,
    })
}

#[test]
fn names_the_input_that_changed_and_who_gives_it() {
    let giver = |digest| (digest == Digest::of(b"2")).then(|| "a.spec of render:a".to_owned());
    let difference = Difference::new(&action("1", &[]), &action("2", &[]), &giver);
    assert!(difference.packages.is_empty());
    assert_eq!(difference.changes.len(), 1);
    assert_eq!(difference.changes[0].field, "run.inputs.files.a.spec");
    assert_eq!(difference.changes[0].given.as_deref(), Some("a.spec of render:a"));
}

#[test]
fn packages_are_a_table_by_what_became_of_them() {
    let before = action(
        "1",
        &[("a-1-1.x86_64.rpm", "a"), ("b-1-1.x86_64.rpm", "b"), ("c-1-1.noarch.rpm", "c"), ("d_1_amd64.deb", "d")],
    );
    let now = action(
        "1",
        &[("a-2-1.x86_64.rpm", "A"), ("b-1-1.x86_64.rpm", "B"), ("d_1_amd64.deb", "d"), ("e-1-1.x86_64.rpm", "e")],
    );
    let difference = Difference::new(&before, &now, &|_| None);
    let lines: Vec<String> = difference.packages.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "added    e                                1-1.x86_64",
            "removed  c                                1-1.noarch",
            "changed  a                                1-1.x86_64 -> 2-1.x86_64",
            "rebuilt  b                                1-1.x86_64",
        ]
    );
    assert!(difference.changes.is_empty(), "{:?}", difference.changes);
}

#[test]
fn equal_actions_have_no_difference() {
    let action = action("1", &[("a-1-1.x86_64.rpm", "a")]);
    assert!(Difference::new(&action, &action.clone(), &|_| None).is_empty());
}

#[test]
fn an_explanation_says_why_first() {
    let changed = Difference::new(&action("1", &[]), &action("2", &[("a-1-1.x86_64.rpm", "a")]), &|_| None);
    let explanation = Explanation { node: "rpm:a".to_owned(), verdict: Verdict::Changed(changed), last: None };
    let text = explanation.to_string();
    assert!(
        text.starts_with("rpm:a would be done because of what changed since:\nrun.inputs.files.a.spec\n  before: "),
        "{text}"
    );
    assert!(text.ends_with("packages\n  added    a                                1-1.x86_64\n"), "{text}");
    let run = Some("20260101T000000Z-1".to_owned());
    let explanation = Explanation { node: "rpm:a".to_owned(), verdict: Verdict::Cached { run }, last: None };
    assert_eq!(explanation.to_string(), "rpm:a is cached since run 20260101T000000Z-1\n");
}
