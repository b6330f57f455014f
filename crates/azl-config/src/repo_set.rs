//! Sets of package repositories: a template lays a tree out, a set puts it at an address, expansion gives the ids.
//!
//! Not here: repositories named one by one.
//!
//! **Invariant:** an id of the expanded repositories stands for one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use azl_diagnostics::{Diagnostic, closest};
use azl_overlay::{OneLine, Reader, Table};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::resource::{GpgCheck, RepoLocation, Resources, RpmRepo, RpmRepoType, Trust, is_id, remote_uri};
use crate::spanned::{Declared, Spanned};

/// A layout of repositories below one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoSetTemplate {
    /// What it is.
    pub description: Option<String>,
    /// Its repositories in order; their names differ.
    pub subrepos: Vec<Subrepo>,
}

/// One repository of a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subrepo {
    /// Name; a set's `name-prefix` before it makes the id.
    pub name: String,
    /// Path below the set's address; may contain `$basearch`.
    pub subpath: String,
    /// What it holds.
    pub kind: SubrepoKind,
}

/// What a repository of a layout holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SubrepoKind {
    /// Binary packages.
    #[default]
    Binary,
    /// Debuginfo and debugsource packages.
    Debug,
    /// Source packages.
    Source,
}

/// A layout at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoSet {
    /// What it is.
    pub description: Option<String>,
    /// Name of the layout.
    pub template: Spanned<String>,
    /// Address that the layout's paths are below.
    pub base_uri: String,
    /// What ids begin with.
    pub name_prefix: String,
    /// How the packages are trusted.
    pub trust: Trust,
    /// Architectures it is for; all if empty.
    pub arches: Vec<String>,
    /// Names of the layout's repositories that are wanted; all if empty.
    pub subrepos: Vec<Spanned<String>>,
}

/// A repository, named itself or expanded from a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveRepo {
    /// The repository.
    pub repo: RpmRepo,
    /// The set it is from and what it holds, if it is from one.
    pub from: Option<(String, SubrepoKind)>,
}

/// `[resources.rpm-repo-set-templates.N]` as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RpmRepoSetTemplate")]
pub(crate) struct RepoSetTemplateShape {
    /// What it is.
    description: Option<OneLine>,
    /// Its repositories in order.
    subrepos: Vec<SubrepoShape>,
}

/// One of `subrepos`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Subrepo")]
struct SubrepoShape {
    /// Name; a set's `name-prefix` before it makes the id.
    name: Spanned<String>,
    /// Relative path below the set's address; may contain `$basearch`.
    subpath: Spanned<String>,
    /// What it holds; binary packages if absent.
    #[serde(default)]
    kind: SubrepoKind,
}

/// `[resources.rpm-repo-sets.N]` as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "RpmRepoSet")]
pub(crate) struct RepoSetShape {
    /// What it is.
    description: Option<OneLine>,
    /// Name of the layout.
    template: Spanned<String>,
    /// `http` or `https` address that the layout's paths are below.
    base_uri: Spanned<String>,
    /// What ids begin with.
    name_prefix: Option<String>,
    /// Path beside this file, absolute path, or `http`, `https` or `file` address of the key.
    gpg_key: Option<Spanned<String>>,
    /// Whether signatures are left unchecked.
    #[serde(default)]
    #[schemars(with = "bool")]
    disable_gpg_check: GpgCheck,
    /// Architectures it is for; all if absent.
    #[serde(default)]
    arches: Vec<String>,
    /// Names of the layout's repositories that are wanted; all if absent.
    #[serde(default)]
    subrepos: Vec<Spanned<String>>,
}

impl RepoSetTemplate {
    pub(crate) fn read(reader: &mut Reader<'_>, name: &Spanned<String>, table: Table<'_>) -> Option<Self> {
        let shape: RepoSetTemplateShape = reader.shape(table)?;
        if shape.subrepos.is_empty() {
            reader.error("repository-set", name.span(), format!("template `{}` has no `subrepos`", name.get_ref()));
        }
        let mut subrepos: Vec<Subrepo> = Vec::new();
        let mut names = BTreeSet::new();
        for one in shape.subrepos {
            if !names.insert(one.name.get_ref().clone()) {
                let message = format!("`{}` is twice in template `{}`", one.name.get_ref(), name.get_ref());
                reader.error("repository-set", one.name.span(), message);
            }
            if !is_id(one.name.get_ref()) {
                reader.error("repository-name", one.name.span(), format!("not a name: `{}`", one.name.get_ref()));
            }
            if !is_subpath(one.subpath.get_ref()) {
                let message = format!("not a path below a set's address: `{}`", one.subpath.get_ref().escape_debug());
                reader.error("repository-set", one.subpath.span(), message);
            }
            subrepos.push(Subrepo { name: one.name.into_inner(), subpath: one.subpath.into_inner(), kind: one.kind });
        }
        Some(Self { description: shape.description.map(|text| text.as_str().to_owned()), subrepos })
    }
}

