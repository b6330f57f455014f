//! Rules within one layer.

use std::collections::BTreeSet;

use azl_diagnostics::Diagnostic;

use crate::component::{ComponentLayer, SpecType};
use crate::merge::unknown_field;
use crate::spanned::Spanned;

/// Checks a layer, default or component.
pub(super) fn check(layer: &ComponentLayer, found: &mut Vec<Diagnostic>) {
    check_unset(layer, found);
    check_spec(layer, found);
    found.extend(layer.build.problems(&layer.file));
    let mut names = BTreeSet::new();
    for file in &layer.source_files {
        let name = file.filename.get_ref().as_str();
        if !names.insert(name) {
            let message = format!("source file `{name}` is listed twice");
            found.push(Diagnostic::error("source-file", message).at(layer.file.clone(), file.filename.span()));
        }
        for problem in file.problems() {
            let diagnostic = Diagnostic::error("source-file", problem.message).at(layer.file.clone(), problem.range);
            found.push(Diagnostic { hints: problem.hint.into_iter().map(str::to_owned).collect(), ..diagnostic });
        }
    }
}

fn check_unset(layer: &ComponentLayer, found: &mut Vec<Diagnostic>) {
    let mut seen = BTreeSet::new();
    for path in &layer.unset {
        if let Some(problem) = unknown_field(path.get_ref()) {
            found.push(problem.at(layer.file.clone(), path.span()));
        } else if !seen.insert(path) {
            let message = format!("`{}` is unset twice", path.get_ref());
            found.push(Diagnostic::error("unset", message).at(layer.file.clone(), path.span()));
        }
    }
}

fn check_spec(layer: &ComponentLayer, found: &mut Vec<Diagnostic>) {
    let spec = &layer.spec;
    let mut report = |value: &Spanned<String>, message: String| {
        found.push(Diagnostic::error("spec-source", message).at(layer.file.clone(), value.span()));
    };
    let kind = spec.kind.as_ref().map(Spanned::get_ref);
    match (kind, &spec.path) {
        (Some(SpecType::Upstream), Some(path)) => report(path, "an upstream spec has no `path`".into()),
        (None, Some(path)) => report(path, "`path` without `type = \"local\"`".into()),
        _ => {}
    }
    if kind == Some(&SpecType::Local) {
        for (key, value) in [("upstream-name", &spec.upstream_name), ("upstream-commit", &spec.upstream_commit)] {
            if let Some(value) = value {
                report(value, format!("a local spec has no `{key}`"));
            }
        }
    }
    if let Some(commit) = &spec.upstream_commit {
        let text = commit.get_ref();
        if !(7..=40).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            report(commit, format!("not a commit (7 to 40 hexadecimal digits): `{text}`"));
        }
    }
}

/// Refuses a snapshot of one component, which would hide that it is not from the same day as the others.
pub(super) fn check_own_snapshot(layer: &ComponentLayer, found: &mut Vec<Diagnostic>) {
    let snapshot = layer.spec.upstream_distro.as_ref().and_then(|distro| distro.get_ref().snapshot.as_ref());
    if let Some(snapshot) = snapshot {
        let problem = Diagnostic::error("component-snapshot", "a component has no `snapshot` of its own");
        found.push(problem.at(layer.file.clone(), snapshot.span()).hint("pin it with `upstream-commit`"));
    }
}
