//! `[resources]`: package repositories by name, and sets of them made of templates.
//!
//! Not here: who takes packages from them; see [`Inputs`](crate::Inputs).
//!
//! **Invariant:** a later file replaces an entry as a whole.

use std::collections::BTreeMap;

use azl_diagnostics::Diagnostic;
use azl_overlay::{OneLine, Reader, Table, directory_of, join};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::repo_set::{RepoSet, RepoSetShape, RepoSetTemplate, RepoSetTemplateShape};
use crate::spanned::{Declared, Spanned};

/// `[resources]`.
#[derive(Debug, Clone, Default)]
pub struct Resources {
    /// `rpm-repos` by id.
    pub rpm_repos: BTreeMap<String, Declared<RpmRepo>>,
    /// `rpm-repo-set-templates` of the tree, by name; see [`Resources::template`] for the built-in ones.
    pub rpm_repo_set_templates: BTreeMap<String, Declared<RepoSetTemplate>>,
    /// `rpm-repo-sets` by name.
    pub rpm_repo_sets: BTreeMap<String, Declared<RepoSet>>,
}

/// `[resources]` as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "Resources")]
#[expect(dead_code, reason = "read table by table; the schema is made of it")]
pub(crate) struct ResourcesShape {
    /// Package repositories by id.
    rpm_repos: Option<BTreeMap<String, RpmRepoShape>>,
    /// Layouts of repository trees by name.
    rpm_repo_set_templates: Option<BTreeMap<String, RepoSetTemplateShape>>,
    /// Repository trees of a layout, by name.
    rpm_repo_sets: Option<BTreeMap<String, RepoSetShape>>,
}

/// A package repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpmRepo {
    /// What it is.
    pub description: Option<String>,
    /// How it is read.
    pub kind: RpmRepoType,
    /// Where it is.
    pub location: RepoLocation,
    /// How its packages are trusted.
    pub trust: Trust,
    /// Architectures it is for; all if empty.
    pub arches: Vec<String>,
}

/// Kinds of package repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
pub enum RpmRepoType {
    /// `repodata/repomd.xml`.
    #[default]
    #[serde(rename = "rpm-md")]
    RpmMd,
}

/// Where a package repository is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RepoLocation {
    /// An `http` or `https` address.
    BaseUri(String),
    /// An `http` or `https` address of a list of mirrors.
    Metalink(String),
}

/// How packages of a repository are trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// Whether signatures are checked.
    pub gpg_check: GpgCheck,
    /// Key they are checked with.
    pub gpg_key: Option<GpgKey>,
}

/// Whether signatures of packages are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "bool")]
pub enum GpgCheck {
    /// They are.
    #[default]
    On,
    /// They are not: `disable-gpg-check = true`.
    Off,
}

impl From<bool> for GpgCheck {
    /// Takes the value of `disable-gpg-check`.
    fn from(disabled: bool) -> Self {
        if disabled { Self::Off } else { Self::On }
    }
}

/// Where a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GpgKey {
    /// A path of this tree.
    Tree(String),
    /// An absolute path of the machine.
    File(String),
    /// An `http` or `https` address.
    Remote(String),
}

impl GpgKey {
    /// Returns whether the key is a file rather than an address.
    pub fn is_local(&self) -> bool {
        !matches!(self, Self::Remote(_))
    }
}

/// `[resources.rpm-repos.N]` as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "RpmRepo")]
struct RpmRepoShape {
    /// What it is.
    description: Option<OneLine>,
    /// How it is read; `rpm-md` if absent.
    #[serde(rename = "type", default)]
    kind: RpmRepoType,
    /// `http` or `https` address; either this or `metalink`.
    base_uri: Option<Spanned<String>>,
    /// `http` or `https` address of a list of mirrors.
    metalink: Option<Spanned<String>>,
    /// Whether signatures are left unchecked.
    #[serde(default)]
    #[schemars(with = "bool")]
    disable_gpg_check: GpgCheck,
    /// Path beside this file, absolute path, or `http`, `https` or `file` address of the key.
    gpg_key: Option<Spanned<String>>,
    /// Architectures it is for; all if absent.
    #[serde(default)]
    arches: Vec<String>,
}

impl Resources {
    /// Adds what a file declares.
    pub(crate) fn read(&mut self, reader: &mut Reader<'_>, mut table: Table<'_>) {
        for (name, table) in named(reader, &mut table, "rpm-repos") {
            if let Some(repo) = RpmRepo::read(reader, &name, table) {
                self.rpm_repos.insert(name.get_ref().clone(), declared(reader, &name, repo));
            }
        }
        for (name, table) in named(reader, &mut table, "rpm-repo-set-templates") {
            if let Some(template) = RepoSetTemplate::read(reader, &name, table) {
                self.rpm_repo_set_templates.insert(name.get_ref().clone(), declared(reader, &name, template));
            }
        }
        for (name, table) in named(reader, &mut table, "rpm-repo-sets") {
            if let Some(set) = RepoSet::read(reader, &name, table) {
                self.rpm_repo_sets.insert(name.get_ref().clone(), declared(reader, &name, set));
            }
        }
        reader.finish(&table, &["rpm-repos", "rpm-repo-set-templates", "rpm-repo-sets"]);
    }
}

