//! Adds the layers of a component up, slot by slot.
//!
//! Lists grow, maps merge by key, single values of a later layer win whenever they are written, also where they are
//! `false` or empty (azldev cannot undo a value). `overlay-files` replaces. `unset` drops what was inherited.
//!
//! Not here: what the sum means; see `resolve`.
//!
//! **Invariant:** one table of slots serves merging, `unset` and explaining.

use azl_diagnostics::Diagnostic;
use azl_overlay::{OneLine, Overlay};

use crate::component::{ComponentLayer, ReleaseCalculation, SpecType};
use crate::document::{Component, Config};
use crate::layer::Writer;
use crate::publish::Channel;
use crate::repo_set::suggest;
use crate::slot::{Keys, List, Map, Packages, Scalar, Slot, Source};
use crate::snapshot::Snapshot;
use crate::source_file::SourceFile;
use crate::spanned::Spanned;

/// Layers added up so far.
#[derive(Debug)]
pub(crate) struct Merged<'a> {
    pub(crate) kind: Scalar<'a, SpecType>,
    pub(crate) path: Scalar<'a, String>,
    pub(crate) distro: Scalar<'a, String>,
    pub(crate) distro_version: Scalar<'a, String>,
    pub(crate) snapshot: Scalar<'a, Snapshot>,
    pub(crate) upstream_name: Scalar<'a, String>,
    pub(crate) upstream_commit: Scalar<'a, String>,
    pub(crate) release: Scalar<'a, ReleaseCalculation>,
    pub(crate) overlays: List<'a, Overlay>,
    pub(crate) overlay_files: List<'a, String>,
    pub(crate) with: List<'a, String>,
    pub(crate) without: List<'a, String>,
    pub(crate) defines: Map<'a, Spanned<OneLine>>,
    pub(crate) undefines: List<'a, String>,
    pub(crate) emit_upstream_provenance: Scalar<'a, bool>,
    pub(crate) skip: Scalar<'a, bool>,
    pub(crate) skip_reason: Scalar<'a, OneLine>,
    pub(crate) expected: Scalar<'a, bool>,
    pub(crate) expected_reason: Scalar<'a, String>,
    pub(crate) expensive: Scalar<'a, bool>,
    pub(crate) skip_file_filter: Scalar<'a, bool>,
    pub(crate) source_files: List<'a, SourceFile>,
    pub(crate) packages: Packages<'a>,
    pub(crate) rpm_channel: Scalar<'a, Channel>,
    pub(crate) srpm_channel: Scalar<'a, Channel>,
    pub(crate) debuginfo_channel: Scalar<'a, Channel>,
}

/// How many slots there are.
pub(crate) const SLOTS: usize = 26;

impl<'a> Merged<'a> {
    /// Makes the sum of no layers.
    pub(crate) fn new() -> Self {
        Self {
            kind: Scalar::default(),
            path: Scalar::default(),
            distro: Scalar::default(),
            distro_version: Scalar::default(),
            snapshot: Scalar::default(),
            upstream_name: Scalar::default(),
            upstream_commit: Scalar::default(),
            release: Scalar::or("auto"),
            overlays: List::default(),
            overlay_files: List::default(),
            with: List::default(),
            without: List::default(),
            defines: Map::default(),
            undefines: List::default(),
            emit_upstream_provenance: Scalar::or("false"),
            skip: Scalar::or("false"),
            skip_reason: Scalar::default(),
            expected: Scalar::or("false"),
            expected_reason: Scalar::default(),
            expensive: Scalar::or("false"),
            skip_file_filter: Scalar::or("false"),
            source_files: List::default(),
            packages: Packages::default(),
            rpm_channel: Scalar::default(),
            srpm_channel: Scalar::default(),
            debuginfo_channel: Scalar::default(),
        }
    }

    /// Returns every slot with the dotted path of its field.
    pub(crate) fn slots(&mut self) -> [(&'static str, &mut dyn Slot<'a>); SLOTS] {
        [
            ("spec.type", &mut self.kind),
            ("spec.path", &mut self.path),
            ("spec.upstream-distro.name", &mut self.distro),
            ("spec.upstream-distro.version", &mut self.distro_version),
            ("spec.upstream-distro.snapshot", &mut self.snapshot),
            ("spec.upstream-name", &mut self.upstream_name),
            ("spec.upstream-commit", &mut self.upstream_commit),
            ("release.calculation", &mut self.release),
            ("overlays", &mut self.overlays),
            ("overlay-files", &mut self.overlay_files),
            ("build.with", &mut self.with),
            ("build.without", &mut self.without),
            ("build.defines", &mut self.defines),
            ("build.undefines", &mut self.undefines),
            ("build.emit-upstream-provenance", &mut self.emit_upstream_provenance),
            ("build.check.skip", &mut self.skip),
            ("build.check.skip_reason", &mut self.skip_reason),
            ("build.failure.expected", &mut self.expected),
            ("build.failure.expected-reason", &mut self.expected_reason),
            ("build.hints.expensive", &mut self.expensive),
            ("render.skip-file-filter", &mut self.skip_file_filter),
            ("source-files", &mut self.source_files),
            ("packages", &mut self.packages),
            ("publish.rpm-channel", &mut self.rpm_channel),
            ("publish.srpm-channel", &mut self.srpm_channel),
            ("publish.debuginfo-channel", &mut self.debuginfo_channel),
        ]
    }

