//! Rules that only hold or break once layers are added up: `unset` that drops something, source files named once.

use std::collections::{BTreeMap, BTreeSet};

use azl_diagnostics::{Diagnostic, Span};

use crate::component::ComponentLayer;
use crate::document::Config;
use crate::merge::{Merged, unknown_field};
use crate::slot::Source;

/// Checks the sums of all components that have something to check.
pub(super) fn check(config: &Config, found: &mut Vec<Diagnostic>) {
    let unset_anywhere = config.all_layers().any(|layer| !layer.unset.is_empty());
    let inherited_files = config.default_layers().any(|layer| !layer.source_files.is_empty());
    if !unset_anywhere && !inherited_files {
        return;
    }
    let mut unsets = Unsets::default();
    let mut shown = BTreeSet::new();
    for (name, component) in &config.components {
        let mut merged = Merged::new();
        for (writer, layer) in config.layers(name, component) {
            let idle = merged.add(writer, layer);
            unsets.note(layer, &idle.iter().map(|path| path.get_ref().as_str()).collect());
        }
        check_source_files(name, &merged, &mut shown, found);
    }
    for version in config.distros.values().flat_map(|distro| distro.versions.values()) {
        // The lowest layer inherits nothing, whether or not any component is made of it.
        let layer = &version.default_component_config;
        unsets.note(layer, &layer.unset.iter().map(|path| path.get_ref().as_str()).collect());
    }
    found.extend(unsets.idle());
}

/// What `unset` entries did so far, by place; a default's entry is good if it drops something for one component.
#[derive(Default)]
struct Unsets(BTreeMap<Span, (String, Effect)>);

/// What an `unset` entry did.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Nothing,
    Dropped,
}

impl Unsets {
    fn note(&mut self, layer: &ComponentLayer, idle: &BTreeSet<&str>) {
        for path in &layer.unset {
            let entry = self.0.entry(path.place(&layer.file));
            let (_, effect) = entry.or_insert_with(|| (path.get_ref().clone(), Effect::Nothing));
            if !idle.contains(path.get_ref().as_str()) {
                *effect = Effect::Dropped;
            }
        }
    }

    /// Returns the idle entries; a path that names no field is known already.
    fn idle(self) -> impl Iterator<Item = Diagnostic> {
        let idle = self
            .0
            .into_iter()
            .filter(|(_, (path, effect))| *effect == Effect::Nothing && unknown_field(path).is_none());
        idle.map(|(span, (path, _))| {
            let problem = Diagnostic::error("unset", format!("`unset` of `{path}` drops nothing: none is inherited"));
            Diagnostic { span: Some(span), ..problem }.hint("remove the entry")
        })
    }
}

/// Refuses a source file that two layers name; within one layer that is known already. Each place is shown once.
fn check_source_files(name: &str, merged: &Merged<'_>, shown: &mut BTreeSet<Span>, found: &mut Vec<Diagnostic>) {
    let mut first: BTreeMap<&str, &Source<'_>> = BTreeMap::new();
    for (source, file) in merged.source_files.iter() {
        let file_name = file.filename.get_ref().as_str();
        let Some(other) = first.get(file_name) else {
            first.insert(file_name, source);
            continue;
        };
        let of_one_layer = other.file == source.file && other.writer == source.writer;
        if of_one_layer || !shown.insert(source.span()) {
            continue;
        }
        let message = format!("component `{name}` comes to source file `{file_name}` twice");
        let problem = Diagnostic { span: Some(source.span()), ..Diagnostic::error("source-file", message) };
        found.push(problem.hint(format!("it is also in {}; `unset = [\"source-files\"]` drops it", other.file)));
    }
}
