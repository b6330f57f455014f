//! Builds and their names: a component is built once, and where that is declared more often.
//!
//! | name | what it is |
//! |---|---|
//! | `bash` | the component in a root of the seed and our own packages |
//! | `bash~bootstrap` | its bootstrap variant, which breaks a cycle and is never shipped |
//! | `bash@2` | the component in a root of our own packages alone |
//!
//! **Invariant:** the name says which component a build is of; no name of a component holds `~` or `@`.

use std::iter;

use crate::inputs::{ComponentInput, Conditionals, Inputs};

const VARIANT: &str = "~bootstrap";
const SECOND: &str = "@2";

/// Returns the name of a component's bootstrap variant.
pub fn bootstrap(component: &str) -> String {
    format!("{component}{VARIANT}")
}

/// Returns the name of a component's build in stage 2.
pub fn second(component: &str) -> String {
    format!("{component}{SECOND}")
}

/// Returns the component that a build is of.
pub fn component_of(build: &str) -> &str {
    build.strip_suffix(VARIANT).or_else(|| build.strip_suffix(SECOND)).unwrap_or(build)
}

/// Returns whether a build is of stage 2.
pub(crate) fn is_second(build: &str) -> bool {
    build.ends_with(SECOND)
}

/// Returns whether a build is a bootstrap variant.
pub(crate) fn is_variant(build: &str) -> bool {
    build.ends_with(VARIANT)
}

/// Returns the build of a component whose packages are signed and shipped.
pub fn shipped(inputs: &Inputs, component: &str) -> String {
    match inputs.stage2 {
        Some(_) => second(component),
        None => component.to_owned(),
    }
}

/// Returns the builds that have facts of their own: every component, and every bootstrap variant.
pub fn with_facts(inputs: &Inputs) -> impl Iterator<Item = String> {
    inputs.components.keys().cloned().chain(inputs.bootstrap.keys().map(|component| bootstrap(component)))
}

/// Returns the component that a build is of.
///
/// # Panics
/// If there is none, which is a mistake in this crate.
pub(crate) fn input<'a>(inputs: &'a Inputs, build: &str) -> &'a ComponentInput {
    &inputs.components[component_of(build)]
}

/// Returns the build conditionals that are not a spec's own, as rpm's arguments: those of the release set, then a variant's.
pub(crate) fn conditionals(inputs: &Inputs, build: &str) -> Vec<String> {
    let set = &input(inputs, build).conditionals;
    let declared = is_variant(build).then(|| inputs.bootstrap.get(component_of(build))).flatten();
    let of = |all: &Conditionals| {
        let with = all.with.iter().map(|name| format!("_with_{name} 1"));
        let without = all.without.iter().map(|name| format!("_without_{name} 1"));
        with.chain(without).flat_map(|setting| ["--define".to_owned(), setting]).collect::<Vec<_>>()
    };
    iter::once(set).chain(declared.map(|variant| &variant.conditionals)).flat_map(of).collect()
}
