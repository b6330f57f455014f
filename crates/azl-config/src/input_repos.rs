//! The repositories that a distro version's inputs stand for.
//!
//! **Invariant:** an input names what is there, once.

use std::collections::{BTreeMap, BTreeSet};

use azl_diagnostics::Diagnostic;

use crate::document::Config;
use crate::input::{Input, UseCase};
use crate::repo_set::{EffectiveRepo, suggest};

impl Config {
    /// Returns the ids of the repositories that a distro version takes packages from, in order.
    ///
    /// Empty if there is no such version.
    pub fn input_repos(&self, distro: &str, version: &str, use_case: UseCase) -> Vec<String> {
        let version = self.distros.get(distro).and_then(|distro| distro.versions.get(version));
        let inputs = version.map(|version| version.inputs.of(use_case)).unwrap_or_default();
        inputs.iter().flat_map(|input| input.ids(&self.resources)).collect()
    }

    /// Returns what is wrong with the inputs of all distro versions.
    pub(crate) fn check_inputs(&self, repos: &BTreeMap<String, EffectiveRepo>) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for version in self.distros.values().flat_map(|distro| distro.versions.values()) {
            for use_case in [UseCase::RpmBuild, UseCase::ImageBuild] {
                let mut seen = BTreeSet::new();
                for input in version.inputs.of(use_case) {
                    self.check_input(input, repos, &version.file, &mut found);
                    for id in input.ids(&self.resources) {
                        let mut problems = Vec::new();
                        problems.extend(repos.get(&id).and_then(|repo| unusable(&id, repo, use_case)));
                        if !seen.insert(id.clone()) {
                            let message = format!("repository `{id}` comes twice in `{}`", use_case.name());
                            problems.push(Diagnostic::error("input", message));
                        }
                        let at = |problem: Diagnostic| problem.at(&*version.file, input.name().span());
                        found.extend(problems.into_iter().map(at));
                    }
                }
            }
        }
        found
    }

    fn check_input(
        &self,
        input: &Input,
        repos: &BTreeMap<String, EffectiveRepo>,
        file: &str,
        found: &mut Vec<Diagnostic>,
    ) {
        let name = input.name();
        let report = |message: String| Diagnostic::error("unknown-repository", message).at(file, name.span());
        match input {
            Input::Repo(_) if !repos.contains_key(name.get_ref()) => {
                let problem = report(format!("input names no repository: `{}`", name.get_ref()));
                found.push(suggest(problem, name.get_ref(), repos.keys().map(String::as_str)));
            }
            Input::Set(_) if !self.resources.rpm_repo_sets.contains_key(name.get_ref()) => {
                let problem = report(format!("input names no repository set: `{}`", name.get_ref()));
                let known = self.resources.rpm_repo_sets.keys().map(String::as_str);
                found.push(suggest(problem, name.get_ref(), known));
            }
            _ => {}
        }
    }
}

/// Refuses a key that a build root could not see.
fn unusable(id: &str, repo: &EffectiveRepo, use_case: UseCase) -> Option<Diagnostic> {
    let local = repo.repo.trust.gpg_key.as_ref().is_some_and(|key| key.is_local());
    (use_case == UseCase::RpmBuild && local).then(|| {
        let problem = Diagnostic::error("input", format!("repository `{id}` of `rpm-build` has a local `gpg-key`"));
        problem.hint("it would be looked for inside the build root: name an `http` or `https` address")
    })
}
