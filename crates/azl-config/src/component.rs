//! `[components.X]` and every `default-component-config`: one layer of a component's configuration.

use std::collections::BTreeMap;

use azl_diagnostics::Span;
use azl_overlay::{Descriptions, FileName, Metadata, OneLine, Overlay, Reader, Table, directory_of, join};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::distro::DistroReference;

/// Where the spec comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpecType {
    /// A spec in this tree.
    Local,
    /// Another distribution's dist-git.
    Upstream,
}

/// How `Release` is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
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
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SpecLayer {
    /// Where the spec comes from.
    #[serde(rename = "type")]
    pub kind: Option<SpecType>,
    /// Path of a local spec; relative to the declaring file as written, to the tree once read.
    pub path: Option<Spanned<String>>,
    /// Distribution to take the spec from.
    pub upstream_distro: Option<Spanned<DistroReference>>,
    /// Its name there, if another.
    pub upstream_name: Option<Spanned<String>>,
    /// Commit of its dist-git to take: 7 to 40 hexadecimal digits.
    pub upstream_commit: Option<Spanned<String>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReleaseShape {
    calculation: Option<ReleaseCalculation>,
}

/// `build` of a component.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BuildLayer {
    /// Build conditions to switch on.
    #[serde(default)]
    pub with: Vec<Spanned<String>>,
    /// Build conditions to switch off.
    #[serde(default)]
    pub without: Vec<Spanned<String>>,
    /// Macros to define.
    #[serde(default)]
    pub defines: BTreeMap<Spanned<String>, OneLine>,
    /// Names to take out of what `with`, `without` and `defines` of all layers made.
    #[serde(default)]
    pub undefines: Vec<String>,
    /// Whether the upstream version and release are passed to the build as macros.
    pub emit_upstream_provenance: Option<bool>,
    /// `%check`.
    #[serde(default)]
    pub check: CheckLayer,
    /// Builds that are known to fail.
    #[serde(default)]
    pub failure: FailureLayer,
    /// What a scheduler may want to know.
    #[serde(default)]
    pub hints: HintsLayer,
}

/// `build.check`; `skip_reason` has an underscore in the format.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckLayer {
    /// Whether `%check` is switched off.
    pub skip: Option<Spanned<bool>>,
    /// Why.
    pub skip_reason: Option<OneLine>,
}

/// `build.failure`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FailureLayer {
    /// Whether the build is known to fail.
    pub expected: Option<Spanned<bool>>,
    /// Why.
    pub expected_reason: Option<String>,
}

/// `build.hints`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HintsLayer {
    /// Whether the build takes much time or memory.
    pub expensive: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RenderShape {
    skip_file_filter: Option<bool>,
}

/// Kind of a source file's hash; MD5 is not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum HashType {
    /// SHA-256.
    #[serde(rename = "SHA256", alias = "sha256")]
    Sha256,
    /// SHA-512.
    #[serde(rename = "SHA512", alias = "sha512")]
    Sha512,
}

/// Where a source file comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "type")]
pub enum Origin {
    /// An address.
    Download {
        /// Address with a scheme.
        uri: String,
    },
    /// A script that makes it.
    Custom {
        /// Script, beside the spec or the component's file.
        script: String,
        /// Packages the script needs.
        #[serde(default, rename = "mock-packages")]
        mock_packages: Vec<String>,
        /// Files the script needs.
        #[serde(default)]
        inputs: Vec<String>,
    },
    /// An archive changed by overlays.
    Overlay,
}

/// One of `source-files`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SourceFile {
    /// Its name beside the spec.
    pub filename: Spanned<FileName>,
    /// Hexadecimal hash.
    pub hash: Option<Spanned<String>>,
    /// Kind of `hash`.
    pub hash_type: Option<HashType>,
    /// Where it comes from.
    pub origin: Origin,
    /// Whether it takes the place of an upstream source of this name.
    #[serde(default)]
    pub replace_upstream: bool,
    /// Why it does.
    pub replace_reason: Option<String>,
}

/// Where packages are published.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Publish {
    /// Channel of binary packages; `none` publishes nothing.
    pub rpm_channel: Option<String>,
    /// Channel of source packages.
    pub srpm_channel: Option<String>,
    /// Channel of debuginfo and debugsource packages.
    pub debuginfo_channel: Option<String>,
    /// Old name of `rpm-channel`.
    pub channel: Option<String>,
}

impl Publish {
    /// Returns this with what `over` says on top.
    #[must_use]
    pub fn merged(&self, over: &Self) -> Self {
        let pick = |over: &Option<String>, under: &Option<String>| over.clone().or_else(|| under.clone());
        Self {
            rpm_channel: pick(&over.rpm_channel, &self.rpm_channel),
            srpm_channel: pick(&over.srpm_channel, &self.srpm_channel),
            debuginfo_channel: pick(&over.debuginfo_channel, &self.debuginfo_channel),
            channel: pick(&over.channel, &self.channel),
        }
    }

    /// Returns every channel named.
    pub(crate) fn channels(&self) -> impl Iterator<Item = &String> {
        [&self.rpm_channel, &self.srpm_channel, &self.debuginfo_channel, &self.channel].into_iter().flatten()
    }
}

