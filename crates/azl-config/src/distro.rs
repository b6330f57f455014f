//! `[distros.N]`: distributions, ours and those we take packaging from.
//!
//! Not here: the repositories that inputs name, which are `[resources]`.
//!
//! **Invariant:** of two files the later wins, key by key, and version by version as a whole.

use std::collections::BTreeMap;

use azl_diagnostics::Span;
use azl_overlay::{Descriptions, Reader, Table};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::component::{ComponentLayer, ComponentShape};
use crate::distro_reference::DistroReference;
use crate::input::{Inputs, InputsShape};
use crate::spanned::Spanned;

/// A distribution; later files win key by key.
#[derive(Debug, Clone, Default)]
pub struct Distro {
    /// What it is.
    pub description: Option<String>,
    /// Version meant where none is named.
    pub default_version: Option<String>,
    /// Address of its packaging repositories with `$pkg`; `file:DIR/$pkg` is a directory of this tree.
    pub dist_git_base_uri: Option<String>,
    /// Address of its tarball store with `$pkg $filename $hashtype $hash`.
    pub lookaside_base_uri: Option<String>,
    /// Source package repositories; kept for tools that want them.
    pub repos: Vec<String>,
    /// Whether declared origins must not be used when the store lacks a file.
    pub disable_origins: Option<bool>,
    /// Versions by name.
    pub versions: BTreeMap<String, DistroVersion>,
    /// Where the values of keys are written, by key.
    pub(crate) places: BTreeMap<&'static str, Span>,
}

/// `[distros.N.versions.V]`.
#[derive(Debug, Clone, Default)]
pub struct DistroVersion {
    /// What it is.
    pub description: Option<String>,
    /// Value of `%{releasever}`.
    pub release_ver: String,
    /// Branch of the packaging repositories.
    pub dist_git_branch: Option<Spanned<String>>,
    /// What its components inherit.
    pub default_component_config: ComponentLayer,
    /// Buildroot definition of azldev's builder, by architecture; the empty name is for all. Not used here.
    pub mock_configs: BTreeMap<String, String>,
    /// Repositories that its builds take packages from.
    pub inputs: Inputs,
    /// File that declares it.
    pub file: String,
}

/// `[distros.N]` as written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(rename = "Distro")]
pub(crate) struct DistroShape {
    /// What it is.
    description: Option<String>,
    /// Version meant where none is named.
    default_version: Option<Spanned<String>>,
    /// Address of its packaging repositories with `$pkg`; `file:DIR/$pkg` is a directory of this tree.
    dist_git_base_uri: Option<Spanned<String>>,
    /// Address of its tarball store with `$pkg $filename $hashtype $hash`.
    lookaside_base_uri: Option<Spanned<String>>,
    /// Source package repositories.
    repos: Option<Vec<RepoShape>>,
    /// Whether declared origins must not be used when the store lacks a file.
    disable_origins: Option<bool>,
    /// Versions by name.
    #[schemars(with = "Option<BTreeMap<String, VersionShape>>")]
    versions: Option<IgnoredAny>,
}

/// One of `repos`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "DistroRepo")]
struct RepoShape {
    /// Address of the repository.
    base_uri: String,
}

/// `[distros.N.versions.V]` as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "DistroVersion")]
struct VersionShape {
    /// What it is.
    description: Option<String>,
    /// Value of `%{releasever}`.
    release_ver: String,
    /// Branch of the packaging repositories.
    dist_git_branch: Option<Spanned<String>>,
    /// Buildroot definition of azldev's builder.
    mock_config: Option<String>,
    /// The same for x86_64.
    #[serde(rename = "mock-config-x86_64")]
    mock_config_x86_64: Option<String>,
    /// The same for aarch64.
    #[serde(rename = "mock-config-aarch64")]
    mock_config_aarch64: Option<String>,
    /// Repositories that its builds take packages from.
    #[serde(default)]
    inputs: InputsShape,
    /// What its components inherit.
    #[schemars(with = "Option<ComponentShape>")]
    #[expect(dead_code, reason = "taken out before; here so that suggestions and the schema know it")]
    default_component_config: Option<IgnoredAny>,
}

impl Distro {
    /// Reads a distro table.
    pub(crate) fn read(reader: &mut Reader<'_>, mut table: Table<'_>, descriptions: Descriptions) -> Self {
        let versions = reader.take_table(&mut table, "versions");
        let versions = versions.map(|versions| reader.named_tables(versions)).unwrap_or_default();
        let versions = versions.into_iter().filter_map(|(name, table)| {
            DistroVersion::read(reader, table, descriptions).map(|version| (name.into_inner(), version))
        });
        let versions = versions.collect();
        let shape: DistroShape = reader.shape_among(table, &["versions"]).unwrap_or_default();
        let file = reader.file();
        let mut places = BTreeMap::new();
        let mut keep = |key: &'static str, value: Option<Spanned<String>>| {
            let value = value?;
            places.insert(key, value.place(file));
            Some(value.into_inner())
        };
        Self {
            description: shape.description,
            default_version: keep("default-version", shape.default_version),
            dist_git_base_uri: keep("dist-git-base-uri", shape.dist_git_base_uri),
            lookaside_base_uri: keep("lookaside-base-uri", shape.lookaside_base_uri),
            repos: shape.repos.unwrap_or_default().into_iter().map(|repo| repo.base_uri).collect(),
            disable_origins: shape.disable_origins,
            versions,
            places,
        }
    }

    /// Puts a later file's table on top: present keys and whole versions win.
    pub(crate) fn merge(&mut self, later: Self) {
        let pick = |mine: &mut Option<String>, later: Option<String>| *mine = later.or(mine.take());
        pick(&mut self.description, later.description);
        pick(&mut self.default_version, later.default_version);
        pick(&mut self.dist_git_base_uri, later.dist_git_base_uri);
        pick(&mut self.lookaside_base_uri, later.lookaside_base_uri);
        self.disable_origins = later.disable_origins.or(self.disable_origins);
        if !later.repos.is_empty() {
            self.repos = later.repos;
        }
        self.versions.extend(later.versions);
        self.places.extend(later.places);
    }

    /// Returns the version meant by a reference.
    pub fn version(&self, reference: &DistroReference) -> Option<(&str, &DistroVersion)> {
        self.version_named(reference.version())
    }

    /// Returns a version, or the default one.
    pub(crate) fn version_named(&self, name: Option<&str>) -> Option<(&str, &DistroVersion)> {
        let name = name.or(self.default_version.as_deref())?;
        self.versions.get_key_value(name).map(|(name, version)| (name.as_str(), version))
    }
}

impl DistroVersion {
    fn read(reader: &mut Reader<'_>, mut table: Table<'_>, descriptions: Descriptions) -> Option<Self> {
        let layer = reader.take_table(&mut table, "default-component-config");
        let layer = layer.map(|table| ComponentLayer::read(reader, table, descriptions)).unwrap_or_default();
        let shape: VersionShape = reader.shape_among(table, &["default-component-config"])?;
        let mock_configs =
            [("", shape.mock_config), ("x86_64", shape.mock_config_x86_64), ("aarch64", shape.mock_config_aarch64)];
        let mock_configs = mock_configs.into_iter().filter_map(|(arch, config)| Some((arch.to_owned(), config?)));
        Some(Self {
            description: shape.description,
            release_ver: shape.release_ver,
            dist_git_branch: shape.dist_git_branch,
            default_component_config: layer,
            mock_configs: mock_configs.collect(),
            inputs: Inputs::read(reader, shape.inputs),
            file: reader.file().to_owned(),
        })
    }
}