fn is_subpath(text: &str) -> bool {
    let whole = !text.is_empty() && !text.starts_with('/') && text.split('/').all(|part| part != "..");
    whole && !text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#' | '\u{2028}'))
}

impl RepoSet {
    pub(crate) fn read(reader: &mut Reader<'_>, name: &Spanned<String>, table: Table<'_>) -> Option<Self> {
        let shape: RepoSetShape = reader.shape(table)?;
        let base_uri = remote_uri(reader, &shape.base_uri);
        if shape.base_uri.get_ref().contains(['?', '#']) {
            reader.error("address", shape.base_uri.span(), "a set's address has no query and no fragment");
        }
        let trust = Trust::read(reader, name, shape.disable_gpg_check, shape.gpg_key.as_ref());
        let mut names = BTreeSet::new();
        for one in &shape.subrepos {
            if !names.insert(one) {
                reader.error("repository-set", one.span(), format!("`{}` is listed twice", one.get_ref()));
            }
        }
        Some(Self {
            description: shape.description.map(|text| text.as_str().to_owned()),
            template: shape.template,
            base_uri: base_uri?,
            name_prefix: shape.name_prefix.unwrap_or_default(),
            trust: trust?,
            arches: shape.arches,
            subrepos: shape.subrepos,
        })
    }
}

/// The layouts every tree has: Azure Linux's published tree and Koji's dist-repos.
static BUILT_IN: LazyLock<BTreeMap<&'static str, RepoSetTemplate>> = LazyLock::new(|| {
    use SubrepoKind::{Binary, Debug, Source};
    let template = |description: &str, subrepos: &[(&str, SubrepoKind, &str)]| RepoSetTemplate {
        description: Some(description.to_owned()),
        subrepos: subrepos
            .iter()
            .map(|&(name, kind, subpath)| Subrepo { name: name.to_owned(), subpath: subpath.to_owned(), kind })
            .collect(),
    };
    let standard = [
        ("base", Binary, "base/$basearch"),
        ("base-debug", Debug, "base/debuginfo/$basearch"),
        ("base-src", Source, "base/srpms"),
        ("sdk", Binary, "sdk/$basearch"),
        ("sdk-debug", Debug, "sdk/debuginfo/$basearch"),
        ("sdk-src", Source, "sdk/srpms"),
    ];
    let koji = [("binary", Binary, "$basearch"), ("debug", Debug, "$basearch/debug"), ("src", Source, "src")];
    BTreeMap::from([
        ("azl-standard", template("channels `base` and `sdk`, each with binary, debug and source", &standard)),
        ("koji-dist-repo", template("a Koji dist-repo: binary and debug by architecture, one source", &koji)),
    ])
});

impl Resources {
    /// Returns a layout, of the tree or built in.
    pub fn template(&self, name: &str) -> Option<&RepoSetTemplate> {
        self.rpm_repo_set_templates.get(name).map(|template| &template.value).or_else(|| BUILT_IN.get(name))
    }

    /// Returns every repository by id, with sets expanded, and what is wrong between them.
    pub fn expand(&self) -> (BTreeMap<String, EffectiveRepo>, Vec<Diagnostic>) {
        let named = self.rpm_repos.iter();
        let named = named.map(|(id, repo)| (id.clone(), EffectiveRepo { repo: repo.value.clone(), from: None }));
        let mut repos: BTreeMap<_, _> = named.collect();
        let mut found = Vec::new();
        for (set_name, set) in &self.rpm_repo_sets {
            for (id, repo) in self.expand_set(set_name, set, &mut found) {
                if let Some(other) = repos.get(&id) {
                    found.push(collision(&id, set_name, set, other));
                } else {
                    repos.insert(id, repo);
                }
            }
        }
        (repos, found)
    }

