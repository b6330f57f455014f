//! `inputs` of a distro version: the repositories that builds of packages and images take packages from.
//!
//! Not here: the repositories themselves.
//!
//! **Invariant:** of a checked configuration every input names a repository or set, and no repository comes twice.

use std::collections::{BTreeMap, BTreeSet};

use azl_diagnostics::Diagnostic;
use azl_overlay::Reader;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::document::Config;
use crate::repo_set::{EffectiveRepo, suggest};
use crate::resource::Resources;
use crate::spanned::Spanned;

/// What packages are taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UseCase {
    /// Building packages.
    RpmBuild,
    /// Building images.
    ImageBuild,
}

impl UseCase {
    /// Returns the name as written.
    pub fn name(self) -> &'static str {
        match self {
            Self::RpmBuild => "rpm-build",
            Self::ImageBuild => "image-build",
        }
    }
}

/// `inputs` of a distro version, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inputs {
    /// For building packages.
    pub rpm_build: Vec<Input>,
    /// For building images.
    pub image_build: Vec<Input>,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A repository by id, which may be one of a set.
    Repo(Spanned<String>),
    /// All repositories of a set.
    Set(Spanned<String>),
}

/// `inputs` as written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(rename = "Inputs")]
pub(crate) struct InputsShape {
    /// For building packages.
    rpm_build: Vec<Spanned<InputShape>>,
    /// For building images.
    image_build: Vec<Spanned<InputShape>>,
}

/// One input: either a repository or a set.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Input")]
struct InputShape {
    /// Id of a repository.
    repo: Option<Spanned<String>>,
    /// Name of a set of repositories.
    set: Option<Spanned<String>>,
}

impl Inputs {
    pub(crate) fn read(reader: &mut Reader<'_>, shape: InputsShape) -> Self {
        let mut read = |inputs: Vec<Spanned<InputShape>>| -> Vec<Input> {
            inputs.into_iter().filter_map(|input| Input::read(reader, input)).collect()
        };
        Self { rpm_build: read(shape.rpm_build), image_build: read(shape.image_build) }
    }

    /// Returns the inputs for one use.
    pub fn of(&self, use_case: UseCase) -> &[Input] {
        match use_case {
            UseCase::RpmBuild => &self.rpm_build,
            UseCase::ImageBuild => &self.image_build,
        }
    }
}

impl Input {
    fn read(reader: &mut Reader<'_>, shape: Spanned<InputShape>) -> Option<Self> {
        let range = shape.span();
        match shape.into_inner() {
            InputShape { repo: Some(repo), set: None } => Some(Self::Repo(repo)),
            InputShape { repo: None, set: Some(set) } => Some(Self::Set(set)),
            _ => {
                reader.error("input", range, "an input has either `repo` or `set`");
                None
            }
        }
    }

    fn name(&self) -> &Spanned<String> {
        match self {
            Self::Repo(name) | Self::Set(name) => name,
        }
    }

    /// Returns the ids it stands for, in order.
    fn ids(&self, resources: &Resources) -> Vec<String> {
        match self {
            Self::Repo(name) => vec![name.get_ref().clone()],
            Self::Set(name) => resources.set_ids(name.get_ref()),
        }
    }
}

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
