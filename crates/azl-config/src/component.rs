//! `[components.X]` and every `default-component-config`: one layer of a component's configuration.
//!
//! A layer takes back what it inherits by `unset`, a list of dotted paths such as `build.with`, `build.defines.foo`,
//! `overlays` or `spec.upstream-commit`. Those go before the layer's own values come, so `unset` and a value replace.
//! An unknown path and one that nothing is inherited for are errors.
//!
//! Not here: how layers add up, which is `merge`.
//!
//! **Invariant:** all values of a layer stand in its one file.

use std::collections::BTreeMap;

use azl_overlay::{Descriptions, Overlay, Reader, Table, directory_of, join};
use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::build::BuildLayer;
use crate::distro_reference::DistroReference;
use crate::publish::{PackageLayer, PublishLayer};
use crate::source_file::SourceFile;
use crate::spanned::Spanned;

/// Where the spec comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SpecType {
    /// A spec in this tree.
    Local,
    /// Another distribution's dist-git.
    Upstream,
}

/// How `Release` is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseCalculation {
    /// As the spec asks for.
    #[default]
    Auto,
    /// By rpmautospec's rules.
    Autorelease,
    /// The number in the spec, counted up by our changes.
    Static,
    /// The number in the spec, left alone.
    Manual,
}

/// `spec` of a component.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SpecLayer {
    /// Where the spec comes from.
    #[serde(rename = "type")]
    pub kind: Option<Spanned<SpecType>>,
    /// Path of a local spec; relative to the declaring file as written, to the tree once read.
    pub path: Option<Spanned<String>>,
    /// Distribution to take the spec from.
    pub upstream_distro: Option<Spanned<DistroReference>>,
    /// Its name there, if another.
    pub upstream_name: Option<Spanned<String>>,
    /// Commit of its dist-git to take: 7 to 40 hexadecimal digits.
    pub upstream_commit: Option<Spanned<String>>,
}

/// `release` of a component.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReleaseLayer")]
struct ReleaseShape {
    /// How `Release` is found; `auto` if absent.
    calculation: Option<Spanned<ReleaseCalculation>>,
}

/// `render` of a component.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "RenderLayer")]
struct RenderShape {
    /// Whether all files of the packaging are kept, named by the spec or not.
    skip_file_filter: Option<Spanned<bool>>,
}

/// A component or what components inherit.
// Overlays are taken out of the table before, since they are read by kind.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(rename = "Component")]
pub(crate) struct ComponentShape {
    /// Inherited values to drop before this table's own are added: dotted paths such as `build.with`,
    /// `build.defines.NAME`, `overlays` or `spec.upstream-commit`.
    unset: Vec<Spanned<String>>,
    /// Where the spec comes from.
    spec: SpecLayer,
    /// How `Release` is found.
    release: ReleaseShape,
    /// Macros, `%check`, known failures, hints.
    build: BuildLayer,
    /// How the component is rendered.
    render: RenderShape,
    /// Paths or globs of overlay files, beside the component's file; replaces an inherited list, even by an empty one.
    overlay_files: Option<Vec<Spanned<String>>>,
    /// Files kept outside the packaging.
    source_files: Vec<SourceFile>,
    /// Exceptions by binary package.
    packages: BTreeMap<String, PackageLayer>,
    /// Where packages are published.
    publish: PublishLayer,
    /// Deviations from upstream's packaging, in order.
    #[schemars(with = "Option<Vec<Overlay>>")]
    overlays: Option<IgnoredAny>,
}

/// One layer of a component's configuration: its own table or a default it inherits.
#[derive(Debug, Clone, Default)]
pub struct ComponentLayer {
    /// `unset`: paths of inherited values to drop first.
    pub unset: Vec<Spanned<String>>,
    /// `spec`.
    pub spec: SpecLayer,
    /// `release.calculation`.
    pub release: Option<Spanned<ReleaseCalculation>>,
    /// `build`.
    pub build: BuildLayer,
    /// `render.skip-file-filter`.
    pub skip_file_filter: Option<Spanned<bool>>,
    /// `overlays`, in order.
    pub overlays: Vec<Overlay>,
    /// `overlay-files` as written: a component looks for them beside its own file, also where it inherits them.
    pub overlay_files: Option<Vec<Spanned<String>>>,
    /// `source-files`.
    pub source_files: Vec<SourceFile>,
    /// `packages`.
    pub packages: BTreeMap<String, PackageLayer>,
    /// `publish`.
    pub publish: PublishLayer,
    /// File that declares the layer.
    pub file: String,
}

impl ComponentLayer {
    /// Reads a component table.
    pub(crate) fn read(reader: &mut Reader<'_>, mut table: Table<'_>, descriptions: Descriptions) -> Self {
        let file = reader.file().to_owned();
        if table.get_ref().is_empty() {
            return Self { file, ..Self::default() };
        }
        let overlays = reader.take_tables(&mut table, "overlays").into_iter();
        let overlays = overlays.filter_map(|table| Overlay::read(reader, table, descriptions)).collect();
        let shape: ComponentShape = reader.shape_among(table, &["overlays"]).unwrap_or_default();
        let mut spec = shape.spec;
        spec.path = spec.path.and_then(|path| tree_path(reader, path));
        Self {
            unset: shape.unset,
            spec,
            release: shape.release.calculation,
            build: shape.build,
            skip_file_filter: shape.render.skip_file_filter,
            overlays,
            overlay_files: shape.overlay_files,
            source_files: shape.source_files,
            packages: shape.packages,
            publish: shape.publish,
            file,
        }
    }
}

/// Makes a path relative to the declaring file one of the tree.
pub(crate) fn tree_path(reader: &mut Reader<'_>, path: Spanned<String>) -> Option<Spanned<String>> {
    match join(directory_of(reader.file()), path.get_ref()) {
        Ok(joined) => Some(path.map(|_| joined)),
        Err(error) => {
            reader.error("path-outside-tree", path.span(), error.to_string());
            None
        }
    }
}