/// `{ publish = … }`, as packages and package defaults have it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PackageShape {
    #[serde(default)]
    pub(crate) publish: Publish,
}

/// A component table without its overlays, which are read by kind.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct ComponentShape {
    spec: SpecLayer,
    release: ReleaseShape,
    build: BuildLayer,
    render: RenderShape,
    overlay_files: Option<Vec<Spanned<String>>>,
    source_files: Vec<SourceFile>,
    packages: BTreeMap<String, PackageShape>,
    publish: Publish,
    /// Taken out before; here so that suggestions know it.
    overlays: Option<IgnoredAny>,
}

/// One layer of a component's configuration: its own table or a default it inherits.
#[derive(Debug, Clone, Default)]
pub struct ComponentLayer {
    /// `spec`.
    pub spec: SpecLayer,
    /// `release.calculation`.
    pub release: Option<ReleaseCalculation>,
    /// `build`.
    pub build: BuildLayer,
    /// `render.skip-file-filter`.
    pub skip_file_filter: Option<bool>,
    /// `overlays`, in order.
    pub overlays: Vec<Overlay>,
    /// `overlay-files`: globs as paths of the tree; replaces an inherited list, even by an empty one.
    pub overlay_files: Option<Vec<OverlayFileGlob>>,
    /// Overlays read from `overlay_files`; absent where the layer names none.
    pub overlays_of_files: Option<Vec<Overlay>>,
    /// `source-files`.
    pub source_files: Vec<SourceFile>,
    /// `packages`.
    pub packages: BTreeMap<String, Publish>,
    /// `publish`.
    pub publish: Publish,
    /// File that declares the layer.
    pub file: String,
}

/// One of `overlay-files`.
#[derive(Debug, Clone)]
pub struct OverlayFileGlob {
    /// Glob over paths of the tree.
    pub glob: String,
    /// Where it is written.
    pub span: Span,
}

impl ComponentLayer {
    /// Reads a component table.
    pub(crate) fn read(reader: &mut Reader<'_>, mut table: Table<'_>, descriptions: Descriptions) -> Self {
        let overlays = reader.take_tables(&mut table, "overlays").into_iter();
        let overlays = overlays.filter_map(|table| Overlay::read(reader, table, descriptions)).collect();
        let shape: ComponentShape = reader.shape(table).unwrap_or_default();
        let mut spec = shape.spec;
        spec.path = spec.path.and_then(|path| tree_path(reader, path));
        let globs = |paths: Vec<Spanned<String>>| {
            paths.into_iter().filter_map(|path| overlay_file_glob(reader, path)).collect::<Vec<_>>()
        };
        let overlay_files = shape.overlay_files.map(globs);
        Self {
            spec,
            release: shape.release.calculation,
            build: shape.build,
            skip_file_filter: shape.render.skip_file_filter,
            overlays,
            overlay_files,
            overlays_of_files: None,
            source_files: shape.source_files,
            packages: shape.packages.into_iter().map(|(name, package)| (name, package.publish)).collect(),
            publish: shape.publish,
            file: reader.file().to_owned(),
        }
    }
}

/// Makes a path relative to the declaring file one of the tree.
pub(crate) fn tree_path(reader: &mut Reader<'_>, path: Spanned<String>) -> Option<Spanned<String>> {
    match join(directory_of(reader.file()), path.get_ref()) {
        Ok(joined) => Some(Spanned::new(path.span(), joined)),
        Err(error) => {
            reader.error("path-outside-tree", path.span(), error.to_string());
            None
        }
    }
}

fn overlay_file_glob(reader: &mut Reader<'_>, path: Spanned<String>) -> Option<OverlayFileGlob> {
    let path = tree_path(reader, path)?;
    let span = Span { file: reader.file().to_owned(), start: path.span().start, end: path.span().end };
    Some(OverlayFileGlob { glob: path.into_inner(), span })
}

/// Reads an overlay file: `[metadata]` and at least one of `[[overlays]]`.
pub(crate) fn read_overlay_file(
    reader: &mut Reader<'_>,
    mut table: Table<'_>,
    descriptions: Descriptions,
) -> Vec<Overlay> {
    let span = table.span();
    let metadata = reader.take_table(&mut table, "metadata");
    let tables = reader.take_tables(&mut table, "overlays");
    reader.finish(&table, &["metadata", "overlays"]);
    if tables.is_empty() {
        reader.error("empty-overlay-file", span.clone(), "overlay file without `[[overlays]]`");
    }
    let metadata = match metadata {
        None => {
            reader.error("missing-key", span, "overlay file without `[metadata]`");
            None
        }
        Some(table) => {
            let span = table.span();
            let metadata: Option<Metadata> = reader.shape(table);
            if let Some(problem) = metadata.as_ref().and_then(Metadata::contradiction) {
                reader.error("metadata-contradiction", span, problem);
            }
            metadata.map(std::sync::Arc::new)
        }
    };
    let overlays = tables.into_iter().filter_map(|table| Overlay::read(reader, table, descriptions));
    overlays.map(|overlay| Overlay { metadata: metadata.clone(), ..overlay }).collect()
}
