//! Rules between the values of a loaded configuration.
//!
//! **Invariant:** overlays, build options and source files are checked wherever they stand, in defaults as well as in
//! components.

mod archives;

use std::collections::BTreeMap;

use azl_diagnostics::{Diagnostic, closest};
use toml::Spanned;

use crate::component::{ComponentLayer, Origin, Publish, SourceFile, SpecType};
use crate::document::Config;

/// Returns everything that is wrong.
pub(crate) fn validate(config: &Config) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let defaults = config.default_component_config.iter();
    let groups = config.component_groups.values().map(|group| &group.default_component_config);
    let versions = config.distros.values().flat_map(|distro| distro.versions.values());
    let versions = versions.map(|version| &version.default_component_config);
    for layer in defaults.chain(groups).chain(versions) {
        check_layer(layer, &mut found);
    }
    for (name, component) in &config.components {
        check_name(name, component.declared.clone(), &mut found);
        check_layer(&component.layer, &mut found);
        check_own_snapshot(&component.layer, &mut found);
    }
    archives::check(config, &mut found);
    check_component_groups(config, &mut found);
    check_package_groups(config, &mut found);
    check_test_suites(config, &mut found);
    check_default_distro(config, &mut found);
    check_channels("default-package-config", &config.default_publish, &mut found);
    found
}

fn check_name(name: &str, declared: azl_diagnostics::Span, found: &mut Vec<Diagnostic>) {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    if name.is_empty() || name.starts_with(['.', '-']) || !name.chars().all(plain) {
        let problem = Diagnostic::error("component-name", format!("not a component name: `{name}`"));
        found.push(Diagnostic { span: Some(declared), ..problem });
    }
}

fn check_layer(layer: &ComponentLayer, found: &mut Vec<Diagnostic>) {
    check_spec(layer, found);
    check_build(layer, found);
    let mut names: BTreeMap<&str, ()> = BTreeMap::new();
    for file in &layer.source_files {
        let name = file.filename.get_ref().as_str();
        if names.insert(name, ()).is_some() {
            let message = format!("source file `{name}` is listed twice");
            found.push(Diagnostic::error("source-file", message).at(layer.file.clone(), file.filename.span()));
        }
        for problem in source_file_problems(file) {
            found.push(Diagnostic::error("source-file", problem).at(layer.file.clone(), file.filename.span()));
        }
    }
    check_channels(&layer.file, &layer.publish, found);
    for publish in layer.packages.values() {
        check_channels(&layer.file, publish, found);
    }
}

fn check_spec(layer: &ComponentLayer, found: &mut Vec<Diagnostic>) {
    let spec = &layer.spec;
    let mut report = |value: &Spanned<String>, message: String| {
        found.push(Diagnostic::error("spec-source", message).at(layer.file.clone(), value.span()));
    };
    match (spec.kind, &spec.path) {
        (Some(SpecType::Upstream), Some(path)) => report(path, "an upstream spec has no `path`".into()),
        (None, Some(path)) => report(path, "`path` without `type = \"local\"`".into()),
        _ => {}
    }
    if spec.kind == Some(SpecType::Local) {
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

fn check_own_snapshot(layer: &ComponentLayer, found: &mut Vec<Diagnostic>) {
    if let Some(distro) = layer.spec.upstream_distro.as_ref().filter(|distro| distro.get_ref().snapshot.is_some()) {
        let problem = Diagnostic::error("component-snapshot", "a component has no `snapshot` of its own");
        found.push(problem.at(layer.file.clone(), distro.span()).hint("pin it with `upstream-commit`"));
    }
}

fn check_build(layer: &ComponentLayer, found: &mut Vec<Diagnostic>) {
    let build = &layer.build;
    let mut report =
        |span, message: String| found.push(Diagnostic::error("build", message).at(layer.file.clone(), span));
    for condition in build.with.iter().chain(&build.without) {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '.');
        if condition.get_ref().is_empty() || !condition.get_ref().chars().all(plain) {
            report(condition.span(), format!("not a build condition: `{}`", condition.get_ref()));
        }
    }
    for name in build.defines.keys() {
        let text = name.get_ref();
        let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !plain || text.len() < 3 || text.starts_with(|c: char| c.is_ascii_digit()) {
            report(name.span(), format!("not a macro name: `{text}`"));
        }
    }
    let said = |text: Option<&str>| text.is_some_and(|text| !text.trim().is_empty());
    if let Some(skip) = build.check.skip.as_ref().filter(|skip| *skip.get_ref())
        && !said(build.check.skip_reason.as_ref().map(|reason| reason.as_str()))
    {
        report(skip.span(), "`check.skip` without `skip_reason`".into());
    }
    if let Some(expected) = build.failure.expected.as_ref().filter(|expected| *expected.get_ref())
        && !said(build.failure.expected_reason.as_deref())
    {
        report(expected.span(), "`failure.expected` without `expected-reason`".into());
    }
}

fn source_file_problems(file: &SourceFile) -> Vec<&'static str> {
    let reason_given = file.replace_reason.as_ref().is_some_and(|reason| !reason.trim().is_empty());
    let name = file.filename.get_ref().as_str();
    let rules = [
        (name.contains(char::is_whitespace) || name.contains('\\'), "file name has a blank or backslash"),
        (file.hash.is_some() != file.hash_type.is_some(), "`hash` and `hash-type` come together"),
        (file.replace_upstream != reason_given, "`replace-upstream` and `replace-reason` come together"),
        (matches!(&file.origin, Origin::Download { uri } if !uri.contains("://")), "`uri` has no scheme"),
        (matches!(file.origin, Origin::Overlay) && !file.replace_upstream, "origin `overlay` needs `replace-upstream`"),
        (
            matches!(&file.origin, Origin::Custom { script, inputs, .. } if script.contains('/') || inputs.contains(script)),
            "`script` is a plain file name and none of `inputs`",
        ),
    ];
    rules.into_iter().filter(|(broken, _)| *broken).map(|(_, message)| message).collect()
}

