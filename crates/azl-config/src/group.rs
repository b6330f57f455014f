//! `[component-groups.N]` and `[package-groups.N]`.

use azl_overlay::{Descriptions, Metadata, Reader, Table};
use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use crate::component::{ComponentLayer, PackageShape, Publish};

/// Components that share defaults.
#[derive(Debug, Clone)]
pub struct ComponentGroup {
    /// What they have in common.
    pub description: Option<String>,
    /// Why, as overlay files say it.
    pub metadata: Option<Metadata>,
    /// Names of components.
    pub components: Vec<Spanned<String>>,
    /// Globs over specs, whose stems are component names. Not followed yet; our tree names its components.
    pub specs: Vec<String>,
    /// Globs taken from `specs`.
    pub excluded_paths: Vec<String>,
    /// What the components inherit.
    pub default_component_config: ComponentLayer,
    /// File that declares it.
    pub file: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct ComponentGroupShape {
    description: Option<String>,
    metadata: Option<Metadata>,
    components: Vec<Spanned<String>>,
    specs: Vec<String>,
    excluded_paths: Vec<String>,
    default_component_config: Option<IgnoredAny>,
}

impl ComponentGroup {
    /// Reads a component group.
    pub(crate) fn read(reader: &mut Reader<'_>, mut table: Table<'_>, descriptions: Descriptions) -> Self {
        let layer = reader.take_table(&mut table, "default-component-config");
        let layer = layer.map(|table| ComponentLayer::read(reader, table, descriptions)).unwrap_or_default();
        let shape: ComponentGroupShape = reader.shape(table).unwrap_or_default();
        Self {
            description: shape.description,
            metadata: shape.metadata,
            components: shape.components,
            specs: shape.specs,
            excluded_paths: shape.excluded_paths,
            default_component_config: layer,
            file: reader.file().to_owned(),
        }
    }
}

/// Binary packages that are published alike.
#[derive(Debug, Clone)]
pub struct PackageGroup {
    /// What they have in common.
    pub description: Option<String>,
    /// Names of binary packages.
    pub packages: Vec<Spanned<String>>,
    /// Where they go.
    pub publish: Publish,
    /// File that declares it.
    pub file: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct PackageGroupShape {
    description: Option<String>,
    packages: Vec<Spanned<String>>,
    default_package_config: PackageShape,
}

impl PackageGroup {
    /// Reads a package group.
    pub(crate) fn read(reader: &mut Reader<'_>, table: Table<'_>) -> Self {
        let shape: PackageGroupShape = reader.shape(table).unwrap_or_default();
        Self {
            description: shape.description,
            packages: shape.packages,
            publish: shape.default_package_config.publish,
            file: reader.file().to_owned(),
        }
    }
}
