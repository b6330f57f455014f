//! Who a spec says it is: its name is the component's or the declared one of upstream, and name, version and release
//! fit into file names.
//!
//! Values are looked at as written, after all overlays; what a macro in them stands for is rpm's to check.
//!
//! Not here: names of components by themselves, which are checked as they are loaded.

use azl_diagnostics::Diagnostic;
use azl_spec::Spec;

use super::at_declaration;
use super::literal::{MACRO, literal};
use crate::resolve::{ResolvedComponent, SpecSource};

/// Returns what is wrong.
pub(super) fn problems(component: &ResolvedComponent, spec: &Spec) -> Vec<Diagnostic> {
    let mut found: Vec<_> = other_file(component).into_iter().chain(other_name(component, spec)).collect();
    for tag in spec.tags() {
        let wrong = match tag.full_name().to_ascii_lowercase().as_str() {
            "name" => wrong_text(&tag.value, "-", "begin with a letter, a digit or `_`, without `..`"),
            "version" | "release" => wrong_text(&tag.value, "~^", "begin with a letter or a digit, without `..`"),
            "epoch" => wrong_epoch(&tag.value),
            _ => None,
        };
        if let Some(hint) = wrong {
            let (component_name, name, value) = (&component.name, &tag.name, tag.value.escape_debug());
            let message = format!("`{component_name}`: `{name}` of the spec cannot be `{value}`");
            found.push(at_declaration(component, Diagnostic::error("spec-identity", message)).hint(hint));
        }
    }
    found
}

/// A local spec has its component's name, so that whoever looks for one finds the other.
fn other_file(component: &ResolvedComponent) -> Option<Diagnostic> {
    let SpecSource::Local { path } = &component.spec else { return None };
    let file = path.rsplit('/').next().unwrap_or(path);
    let expected = format!("{}.spec", component.name);
    (file != expected).then(|| {
        let message = format!("the spec of component `{}` is called `{file}`", component.name);
        let problem = at_declaration(component, Diagnostic::error("spec-name", message));
        problem.hint(format!("rename the file to `{expected}`, or the component"))
    })
}

/// The name is the component's, or the one that `upstream-name` gives. Several `Name` tags are those of several branches:
/// one of them must fit.
fn other_name(component: &ResolvedComponent, spec: &Spec) -> Option<Diagnostic> {
    let names: Vec<_> = spec.tags().filter(|tag| tag.full_name().eq_ignore_ascii_case("name")).collect();
    let declared = |value: &str| matches!(&component.spec, SpecSource::Upstream(upstream) if upstream.package == value);
    let fits = |value: &str| value == component.name || declared(value) || literal(value).contains(MACRO);
    let first = names.first().filter(|_| !names.iter().any(|tag| fits(&tag.value)))?;
    let name = first.value.escape_debug();
    let message = format!("the spec of component `{}` says `Name: {name}`", component.name);
    let problem = at_declaration(component, Diagnostic::error("spec-name", message));
    Some(problem.hint(format!("name the component `{name}`, or set the tag by an overlay `spec-set-tag`")))
}

/// Returns the rule that a value breaks; `more` are further signs that it may hold.
fn wrong_text(value: &str, more: &str, rule: &'static str) -> Option<&'static str> {
    let text = literal(value);
    // What follows a macro without braces are its options, up to the end of the line.
    let text = text.split_once(' ').map(|(first, _)| first).filter(|first| first.ends_with(MACRO)).unwrap_or(&text);
    let known = |c: char| c.is_ascii_alphanumeric() || "._+".contains(c) || more.contains(c) || c == MACRO;
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == MACRO);
    (!begins || !text.chars().all(known) || text.contains("..")).then_some(rule)
}

fn wrong_epoch(value: &str) -> Option<&'static str> {
    let text = literal(value);
    let number = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == MACRO);
    (!number).then_some("an epoch is a number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_versions_that_are_no_parts_of_file_names_are_refused() {
        for bad in ["a/b", "../a", "-a", "a..b", "a b", "a\nb", "a\0b", "é", "", "a%%b"] {
            assert!(wrong_text(bad, "-", "rule").is_some(), "{bad:?}");
            assert!(wrong_text(bad, "~^", "rule").is_some(), "{bad:?}");
        }
        assert!(wrong_text("1-2", "~^", "rule").is_some());
        for good in ["%{name}-devel", "gtk+-3.0_x", "%autorelease -e a/b", "%{?x:a/b}"] {
            assert_eq!(wrong_text(good, "-", "rule"), None, "{good}");
        }
        assert_eq!(wrong_text("1.0~rc1^2%{?dist}", "~^", "rule"), None);
        assert!(wrong_epoch("-1").is_some() && wrong_epoch("").is_some() && wrong_epoch("%{e}").is_none());
    }
}
