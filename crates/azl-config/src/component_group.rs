//! `[component-groups.N]`: components that share defaults, named or found by their specs.
//!
//! Not here: finding them, which loading does once all files are read; see [`Config::members`](crate::Config::members).
//!
//! **Invariant:** globs are globs over paths of the tree.

use std::sync::Arc;

use azl_overlay::{Descriptions, FileGlob, Metadata, Reader, Table};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::component::{ComponentLayer, ComponentShape, tree_path};
use crate::overlay_file::read_metadata;
use crate::spanned::Spanned;

/// Components that share defaults.
#[derive(Debug, Clone)]
pub struct ComponentGroup {
    /// What they have in common.
    pub description: Option<String>,
    /// Why, as overlay files say it.
    pub metadata: Option<Arc<Metadata>>,
    /// Names of components.
    pub components: Vec<Spanned<String>>,
    /// Globs over specs, whose stems are names of further components.
    pub specs: Vec<Spanned<FileGlob>>,
    /// Globs taken from `specs`.
    pub excluded_paths: Vec<Spanned<FileGlob>>,
    /// What the components inherit.
    pub default_component_config: ComponentLayer,
    /// File that declares it.
    pub file: String,
}

/// `[component-groups.N]` as written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(rename = "ComponentGroup")]
pub(crate) struct ComponentGroupShape {
    /// What they have in common.
    description: Option<String>,
    /// Why, as overlay files say it.
    #[schemars(with = "Option<Metadata>")]
    metadata: Option<IgnoredAny>,
    /// Names of components.
    components: Vec<Spanned<String>>,
    /// Globs over specs beside this file, whose stems are names of further components.
    specs: Vec<Spanned<String>>,
    /// Globs taken from `specs`.
    excluded_paths: Vec<Spanned<String>>,
    /// What the components inherit.
    #[schemars(with = "Option<ComponentShape>")]
    default_component_config: Option<IgnoredAny>,
}

impl ComponentGroup {
    /// Reads a component group.
    pub(crate) fn read(reader: &mut Reader<'_>, mut table: Table<'_>, descriptions: Descriptions) -> Self {
        let metadata = reader.take_table(&mut table, "metadata");
        let metadata = metadata.and_then(|table| read_metadata(reader, table));
        let layer = reader.take_table(&mut table, "default-component-config");
        let layer = layer.map(|table| ComponentLayer::read(reader, table, descriptions)).unwrap_or_default();
        let shape: ComponentGroupShape =
            reader.shape_among(table, &["default-component-config", "metadata"]).unwrap_or_default();
        let mut globs = |globs: Vec<Spanned<String>>| -> Vec<_> {
            globs.into_iter().filter_map(|glob| tree_glob(reader, glob)).collect()
        };
        Self {
            description: shape.description,
            metadata,
            components: shape.components,
            specs: globs(shape.specs),
            excluded_paths: globs(shape.excluded_paths),
            default_component_config: layer,
            file: reader.file().to_owned(),
        }
    }
}

fn tree_glob(reader: &mut Reader<'_>, glob: Spanned<String>) -> Option<Spanned<FileGlob>> {
    let path = tree_path(reader, glob)?;
    match FileGlob::new(path.get_ref()) {
        Ok(glob) => Some(Spanned::new(path.span(), glob)),
        Err(message) => {
            reader.error("invalid-glob", path.span(), message);
            None
        }
    }
}
