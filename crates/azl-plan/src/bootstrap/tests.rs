//! The rules of bootstrap variants, in toy distributions.

use crate::builds;
use crate::error::PlanError;
use crate::requires::{AllNeeds, resolve};
use crate::toy::{self, Toy, release, spec};

fn lib(name: &str) -> Toy {
    let package = builds::component_of(name);
    spec(name).package(package, &[]).package(&format!("{package}-devel"), &[])
}

fn with_variant(specs: &[Toy], component: &str, users: &[&str]) -> Result<AllNeeds, Vec<PlanError>> {
    let (mut inputs, facts) = release(specs);
    toy::bootstrap(&mut inputs, component, users);
    resolve(&inputs, &facts)
}

fn from<'a>(needs: &'a AllNeeds, build: &str) -> Vec<&'a str> {
    needs[build].from.keys().map(String::as_str).collect()
}

/// `a` and `b` need each other; the variant of `a` does not need `b`.
fn knot() -> Vec<Toy> {
    vec![lib("a").needs(&["b-devel"]), lib("a~bootstrap"), lib("b").needs(&["a-devel"])]
}

#[test]
fn those_it_is_declared_for_use_the_variant_and_others_the_final_build() {
    let mut specs = knot();
    specs.push(spec("app").package("app", &[]).needs(&["a-devel"]));
    let needs = with_variant(&specs, "a", &["b"]).expect("no cycle");
    assert_eq!(from(&needs, "b"), ["a~bootstrap"]);
    assert_eq!(from(&needs, "a"), ["b"]);
    assert_eq!(from(&needs, "app"), ["a"]);
    assert!(from(&needs, "a~bootstrap").is_empty());
}

#[test]
fn who_only_reaches_the_variant_gets_the_final_build_as_well() {
    let mut specs = knot();
    specs.push(spec("app").package("app", &[]).needs(&["b-devel"]));
    let needs = with_variant(&specs, "a", &["b"]).expect("no cycle");
    assert_eq!(from(&needs, "app"), ["a", "b"]);
    assert_eq!(needs["app"].wants, ["b-devel"]);
}

#[test]
fn what_the_final_build_needs_does_without_it() {
    let specs = [
        lib("a").needs(&["middle-devel"]),
        lib("a~bootstrap"),
        lib("middle").needs(&["b-devel"]),
        lib("b").needs(&["a-devel"]),
    ];
    let needs = with_variant(&specs, "a", &["b"]).expect("no cycle");
    assert_eq!(from(&needs, "middle"), ["b"]);
    assert_eq!(from(&needs, "a"), ["middle"]);
}

#[test]
fn a_cycle_that_a_variant_does_not_break_names_the_variant() {
    let specs = [
        lib("a").needs(&["b-devel"]),
        lib("a~bootstrap"),
        lib("b").needs(&["a-devel", "c-devel"]),
        lib("c").needs(&["b"]),
    ];
    let errors = with_variant(&specs, "a", &["b"]).expect_err("b and c still need each other");
    assert_eq!(errors.len(), 1);
    assert!(errors[0].to_string().starts_with("BuildRequires go in a circle: b needs c needs b\n"), "{}", errors[0]);

    let specs = [lib("a").needs(&["b-devel"]), lib("a~bootstrap").needs(&["b"]), lib("b").needs(&["a-devel"])];
    let errors = with_variant(&specs, "a", &["b"]).expect_err("the variant needs b too");
    assert!(errors[0].to_string().contains("circle: a~bootstrap needs b needs a~bootstrap"), "{}", errors[0]);
}

#[test]
fn a_use_that_is_none_is_refused() {
    let mut specs = knot();
    specs.push(spec("app").package("app", &[]));
    let errors = with_variant(&specs, "a", &["app", "b"]).expect_err("app takes nothing of a");
    assert_eq!(errors.len(), 1);
    assert!(
        errors[0].to_string().starts_with("`[bootstrap.a]` names `app`, which takes nothing of it"),
        "{}",
        errors[0]
    );
}

#[test]
fn a_use_that_breaks_no_cycle_is_refused() {
    let specs = [lib("a"), lib("a~bootstrap"), lib("b").needs(&["a-devel"])];
    let errors = with_variant(&specs, "a", &["b"]).expect_err("there was no cycle");
    assert!(
        errors[0].to_string().starts_with("`[bootstrap.a]` names `b`, which is in no cycle with it"),
        "{}",
        errors[0]
    );
}

#[test]
fn nothing_is_refused_before_the_facts_of_the_variant_are_known() {
    let (mut inputs, facts) = release(&[lib("a"), lib("b")]);
    toy::bootstrap(&mut inputs, "a", &["b"]);
    assert!(resolve(&inputs, &facts).is_ok());
}

#[test]
fn a_variant_that_lacks_what_its_user_needs_is_named() {
    let specs = [lib("a").needs(&["b-devel"]), spec("a~bootstrap").package("a", &[]), lib("b").needs(&["a-devel"])];
    let errors = with_variant(&specs, "a", &["b"]).expect_err("the variant has no a-devel");
    let text = errors[0].to_string();
    assert!(text.contains("\n  `a` provides `a-devel = 1-1`, which `release.toml` has it build without\n"), "{text}");
}

#[test]
fn a_use_that_may_still_be_found_is_not_refused() {
    let (mut inputs, mut facts) = release(&[lib("a").needs(&["b"]), lib("a~bootstrap"), lib("b").generates()]);
    toy::bootstrap(&mut inputs, "a", &["b"]);
    assert!(resolve(&inputs, &facts).is_ok());
    facts.get_mut("b").expect("b").generated.push(std::collections::BTreeSet::new());
    let errors = resolve(&inputs, &facts).expect_err("it found nothing");
    assert!(errors[0].to_string().contains("takes nothing of it"), "{}", errors[0]);
}
