//! Releases of small specs.

use super::*;
use crate::fixture;

fn component(calculation: &str) -> ResolvedComponent {
    let spec = "spec = { type = 'local', path = 'x.spec' }";
    let own = format!("[components.x]\n{spec}\nrelease = {{ calculation = '{calculation}' }}\n");
    fixture::good(&own).resolve("x").expect("a good component")
}

const DAY: i64 = 86_400;

fn commit(id: &str, time: i64, spec: &str) -> Commit {
    let text = |text: &str| text.to_owned();
    let (author, email, message) = (text("U"), text("u@example.org"), format!("Commit {id}"));
    Commit { id: text(id), author, email, time, message, spec: Some(spec.as_bytes().into()), changelog: None }
}

fn change(time: i64, base: Option<&str>, message: &str) -> Change {
    Change { time, upstream_commit: base.map(str::to_owned), message: message.to_owned() }
}

fn past(commits: Vec<Commit>, changes: Vec<Change>) -> Past {
    Past { commits, changes, manual_bump: 0, author_email: "azl@example.org".to_owned() }
}

fn text(result: Result<(Spec, Vec<Diagnostic>), Vec<Diagnostic>>) -> String {
    let (spec, _) = result.unwrap_or_else(|problems| panic!("{problems:?}"));
    String::from_utf8(spec.into_bytes()).expect("the fixtures are UTF-8")
}

const PLAIN: &str = "Name: x\nVersion: 1.2\nRelease: 3%{?dist}\nSummary: s\nLicense: MIT\n\
    %description\nx\n%changelog\n* Thu Jan 01 2026 U <u@example.org> - 1.2-3\n- u\n";
const TIME: i64 = 1_770_000_000;

#[test]
fn plain_release_is_raised_by_our_changes_and_the_changelog_says_so() {
    let past = past(Vec::new(), vec![change(TIME - DAY, None, "One"), change(TIME, None, "Two")]);
    let result = text(set(&component("auto"), Spec::parse(PLAIN), &past));
    let expected = PLAIN.replace("Release: 3", "Release: 5").replace(
        "%changelog\n",
        "%changelog\n* Mon Feb 02 2026 Azure Linux <azl@example.org> - 1.2-5\n- One\n- Two\n\n",
    );
    assert_eq!(result, expected);
}

#[test]
fn without_changes_or_when_counted_by_hand_nothing_moves() {
    let none = past(Vec::new(), Vec::new());
    assert_eq!(text(set(&component("auto"), Spec::parse(PLAIN), &none)), PLAIN);
    let some = past(Vec::new(), vec![change(TIME, None, "One")]);
    assert_eq!(text(set(&component("manual"), Spec::parse(PLAIN), &some)), PLAIN);
}

#[test]
fn release_that_is_no_plain_number_is_refused() {
    let some = past(Vec::new(), vec![change(TIME, None, "One")]);
    let spec = Spec::parse("Name: x\nVersion: 1\nRelease: %{baserelease}\n");
    let problems = set(&component("auto"), spec, &some).expect_err("it cannot be raised");
    assert!(problems[0].hints[0].contains("manual"), "{problems:?}");
}

const AUTO: &str = "Name: x\nVersion: 1.2\nRelease: %autorelease\nSummary: s\nLicense: MIT\n%description\nx\n%changelog\n%autochangelog\n";

#[test]
fn our_changes_count_among_upstreams_commits() {
    let commits = vec![commit("b", TIME, AUTO), commit("a", TIME - 9 * DAY, AUTO)];
    let changes = vec![change(TIME - 5 * DAY, Some("a"), "Ours on a"), change(TIME + DAY, Some("b"), "Ours on b")];
    let result = text(set(&component("auto"), Spec::parse(AUTO), &past(commits, changes)));
    assert!(result.contains("release_number = 4"), "{result}");
    let order: Vec<_> =
        ["- Ours on b", "- Commit b", "- Ours on a", "- Commit a"].map(|line| result.find(line)).to_vec();
    assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{order:?} {result}");
    assert!(result.contains("Azure Linux <azl@example.org> - 1.2-4\n- Ours on b"), "{result}");
}

#[test]
fn change_whose_commit_is_gone_is_placed_by_time() {
    let commits = vec![commit("b", TIME, AUTO), commit("a", TIME - 9 * DAY, AUTO)];
    let changes = vec![change(TIME - 5 * DAY, Some("rewritten"), "Ours")];
    let result = text(set(&component("auto"), Spec::parse(AUTO), &past(commits, changes)));
    let place = |line: &str| result.find(line).unwrap_or_else(|| panic!("{line} in {result}"));
    assert!(place("- Commit b") < place("- Ours") && place("- Ours") < place("- Commit a"));
}

#[test]
fn overlay_on_the_version_does_not_start_anew_with_each_change() {
    let commits = vec![commit("a", TIME - 9 * DAY, AUTO)];
    let changes = vec![change(TIME - DAY, Some("a"), "One"), change(TIME, Some("a"), "Two")];
    let newer = Spec::parse(AUTO.replace("1.2", "1.3"));
    let result = text(set(&component("auto"), newer, &past(commits, changes)));
    assert!(result.contains("release_number = 2"), "{result}");
}

#[test]
fn automatic_release_without_history_and_contradictions_are_refused() {
    let nothing = past(Vec::new(), Vec::new());
    let problems = set(&component("auto"), Spec::parse(AUTO), &nothing).expect_err("there is no history");
    assert!(problems[0].message.contains("has no history"), "{problems:?}");
    let problems = set(&component("static"), Spec::parse(AUTO), &nothing).expect_err("it is not static");
    assert!(problems[0].message.contains("is `static`"), "{problems:?}");
}

#[test]
fn raising_by_hand_counts_alike_with_and_without_rpmautospec() {
    let raised = Past { manual_bump: 2, ..past(vec![commit("a", TIME, AUTO)], Vec::new()) };
    let result = text(set(&component("auto"), Spec::parse(AUTO), &raised));
    assert!(result.contains("release_number = 3") && !result.contains("Raise the release"), "{result}");
    let raised = Past { manual_bump: 2, ..past(Vec::new(), Vec::new()) };
    assert!(text(set(&component("auto"), Spec::parse(PLAIN), &raised)).contains("Release: 5%{?dist}"));
}
