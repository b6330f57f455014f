//! Where a component's effective values come from.
//!
//! Not here: what they mean. Nothing is collected while loading: the layers are added up again on demand.
//!
//! **Invariant:** what is explained is what [`Config::resolve`] takes.

use azl_diagnostics::{Diagnostic, Span};
use serde::Serialize;

use crate::document::{Component, Config};
use crate::layer::Layer;
use crate::merge::{Merged, is_at_or_below, unknown_field};
use crate::repo_set::suggest;
use crate::resolve::{DistGit, SpecSource, Upstream};
use crate::slot::{Shown, Source, Statement};

/// One effective value of a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Effective {
    /// Dotted path, such as `build.check.skip`, `overlays[3]` or `upstream.branch`.
    pub field: String,
    /// The value as text.
    pub value: String,
    /// Where it is written, if it is.
    pub written: Option<Span>,
    /// Who wrote it.
    pub layer: Layer,
    /// Where lower layers say otherwise, from the bottom up; a layer's `unset` counts as well.
    pub overrides: Vec<Span>,
}

impl Effective {
    /// Returns the place as `file:line`; `text` is the whole text of the file.
    pub fn line(&self, text: &str) -> Option<String> {
        self.written.as_ref().map(|span| file_and_line(span, text))
    }
}

/// Returns a place as `file:line`; `text` is the whole text of the file.
pub fn file_and_line(span: &Span, text: &str) -> String {
    let before = text.as_bytes().get(..span.start).unwrap_or(text.as_bytes());
    format!("{}:{}", span.file, before.iter().filter(|byte| **byte == b'\n').count() + 1)
}

/// The fields that follow from others.
const DERIVED: [&str; 7] = [
    "upstream.package",
    "upstream.distro",
    "upstream.version",
    "upstream.branch",
    "upstream.dist-git",
    "upstream.commit",
    "upstream.snapshot",
];

impl Config {
    /// Returns the effective values of a component, all or those at or below a dotted path.
    ///
    /// A field that has no value, not even by default, is left out.
    ///
    /// # Errors
    /// If there is no such component or field.
    pub fn explain(&self, name: &str, field: Option<&str>) -> Result<Vec<Effective>, Diagnostic> {
        let component = self.component(name)?;
        let mut merged = self.merged(name, component);
        let mut all: Vec<Effective> = Vec::new();
        for (path, slot) in merged.slots() {
            all.extend(slot.statements(path).into_iter().map(effective));
            if path == "overlays" {
                let inline = all.iter().filter(|one| is_at_or_below(&one.field, "overlays")).count();
                all.extend(self.file_overlays(name, component, inline));
            }
        }
        // A component whose spec cannot be told is explained as far as it goes.
        if let Ok(SpecSource::Upstream(upstream)) = self.spec_source(name, component, &merged) {
            all.extend(self.derived(&upstream, &merged));
        }
        let Some(field) = field else { return Ok(all) };
        let wanted: Vec<_> = all.iter().filter(|one| is_at_or_below(&one.field, field)).cloned().collect();
        if wanted.is_empty() {
            check_field(field, &all)?;
        }
        Ok(wanted)
    }

    /// Explains overlays of overlay files, which come after `inline` others.
    fn file_overlays(&self, name: &str, component: &Component, inline: usize) -> Vec<Effective> {
        let merged = self.merged(name, component);
        let Some((source, _)) = merged.overlay_files.iter().next() else { return Vec::new() };
        let layer = source.writer.layer();
        let overlays = self.overlays_of_files(component).enumerate();
        let explained = overlays.map(|(index, overlay)| Effective {
            field: format!("overlays[{}]", inline + index),
            value: overlay.shown(),
            written: Some(Span { file: overlay.file.clone(), start: overlay.span.start, end: overlay.span.end }),
            layer: layer.clone(),
            overrides: Vec::new(),
        });
        explained.collect()
    }

    fn derived(&self, upstream: &Upstream, merged: &Merged<'_>) -> Vec<Effective> {
        let stated = |source: Option<&Source<'_>>| match source {
            Some(source) => (source.writer.layer(), Some(source.span())),
            None => (Layer::BuiltIn, None),
        };
        let distro = self.distros.get(&upstream.distro);
        let in_distro = |span: Option<Span>| (Layer::DistroTable(upstream.distro.clone()), span);
        let key = |key: &str| in_distro(distro.and_then(|distro| distro.places.get(key).cloned()));
        let version = match merged.distro_version.source() {
            Some(source) => stated(Some(source)),
            None => key("default-version"),
        };
        let details = distro.and_then(|distro| distro.versions.get(&upstream.version));
        let branch = details.and_then(|details| Some(details.dist_git_branch.as_ref()?.place(&details.file)));
        let (DistGit::Tree(dist_git) | DistGit::Remote(dist_git)) = &upstream.dist_git;
        let values = [
            (Some(upstream.package.clone()), stated(merged.upstream_name.source())),
            (Some(upstream.distro.clone()), stated(merged.distro.source())),
            (Some(upstream.version.clone()), version),
            (upstream.branch.clone(), in_distro(branch)),
            (Some(dist_git.clone()), key("dist-git-base-uri")),
            (upstream.commit.clone(), stated(merged.upstream_commit.source())),
            (upstream.snapshot.clone(), stated(merged.snapshot.source())),
        ];
        let named = DERIVED.into_iter().zip(values);
        let explained = named.filter_map(|(field, (value, (layer, written)))| {
            Some(Effective { field: field.to_owned(), value: value?, written, layer, overrides: Vec::new() })
        });
        explained.collect()
    }
}

fn effective(statement: Statement<'_>) -> Effective {
    Effective {
        field: statement.path,
        value: statement.value,
        written: statement.source.as_ref().map(Source::span),
        layer: statement.source.map_or(Layer::BuiltIn, |source| source.writer.layer()),
        overrides: statement.overrides,
    }
}

/// Refuses a path that names no field.
fn check_field(field: &str, all: &[Effective]) -> Result<(), Diagnostic> {
    let list = field.split_once('[').map_or(field, |(list, _)| list);
    if DERIVED.iter().any(|derived| is_at_or_below(derived, list)) {
        return Ok(());
    }
    let Some(problem) = unknown_field(list) else { return Ok(()) };
    if !problem.hints.iter().any(|hint| hint.starts_with("did you mean")) {
        let present = all.iter().map(|one| one.field.as_str()).chain(DERIVED);
        return Err(suggest(Diagnostic { hints: Vec::new(), ..problem }, field, present));
    }
    Err(problem)
}

#[cfg(test)]
mod tests;
