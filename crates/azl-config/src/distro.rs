//! `[distros.N]`: distributions, ours and those we take packaging from.

use std::collections::BTreeMap;

use azl_overlay::{Descriptions, Reader, Table};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::component::ComponentLayer;

/// A distribution by name and version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DistroReference {
    /// Name of a `[distros.N]`.
    pub name: String,
    /// Version; the distribution's `default-version` if absent.
    pub version: Option<String>,
    /// RFC 3339 instant: the last commit at or before it is meant. Allowed on defaults only.
    pub snapshot: Option<String>,
}

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
}

/// `[distros.N.versions.V]`.
#[derive(Debug, Clone, Default)]
pub struct DistroVersion {
    /// What it is.
    pub description: Option<String>,
    /// Value of `%{releasever}`.
    pub release_ver: String,
    /// Branch of the packaging repositories.
    pub dist_git_branch: Option<String>,
    /// What its components inherit.
    pub default_component_config: ComponentLayer,
    /// Buildroot definition of azldev's builder, by architecture; the empty name is for all. Not used here.
    pub mock_configs: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct DistroShape {
    description: Option<String>,
    default_version: Option<String>,
    dist_git_base_uri: Option<String>,
    lookaside_base_uri: Option<String>,
    repos: Vec<RepoShape>,
    disable_origins: Option<bool>,
    versions: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RepoShape {
    base_uri: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct VersionShape {
    description: Option<String>,
    release_ver: String,
    dist_git_branch: Option<String>,
    mock_config: Option<String>,
    #[serde(rename = "mock-config-x86_64")]
    mock_config_x86_64: Option<String>,
    #[serde(rename = "mock-config-aarch64")]
    mock_config_aarch64: Option<String>,
    #[expect(dead_code, reason = "read for its shape")]
    inputs: Option<InputsShape>,
    #[expect(dead_code, reason = "taken out before; here so that suggestions know it")]
    default_component_config: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(dead_code, reason = "read for its shape")]
struct InputsShape {
    rpm_build: Option<Vec<InputShape>>,
    image_build: Option<Vec<InputShape>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read for its shape")]
struct InputShape {
    repo: Option<String>,
    set: Option<String>,
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
        let shape: DistroShape = reader.shape(table).unwrap_or_default();
        Self {
            description: shape.description,
            default_version: shape.default_version,
            dist_git_base_uri: shape.dist_git_base_uri,
            lookaside_base_uri: shape.lookaside_base_uri,
            repos: shape.repos.into_iter().map(|repo| repo.base_uri).collect(),
            disable_origins: shape.disable_origins,
            versions,
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
    }

    /// Returns the version meant by a reference.
    pub fn version(&self, reference: &DistroReference) -> Option<(&str, &DistroVersion)> {
        let name = reference.version.as_ref().or(self.default_version.as_ref())?;
        self.versions.get_key_value(name).map(|(name, version)| (name.as_str(), version))
    }
}

impl DistroVersion {
    fn read(reader: &mut Reader<'_>, mut table: Table<'_>, descriptions: Descriptions) -> Option<Self> {
        let layer = reader.take_table(&mut table, "default-component-config");
        let layer = layer.map(|table| ComponentLayer::read(reader, table, descriptions)).unwrap_or_default();
        let shape: VersionShape = reader.shape(table)?;
        let mock_configs =
            [("", shape.mock_config), ("x86_64", shape.mock_config_x86_64), ("aarch64", shape.mock_config_aarch64)];
        let mock_configs = mock_configs.into_iter().filter_map(|(arch, config)| Some((arch.to_owned(), config?)));
        Some(Self {
            description: shape.description,
            release_ver: shape.release_ver,
            dist_git_branch: shape.dist_git_branch,
            default_component_config: layer,
            mock_configs: mock_configs.collect(),
        })
    }
}