fn check_channels(whose: &str, publish: &Publish, found: &mut Vec<Diagnostic>) {
    for channel in publish.channels() {
        if matches!(channel.as_str(), "" | "." | "..") || channel.contains(['/', '\\']) {
            found.push(Diagnostic::error("channel", format!("not a channel name: `{channel}` in `{whose}`")));
        }
    }
}

fn check_component_groups(config: &Config, found: &mut Vec<Diagnostic>) {
    for (name, group) in &config.component_groups {
        for member in group.components.iter().filter(|member| !config.components.contains_key(member.get_ref())) {
            let message = format!("component group `{name}` names no component: `{}`", member.get_ref());
            let mut problem = Diagnostic::error("unknown-component", message).at(group.file.clone(), member.span());
            if let Some(meant) = closest(member.get_ref(), config.components.keys().map(String::as_str)) {
                problem = problem.hint(format!("did you mean `{meant}`?"));
            }
            found.push(problem);
        }
    }
}

fn check_package_groups(config: &Config, found: &mut Vec<Diagnostic>) {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, group) in &config.package_groups {
        check_channels(&group.file, &group.publish, found);
        for package in &group.packages {
            if let Some(owner) = owners.insert(package.get_ref(), name) {
                let message = format!("package `{}` is in group `{name}` and in group `{owner}`", package.get_ref());
                found.push(Diagnostic::error("package-in-two-groups", message).at(group.file.clone(), package.span()));
            }
        }
    }
}

fn check_test_suites(config: &Config, found: &mut Vec<Diagnostic>) {
    for (name, image) in &config.images {
        for suite in image.tests.test_suites.iter().filter(|suite| !config.test_suites.contains(&suite.name)) {
            let message = format!("image `{name}` names no test suite: `{}`", suite.name);
            found.push(Diagnostic::error("unknown-test-suite", message));
        }
    }
}

fn check_default_distro(config: &Config, found: &mut Vec<Diagnostic>) {
    let Some(reference) = &config.project.default_distro else { return };
    let Some(distro) = config.distros.get(&reference.name) else {
        let message = format!("`project.default-distro` names no distro: `{}`", reference.name);
        found.push(Diagnostic::error("unknown-distro", message));
        return;
    };
    if distro.version(reference).is_none() {
        let version = reference.version.as_deref().or(distro.default_version.as_deref()).unwrap_or("none");
        let message = format!("distro `{}` has no version `{version}`", reference.name);
        found.push(Diagnostic::error("unknown-distro-version", message));
    }
}
