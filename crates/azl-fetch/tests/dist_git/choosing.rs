//! Which commit is meant.

use azl_fetch::{CommitId, DistGitError, Reach, Resolved, Selector, Warning};

use super::upstream::{World, f43, package};

fn pin(text: &str) -> Selector {
    Selector::Pin(text.parse().expect("a pin"))
}

fn resolve(world: &World, selector: &Selector) -> Result<Resolved, DistGitError> {
    world.store.resolve(&package("bash"), &f43(), selector)
}

fn plainly(commit: &CommitId) -> Resolved {
    Resolved { commit: commit.clone(), warnings: Vec::new() }
}

#[test]
fn pins_are_short_or_whole() {
    let Some(world) = World::new() else { return };
    let upstream = world.upstream("bash");
    let first = upstream.write("bash.spec", "1").commit(100, "one");
    let tip = upstream.write("bash.spec", "2").commit(200, "two");
    world.fetch("bash");
    assert_eq!(resolve(&world, &Selector::Tip).expect("resolved"), plainly(&tip));
    assert_eq!(resolve(&world, &pin(first.as_str())).expect("resolved"), plainly(&first));
    assert_eq!(resolve(&world, &pin(&first.as_str()[..7])).expect("resolved"), plainly(&first));
    let unknown = resolve(&world, &pin("0123456")).expect_err("unknown").to_string();
    assert!(unknown.contains("commit `0123456`") && unknown.ends_with("hint: cargo xtask update bash"), "{unknown}");
}

#[test]
fn a_pin_of_another_package_is_unknown() {
    let Some(world) = World::new() else { return };
    world.upstream("bash").write("bash.spec", "1").commit(100, "one");
    let other = world.upstream("other").write("other.spec", "1").commit(100, "other");
    world.fetch("bash");
    world.fetch("other");
    for digits in [7, 40] {
        let error = resolve(&world, &pin(&other.as_str()[..digits])).expect_err("not bash's");
        assert!(matches!(error, DistGitError::Missing { .. }), "{error}");
    }
}

#[test]
fn a_pin_with_too_few_digits_names_all_commits_it_means() {
    let Some(world) = World::new() else { return };
    let upstream = world.upstream("bash");
    // Two of the first 22,512 numbers whose commits begin with the same seven digits.
    let empty = upstream.tree("");
    let one = upstream.commit_object(&empty, "number 11460", &[]);
    let other = upstream.commit_object(&empty, "number 22511", &[]);
    assert_eq!(one.as_str()[..7], other.as_str()[..7]);
    let merge = upstream.commit_object(&empty, "merge", &[&one, &other]);
    upstream.git(&["update-ref", "refs/heads/f43", merge.as_str()]);
    world.fetch("bash");
    let error = resolve(&world, &pin("5e7a665")).expect_err("ambiguous");
    let DistGitError::Ambiguous { commits, .. } = &error else { panic!("{error}") };
    assert_eq!(commits.len(), 2);
    assert_eq!(resolve(&world, &pin(one.as_str())).expect("resolved"), plainly(&one));
    assert_eq!(resolve(&world, &pin(&other.as_str()[..12])).expect("resolved"), plainly(&other));
}

#[test]
fn a_pin_on_no_branch_is_fetched_by_its_id_and_resolves_with_a_warning() {
    let Some(world) = World::new() else { return };
    let upstream = world.upstream("bash");
    upstream.write("bash.spec", "1").commit(100, "one");
    let side = upstream.write("bash.spec", "side").commit(200, "side");
    upstream.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    world.fetch("bash");
    assert!(matches!(resolve(&world, &pin(side.as_str())), Err(DistGitError::Missing { .. })));
    let (bash, url) = (package("bash"), world.server.url("bash"));
    world.store.fetch_commit(&bash, &url, &side).expect("fetched");
    let resolved = resolve(&world, &pin(&side.as_str()[..8])).expect("resolved");
    assert_eq!(resolved.warnings, [Warning::NotOnBranch { commit: side.clone(), branch: f43() }]);
    world.store.prefetch(&bash, &url, &side, Reach::Files).expect("prefetched");
    assert_eq!(world.store.files(&bash, &side).expect("read")["bash.spec"].bytes, b"side");

    let unknown: CommitId = "0123456789012345678901234567890123456789".parse().expect("an id");
    let error = world.store.fetch_commit(&bash, &url, &unknown).expect_err("unknown");
    assert!(matches!(error, DistGitError::Absent { .. }), "{error}");
}

#[test]
fn an_instant_means_the_last_commit_until_then_on_the_branch_itself() {
    let Some(world) = World::new() else { return };
    let upstream = world.upstream("bash");
    let first = upstream.write("bash.spec", "1").commit(100, "one");
    upstream.git(&["checkout", "--quiet", "-b", "side"]);
    upstream.write("side.patch", "x").commit(200, "side");
    upstream.git(&["checkout", "--quiet", "f43"]);
    let second = upstream.write("bash.spec", "2").commit(150, "two");
    let merge = upstream.merge(300, "side");
    world.fetch("bash");
    for (seconds, expected) in [(100, &first), (149, &first), (150, &second), (299, &second), (300, &merge)] {
        assert_eq!(resolve(&world, &Selector::Before(seconds)).expect("resolved"), plainly(expected), "{seconds}");
    }
    let error = resolve(&world, &Selector::Before(99)).expect_err("younger");
    assert!(matches!(error, DistGitError::NothingBefore { seconds: 99, .. }), "{error}");
}

#[test]
fn dates_that_go_backwards_do_not_end_the_search_and_are_warned_of() {
    let Some(world) = World::new() else { return };
    let upstream = world.upstream("bash");
    let commits = [(100, "a"), (500, "b"), (200, "c"), (900, "d")];
    let [first, second, third, _] =
        commits.map(|(seconds, name)| upstream.write("bash.spec", name).commit(seconds, name));
    world.fetch("bash");
    let backwards = Warning::DatesGoBackwards { chosen: third.clone(), younger: second };
    let expected = Resolved { commit: third.clone(), warnings: vec![backwards] };
    assert_eq!(resolve(&world, &Selector::Before(250)).expect("resolved"), expected);
    assert_eq!(resolve(&world, &Selector::Before(600)).expect("resolved"), plainly(&third));
    assert_eq!(resolve(&world, &Selector::Before(150)).expect("resolved"), plainly(&first));
    // git's own answer, which other tools give.
    let git = upstream.git(&["rev-list", "-1", "--first-parent", "--before=1970-01-01T00:04:10Z", "f43"]);
    assert_eq!(git, third.as_str());
}