fn named<'i>(reader: &mut Reader<'_>, table: &mut Table<'i>, key: &str) -> Vec<(Spanned<String>, Table<'i>)> {
    let tables = reader.take_table(table, key).map(|tables| reader.named_tables(tables)).unwrap_or_default();
    let tables = tables.into_iter().map(|(name, table)| (Spanned::from(name), table));
    tables.filter(|(name, _)| check_id(reader, name)).collect()
}

fn declared<T>(reader: &Reader<'_>, name: &Spanned<String>, value: T) -> Declared<T> {
    Declared { value, declared: name.place(reader.file()) }
}

/// Reports a name that could not stand in a `.repo` file's section header.
fn check_id(reader: &mut Reader<'_>, name: &Spanned<String>) -> bool {
    let good = is_id(name.get_ref());
    if !good {
        let message = format!("not a repository name: `{}`", name.get_ref());
        let problem = Diagnostic::error("repository-name", message).at(reader.file(), name.span());
        reader.report(problem.hint("a letter or digit, then letters, digits, `_`, `.`, `:` or `-`"));
    }
    good
}

/// Returns whether a text is a repository id.
pub(crate) fn is_id(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':' | '-'))
}

impl RpmRepo {
    fn read(reader: &mut Reader<'_>, name: &Spanned<String>, table: Table<'_>) -> Option<Self> {
        let shape: RpmRepoShape = reader.shape(table)?;
        let location = match (&shape.base_uri, &shape.metalink) {
            (Some(uri), None) => remote_uri(reader, uri).map(RepoLocation::BaseUri),
            (None, Some(uri)) => remote_uri(reader, uri).map(RepoLocation::Metalink),
            _ => {
                let message = format!("repository `{}` has either `base-uri` or `metalink`", name.get_ref());
                reader.error("repository", name.span(), message);
                None
            }
        };
        let trust = Trust::read(reader, name, shape.disable_gpg_check, shape.gpg_key.as_ref());
        Some(Self {
            description: shape.description.map(|text| text.as_str().to_owned()),
            kind: shape.kind,
            location: location?,
            trust: trust?,
            arches: shape.arches,
        })
    }

    /// Returns whether it is for an architecture.
    pub fn is_for(&self, arch: &str) -> bool {
        self.arches.is_empty() || self.arches.iter().any(|one| one == arch)
    }
}

impl Trust {
    /// Reads the two keys that repositories and sets share.
    pub(crate) fn read(
        reader: &mut Reader<'_>,
        name: &Spanned<String>,
        gpg_check: GpgCheck,
        key: Option<&Spanned<String>>,
    ) -> Option<Self> {
        let Some(key) = key else {
            if gpg_check == GpgCheck::On {
                let message = format!("`{}` checks signatures but has no `gpg-key`", name.get_ref());
                let problem = Diagnostic::error("gpg-key", message).at(reader.file(), name.span());
                reader.report(problem.hint("add `gpg-key = \"…\"`, or `disable-gpg-check = true`"));
                return None;
            }
            return Some(Self { gpg_check, gpg_key: None });
        };
        match GpgKey::parse(reader.file(), key.get_ref()) {
            Ok(gpg_key) => Some(Self { gpg_check, gpg_key: Some(gpg_key) }),
            Err(message) => {
                reader.error("gpg-key", key.span(), message);
                None
            }
        }
    }
}

impl GpgKey {
    fn parse(file: &str, text: &str) -> Result<Self, String> {
        let refuse = |why: &str| Err(format!("`gpg-key` {why}: `{text}`"));
        if text.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return refuse("is empty or has a blank");
        }
        if let Some((scheme, rest)) = text.split_once(':').filter(|(scheme, _)| !scheme.contains('/')) {
            return match scheme.to_ascii_lowercase().as_str() {
                "http" | "https" => check_remote_uri(text).map(|()| Self::Remote(text.to_owned())),
                "file" => match rest.strip_prefix("//").filter(|path| path.starts_with('/')) {
                    Some(path) => Ok(Self::File(path.to_owned())),
                    None => refuse("must be `file:///` and an absolute path"),
                },
                _ => refuse("has another scheme than `http`, `https` or `file`"),
            };
        }
        if text.starts_with('/') {
            return Ok(Self::File(text.to_owned()));
        }
        join(directory_of(file), text).map(Self::Tree).map_err(|error| error.to_string())
    }
}

/// Reports an address that is not `http` or `https` with a host; returns it otherwise.
pub(crate) fn remote_uri(reader: &mut Reader<'_>, uri: &Spanned<String>) -> Option<String> {
    match check_remote_uri(uri.get_ref()) {
        Ok(()) => Some(uri.get_ref().clone()),
        Err(message) => {
            reader.error("address", uri.span(), message);
            None
        }
    }
}

fn check_remote_uri(text: &str) -> Result<(), String> {
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(format!("an address has no blanks, line ends or control characters: `{}`", text.escape_debug()));
    }
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    if !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") {
        return Err(format!("not an `http` or `https` address: `{text}`"));
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    if host.is_empty() || host.starts_with(':') { Err(format!("address without a host: `{text}`")) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