    /// Returns the ids that a set expands to, in the order of its template.
    pub(crate) fn set_ids(&self, name: &str) -> Vec<String> {
        let Some(set) = self.rpm_repo_sets.get(name).map(|set| &set.value) else { return Vec::new() };
        let subrepos = self.template(set.template.get_ref()).map(|template| template.subrepos.as_slice());
        subrepos.unwrap_or_default().iter().filter(|one| set.wants(one)).map(|one| set.id(one)).collect()
    }

    fn expand_set(
        &self,
        name: &str,
        set: &Declared<RepoSet>,
        found: &mut Vec<Diagnostic>,
    ) -> Vec<(String, EffectiveRepo)> {
        let Some(template) = self.template(set.value.template.get_ref()) else {
            found.push(self.unknown_template(name, set));
            return Vec::new();
        };
        let known = |wanted: &str| template.subrepos.iter().any(|one| one.name == wanted);
        for wanted in set.value.subrepos.iter().filter(|wanted| !known(wanted.get_ref())) {
            let names = template.subrepos.iter().map(|one| one.name.as_str());
            let message = format!("template of set `{name}` has no repository `{}`", wanted.get_ref());
            let problem = Diagnostic::error("unknown-repository", message).at(&*set.declared.file, wanted.span());
            found.push(suggest(problem, wanted.get_ref(), names));
        }
        let wanted = template.subrepos.iter().filter(|one| set.value.wants(one));
        let expanded: Vec<_> = wanted.map(|one| (set.value.id(one), set.value.expanded(name, one))).collect();
        for (id, _) in expanded.iter().filter(|(id, _)| !is_id(id)) {
            let message = format!("set `{name}` makes a repository name that is none: `{id}`");
            found
                .push(Diagnostic { span: Some(set.declared.clone()), ..Diagnostic::error("repository-name", message) });
        }
        expanded
    }

    fn unknown_template(&self, name: &str, set: &Declared<RepoSet>) -> Diagnostic {
        let template = &set.value.template;
        let message = format!("set `{name}` names no template: `{}`", template.get_ref());
        let problem = Diagnostic::error("unknown-template", message).at(&*set.declared.file, template.span());
        let known = self.rpm_repo_set_templates.keys().map(String::as_str).chain(BUILT_IN.keys().copied());
        suggest(problem, template.get_ref(), known)
    }
}

impl RepoSet {
    fn wants(&self, one: &Subrepo) -> bool {
        self.subrepos.is_empty() || self.subrepos.iter().any(|wanted| *wanted.get_ref() == one.name)
    }

    fn id(&self, one: &Subrepo) -> String {
        format!("{}{}", self.name_prefix, one.name)
    }

    fn expanded(&self, name: &str, one: &Subrepo) -> EffectiveRepo {
        let repo = RpmRepo {
            description: self.description.clone(),
            kind: RpmRepoType::RpmMd,
            location: RepoLocation::BaseUri(format!("{}/{}", self.base_uri.trim_end_matches('/'), one.subpath)),
            trust: self.trust.clone(),
            arches: self.arches.clone(),
        };
        EffectiveRepo { repo, from: Some((name.to_owned(), one.kind)) }
    }
}

fn collision(id: &str, set_name: &str, set: &Declared<RepoSet>, other: &EffectiveRepo) -> Diagnostic {
    let other = match &other.from {
        Some((other, _)) => format!("set `{other}`"),
        None => format!("`[resources.rpm-repos.{id}]`"),
    };
    let message = format!("set `{set_name}` makes repository `{id}`, which {other} has already");
    let problem = Diagnostic { span: Some(set.declared.clone()), ..Diagnostic::error("repository-collision", message) };
    problem.hint("give the set another `name-prefix`")
}

/// Adds the name that was probably meant, or all of them.
pub(crate) fn suggest<'k>(
    problem: Diagnostic,
    name: &str,
    known: impl IntoIterator<Item = &'k str> + Clone,
) -> Diagnostic {
    match closest(name, known.clone()) {
        Some(meant) => problem.hint(format!("did you mean `{meant}`?")),
        None => {
            let known: Vec<_> = known.into_iter().take(20).collect();
            if known.is_empty() { problem } else { problem.hint(format!("known names: {}", known.join(", "))) }
        }
    }
}
