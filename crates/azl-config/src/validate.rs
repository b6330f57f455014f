//! Rules between the values of a loaded configuration.
//!
//! Not here: rules of single values, which hold where they are read.
//!
//! **Invariant:** overlays, build options and source files are checked wherever they stand, in defaults as well as in
//! components, and once more as each component's layers add up.

mod archives;
mod layers;
mod names;
mod snapshots;
mod sums;

use std::collections::BTreeMap;

use azl_diagnostics::{Diagnostic, closest};

use crate::document::Config;
use crate::repo_set::suggest;

/// How many unknown members of groups are looked for among the components' names.
const MAX_SUGGESTIONS: usize = 20;

/// Returns everything that is wrong.
pub(crate) fn validate(config: &Config) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for layer in config.all_layers() {
        layers::check(layer, &mut found);
    }
    for component in config.components.values() {
        layers::check_own_snapshot(&component.layer, &mut found);
    }
    archives::check(config, &mut found);
    names::check(config, &mut found);
    sums::check(config, &mut found);
    check_component_groups(config, &mut found);
    check_package_groups(config, &mut found);
    check_test_suites(config, &mut found);
    check_default_distro(config, &mut found);
    check_default_versions(config, &mut found);
    let (repos, problems) = config.resources.expand();
    found.extend(problems);
    found.extend(config.check_inputs(&repos));
    found
}

fn check_component_groups(config: &Config, found: &mut Vec<Diagnostic>) {
    let unknown = config.component_groups.iter().flat_map(|(name, group)| {
        let members = group.components.iter().filter(|member| !config.components.contains_key(member.get_ref()));
        members.map(move |member| (name, group, member))
    });
    for (index, (name, group, member)) in unknown.enumerate() {
        let message = format!("component group `{name}` names no component: `{}`", member.get_ref());
        let problem = Diagnostic::error("unknown-component", message).at(group.file.clone(), member.span());
        // Every suggestion looks at all names; a list of another tree's components needs none.
        let near = (index < MAX_SUGGESTIONS)
            .then(|| closest(member.get_ref(), config.components.keys().map(String::as_str)))
            .flatten();
        found.push(match near {
            Some(meant) => problem.hint(format!("did you mean `{meant}`?")),
            None => problem,
        });
    }
}

fn check_package_groups(config: &Config, found: &mut Vec<Diagnostic>) {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, group) in &config.package_groups {
        for (package, range) in &group.packages {
            if let Some(owner) = owners.insert(package, name) {
                let message = format!("package `{package}` is in group `{name}` and in group `{owner}`");
                let problem = Diagnostic::error("package-in-two-groups", message);
                found.push(problem.at(group.file.clone(), range.clone()));
            }
        }
    }
}

fn check_test_suites(config: &Config, found: &mut Vec<Diagnostic>) {
    for (name, image) in &config.images {
        let unknown = |suite: &&crate::image::TestSuiteName| !config.test_suites.contains_key(suite.name.get_ref());
        for suite in image.tests.test_suites.iter().filter(unknown) {
            let message = format!("image `{name}` names no test suite: `{}`", suite.name.get_ref());
            let problem = Diagnostic::error("unknown-test-suite", message).at(image.file.clone(), suite.name.span());
            found.push(suggest(problem, suite.name.get_ref(), config.test_suites.keys().map(String::as_str)));
        }
    }
}

fn check_default_distro(config: &Config, found: &mut Vec<Diagnostic>) {
    let Some(reference) = &config.project.default_distro else { return };
    let file = config.default_distro_file.as_str();
    let name = reference.name.get_ref();
    let Some(distro) = config.distros.get(name) else {
        let message = format!("`project.default-distro` names no distro: `{name}`");
        let problem = Diagnostic::error("unknown-distro", message).at(file, reference.name.span());
        found.push(suggest(problem, name, config.distros.keys().map(String::as_str)));
        return;
    };
    if distro.version(reference).is_none() {
        let version = reference.version().or(distro.default_version.as_deref()).unwrap_or("none");
        let message = format!("distro `{name}` has no version `{version}`");
        let place = reference.version.as_ref().unwrap_or(&reference.name).span();
        let problem = Diagnostic::error("unknown-distro-version", message).at(file, place);
        found.push(suggest(problem, version, distro.versions.keys().map(String::as_str)));
    }
}

fn check_default_versions(config: &Config, found: &mut Vec<Diagnostic>) {
    for (name, distro) in &config.distros {
        let Some(version) = distro.default_version.as_ref().filter(|one| !distro.versions.contains_key(*one)) else {
            continue;
        };
        let message = format!("`default-version` of distro `{name}` names no version: `{version}`");
        let problem = Diagnostic::error("unknown-distro-version", message);
        let problem = Diagnostic { span: distro.places.get("default-version").cloned(), ..problem };
        found.push(suggest(problem, version, distro.versions.keys().map(String::as_str)));
    }
}

#[cfg(test)]
mod tests;