    /// Adds a layer; returns the paths of its `unset` that nothing was inherited for.
    pub(crate) fn add(&mut self, writer: Writer<'a>, layer: &'a ComponentLayer) -> Vec<&'a Spanned<String>> {
        let idle = layer.unset.iter().filter(|path| !self.unset(writer, &layer.file, path)).collect();
        self.add_spec(writer, layer);
        self.add_build(writer, layer);
        let file = &layer.file;
        self.release.state(writer, file, layer.release.as_ref());
        for overlay in &layer.overlays {
            self.overlays.state(writer, file, overlay.span.clone(), overlay);
        }
        if let Some(globs) = &layer.overlay_files {
            self.overlay_files.replace();
            self.overlay_files.state_all(writer, file, globs);
        }
        self.skip_file_filter.state(writer, file, layer.skip_file_filter.as_ref());
        for source_file in &layer.source_files {
            self.source_files.state(writer, file, source_file.filename.span(), source_file);
        }
        self.packages.state(writer, file, &layer.packages);
        self.rpm_channel.state(writer, file, layer.publish.rpm_channel.as_ref());
        self.srpm_channel.state(writer, file, layer.publish.srpm_channel.as_ref());
        self.debuginfo_channel.state(writer, file, layer.publish.debuginfo_channel.as_ref());
        idle
    }

    /// Drops the values of a path; returns whether there were any.
    fn unset(&mut self, writer: Writer<'a>, file: &'a str, path: &'a Spanned<String>) -> bool {
        let by = Source { writer, file, range: path.span() };
        let mut dropped = false;
        for (field, slot) in self.slots() {
            if let Some(part) = part_of(path.get_ref(), field, slot.keys()) {
                dropped |= slot.unset(part, &by);
            }
        }
        dropped
    }

    fn add_spec(&mut self, writer: Writer<'a>, layer: &'a ComponentLayer) {
        let (spec, file) = (&layer.spec, layer.file.as_str());
        // A layer that says where the spec comes from does not inherit half an answer.
        let other = |kind: &&Spanned<SpecType>| self.kind.get().is_some_and(|inherited| inherited != kind.get_ref());
        if let Some(kind) = spec.kind.as_ref().filter(other) {
            let by = Source { writer, file, range: kind.span() };
            for (_, slot) in self.slots().into_iter().filter(|(field, _)| field.starts_with("spec.")) {
                slot.unset(None, &by);
            }
        }
        self.kind.state(writer, file, spec.kind.as_ref());
        self.path.state(writer, file, spec.path.as_ref());
        self.upstream_name.state(writer, file, spec.upstream_name.as_ref());
        self.upstream_commit.state(writer, file, spec.upstream_commit.as_ref());
        let Some(distro) = &spec.upstream_distro else { return };
        let reference = distro.get_ref();
        if self.distro.get().is_some_and(|inherited| inherited != reference.name.get_ref()) {
            let by = Source { writer, file, range: reference.name.span() };
            self.distro_version.unset(None, &by);
            self.snapshot.unset(None, &by);
        }
        self.distro.state(writer, file, Some(&reference.name));
        self.distro_version.state(writer, file, reference.version.as_ref());
        self.snapshot.state(writer, file, reference.snapshot.as_ref());
    }

    fn add_build(&mut self, writer: Writer<'a>, layer: &'a ComponentLayer) {
        let (build, file) = (&layer.build, layer.file.as_str());
        self.with.state_all(writer, file, &build.with);
        self.without.state_all(writer, file, &build.without);
        for (name, value) in &build.defines {
            self.defines.state(writer, file, name, value);
        }
        self.undefines.state_all(writer, file, &build.undefines);
        self.emit_upstream_provenance.state(writer, file, build.emit_upstream_provenance.as_ref());
        self.skip.state(writer, file, build.check.skip.as_ref());
        self.skip_reason.state(writer, file, build.check.skip_reason.as_ref());
        self.expected.state(writer, file, build.failure.expected.as_ref());
        self.expected_reason.state(writer, file, build.failure.expected_reason.as_ref());
        self.expensive.state(writer, file, build.hints.expensive.as_ref());
    }
}

/// Returns what a path means for a field: all of it, one of its keys, or nothing.
fn part_of<'p>(path: &'p str, field: &str, keys: Keys) -> Option<Option<&'p str>> {
    if is_at_or_below(field, path) {
        return Some(None);
    }
    let key = path.strip_prefix(field).and_then(|rest| rest.strip_prefix('.'));
    key.filter(|key| keys == Keys::Any && !key.is_empty()).map(Some)
}

/// Returns whether a dotted path is `above` or below it.
pub(crate) fn is_at_or_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Returns why a path names no field, if it does not.
pub(crate) fn unknown_field(path: &str) -> Option<Diagnostic> {
    let mut empty = Merged::new();
    let slots = empty.slots();
    if slots.iter().any(|(field, slot)| part_of(path, field, slot.keys()).is_some()) {
        return None;
    }
    let fields: Vec<&str> = slots.iter().map(|(field, _)| *field).collect();
    let groups = fields.iter().flat_map(|field| field.match_indices('.').map(|(at, _)| &field[..at]));
    let known: Vec<&str> = fields.iter().copied().chain(groups).collect();
    let problem = Diagnostic::error("unknown-field", format!("no field `{path}` of a component"));
    Some(suggest(problem, path, known))
}

impl Config {
    /// Adds up the layers of a component.
    pub(crate) fn merged<'a>(&'a self, name: &str, component: &'a Component) -> Merged<'a> {
        let mut merged = Merged::new();
        for (writer, layer) in self.layers(name, component) {
            merged.add(writer, layer);
        }
        merged
    }
}
