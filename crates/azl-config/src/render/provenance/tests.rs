//! Macros of small specs.

use super::*;
use crate::fixture;
use azl_autospec::Commit;

fn component(distro: &str, version: &str, build: &str) -> ResolvedComponent {
    let own = format!(
        "[distros.{distro}]\ndist-git-base-uri = 'https://git.example/$pkg'\n[distros.{distro}.versions.{version}]\n\
         release-ver = 'r'\n[components.x]\nspec.upstream-distro = {{ name = '{distro}', version = '{version}' }}\n\
         [components.x.build]\n{build}\n"
    );
    fixture::good(&own).resolve("x").expect("a good component")
}

const ON: &str = "emit-upstream-provenance = true";

fn spec(version: &str, release: &str) -> Spec {
    let rest = "Summary: s\nLicense: l\n%description\n";
    Spec::parse(format!("Name: x\nEpoch: 2\nVersion: {version}\nRelease: {release}\n{rest}"))
}

fn told(component: &ResolvedComponent, spec: &Spec, past: &Past) -> (Vec<String>, Vec<String>) {
    let (macros, warnings) = with(component, spec, past);
    let macros = macros.into_iter().map(|(name, value)| format!("{name} {value}"));
    (macros.collect(), warnings.into_iter().map(|warning| warning.message).collect())
}

#[test]
fn version_and_release_are_upstreams_own() {
    let found = told(&component("fedora", "43", ON), &spec("1.2", "3%{?dist}"), &Past::default());
    let expected = ["fedora_upstream_release 3.fc43", "fedora_upstream_version 1.2"].map(str::to_owned);
    assert_eq!(found, (expected.to_vec(), Vec::new()));
}

#[test]
fn nothing_is_told_unasked_or_of_another_distribution_or_an_unnumbered_version() {
    for (distro, version, build) in [("fedora", "43", ""), ("fedora", "rawhide", ON), ("other", "1", ON)] {
        let found = told(&component(distro, version, build), &spec("1.2", "3%{?dist}"), &Past::default());
        assert_eq!(found, (Vec::new(), Vec::new()), "{distro} {version}");
    }
}

#[test]
fn what_is_defined_by_hand_wins() {
    let build = format!("{ON}\ndefines = {{ fedora_upstream_release = '9' }}");
    let (macros, _) = told(&component("fedora", "43", &build), &spec("1.2", "3%{?dist}"), &Past::default());
    assert_eq!(macros, ["fedora_upstream_release 9", "fedora_upstream_version 1.2"]);
}

#[test]
fn automatic_release_is_counted_in_upstreams_history_without_our_changes() {
    let pristine = spec("1.2", "%autorelease");
    let commit = |id: &str| Commit {
        id: id.to_owned(),
        author: "U".to_owned(),
        email: "u@example.org".to_owned(),
        time: 1_770_000_000,
        message: id.to_owned(),
        spec: Some(pristine.as_bytes().into()),
        changelog: None,
    };
    let change = crate::Change { time: 1_780_000_000, upstream_commit: None, message: "ours".to_owned() };
    let past = Past { commits: vec![commit("b"), commit("a")], changes: vec![change], ..Past::default() };
    let (macros, warnings) = told(&component("fedora", "43", ON), &pristine, &past);
    assert_eq!((macros[0].as_str(), warnings.len()), ("fedora_upstream_release 2.fc43", 0));
}

#[test]
fn what_only_rpm_can_tell_is_left_out_with_a_warning() {
    let (macros, warnings) = told(&component("fedora", "43", ON), &spec("%(echo 1)", "%autorelease"), &Past::default());
    assert!(macros.is_empty() && warnings.len() == 2, "{macros:?} {warnings:?}");
    assert!(
        warnings[0].starts_with("`x`: `%fedora_upstream_version` is not emitted: only rpm can tell"),
        "{warnings:?}"
    );
    assert!(warnings[1].ends_with("its packaging has no history"), "{warnings:?}");
}
