//! The rounds of generated BuildRequires, with functions in place of builds.

use super::*;
use crate::toy::{Toy, release, spec};

/// Runs rounds with `ask`, which gets the build and what is in its root, until nothing is to be asked.
fn follow(
    specs: &[Toy],
    wanted: &[&str],
    ask: impl Fn(&str, &BTreeSet<String>) -> Vec<String>,
) -> Result<(Facts, Vec<String>), Vec<PlanError>> {
    let (inputs, mut facts) = release(specs);
    let wanted = wanted.iter().map(|name| (*name).to_owned()).collect();
    let mut asked = Vec::new();
    loop {
        let rounds = next(&inputs, &facts, &wanted)?;
        if rounds.is_empty() {
            return Ok((facts, asked));
        }
        for (build, round) in rounds {
            asked.push(format!("{build}@{round}"));
            let facts = facts.get_mut(&build).expect("a build");
            let root: BTreeSet<String> = facts.requirements().map(str::to_owned).collect();
            let found = ask(&build, &root).into_iter().chain(facts.build_requires.clone()).collect();
            facts.generated.push(found);
        }
    }
}

fn tools() -> Vec<Toy> {
    ["x", "y", "z"].map(|name| spec(name).package(name, &[])).to_vec()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn rounds_go_on_until_one_finds_nothing_new() {
    let mut specs = tools();
    specs.push(spec("app").package("app", &[]).needs(&["gcc"]).generates());
    let (facts, asked) = follow(&specs, &["app"], |_, root| match root.contains("x") {
        true => words("x y"),
        false => words("x"),
    })
    .expect("a fixed point");
    assert_eq!(asked, ["app@1", "app@2", "app@3"]);
    assert_eq!(facts["app"].requirements().collect::<Vec<_>>(), ["gcc", "x", "y"]);
}

#[test]
fn a_section_that_finds_nothing_is_asked_once() {
    let specs = [spec("app").package("app", &[]).needs(&["gcc"]).generates()];
    let (_, asked) = follow(&specs, &["app"], |_, _| vec![]).expect("a fixed point");
    assert_eq!(asked, ["app@1"]);
}

#[test]
fn a_build_waits_until_what_it_needs_is_settled() {
    let mut specs = tools();
    specs.push(spec("lib").package("lib", &[]).generates());
    specs.push(spec("app").package("app", &[]).needs(&["lib"]).generates());
    let (_, asked) = follow(&specs, &["app"], |_, _| words("x")).expect("a fixed point");
    assert_eq!(asked, ["lib@1", "lib@2", "app@1", "app@2"]);
}

#[test]
fn what_is_not_wanted_is_not_asked() {
    let mut specs = tools();
    specs.push(spec("app").package("app", &[]).generates());
    let (_, asked) = follow(&specs, &["x"], |_, _| vec![]).expect("a fixed point");
    assert!(asked.is_empty());
}

#[test]
fn requirements_that_come_and_go_are_shown_by_round() {
    let mut specs = tools();
    specs.push(spec("app").package("app", &[]).generates());
    let errors = follow(&specs, &["app"], |_, root| match root.contains("x") {
        true => words("y"),
        false => words("x z"),
    })
    .expect_err("no fixed point");
    let text = errors[0].to_string();
    assert!(text.contains("`app` do not settle: a requirement of one round is gone"), "{text}");
    assert!(text.contains("\n  round 1: + x  + z\n  round 2: + y  - x  - z\n"), "{text}");
}

#[test]
fn a_spec_that_always_finds_more_is_stopped_after_ten_rounds() {
    let mut specs: Vec<Toy> = (1..=12).map(|n| spec(&format!("t{n}")).package(&format!("t{n}"), &[])).collect();
    specs.push(spec("app").package("app", &[]).generates());
    let errors = follow(&specs, &["app"], |_, root| (1..=root.len() + 1).map(|n| format!("t{n}")).collect())
        .expect_err("no fixed point");
    let text = errors[0].to_string();
    assert!(text.contains("each of ten rounds found more") && text.contains("  round 10: + t10\n"), "{text}");
}

#[test]
fn what_is_found_and_nobody_provides_is_an_error_of_the_plan() {
    let specs = [spec("app").package("app", &[]).generates()];
    let errors = follow(&specs, &["app"], |_, _| words("nothing")).expect_err("nobody provides it");
    assert!(errors[0].to_string().starts_with("`app` needs `nothing`"), "{}", errors[0]);
}

#[test]
fn a_cycle_that_only_generated_requirements_close_is_found() {
    let specs = [spec("a").package("a", &[]).generates(), spec("b").package("b", &[]).needs(&["a"])];
    let errors = follow(&specs, &["b"], |_, _| words("b")).expect_err("a cycle");
    assert!(errors[0].to_string().starts_with("BuildRequires go in a circle: a needs b needs a"), "{}", errors[0]);
}
