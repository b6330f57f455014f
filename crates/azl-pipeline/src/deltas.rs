//! `deltas`: what this distribution carries on top of upstream, why, since when, and whether it is still needed.
//!
//! Every deviation is listed: overlays, build options, switched-off checks, own source files, hand-made releases and
//! specs of our own. An overlay is tried on the packaging that is rendered, and on newer packaging if there is some: a
//! directory that was named, else the newest commit of dist-git that `update` has seen.
//!
//! **Invariant:** reads only, and asks no server.

mod html;
mod report;
mod trial;

use std::collections::BTreeMap;
use std::path::Path;

use azl_config::{Config, Overlay, ReleaseCalculation, ResolvedComponent, SpecSource};
use azl_diagnostics::Span;

use crate::error::Failure;
use crate::repository::{self, Authorship};
use crate::tree::Tree;

pub use html::page;
pub use report::{ComponentDeltas, Delta, DeltaReport, Totals};
pub use trial::State;

/// What to compare the deviations with.
#[derive(Debug, Clone, Copy, Default)]
pub struct Against<'a> {
    /// A directory of newer packaging, in dist-git layout below each component's upstream name; without one, what was
    /// fetched from dist-git.
    pub newer: Option<&'a Path>,
    /// A commit of this repository: totals then and now show whether the deviations grow.
    pub since: Option<&'a str>,
}

/// Lists the deviations of every component.
///
/// # Errors
/// If a component cannot be resolved, packaging cannot be read, or the commit is unknown.
pub fn deltas(tree: &Tree, against: Against<'_>) -> Result<DeltaReport, Failure> {
    let (components, mistakes) = tree.config().resolve_all();
    if !mistakes.is_empty() {
        return Err(Failure::Configuration(mistakes));
    }
    let mut history = History::new(tree);
    let mut listed = Vec::new();
    for component in &components {
        let found = component_deltas(tree, component, against.newer, &mut history)?;
        if !found.deltas.is_empty() {
            listed.push(found);
        }
    }
    let before = against.since.map(|revision| totals_at(tree.root(), revision)).transpose()?;
    let totals = Totals::of(components.len(), &listed);
    Ok(DeltaReport { components: listed, totals, before })
}

/// Counts the deviations at a commit, without trying them.
fn totals_at(root: &Path, revision: &str) -> Result<Totals, Failure> {
    let tree = Tree::at(root, &repository::commit(root, revision)?)?;
    let (components, mistakes) = tree.config().resolve_all();
    if !mistakes.is_empty() {
        return Err(Failure::Configuration(mistakes));
    }
    let listed: Vec<_> = components.iter().map(|component| authored_deltas(tree.config(), component)).collect();
    Ok(Totals::of(components.len(), &listed))
}

fn component_deltas(
    tree: &Tree,
    component: &ResolvedComponent,
    newer: Option<&Path>,
    history: &mut History<'_>,
) -> Result<ComponentDeltas, Failure> {
    let mut found = authored_deltas(tree.config(), component);
    for delta in &mut found.deltas {
        if let Some(span) = &delta.span {
            let (line, authorship) = history.of(span);
            delta.line = Some(line);
            delta.authorship = authorship;
        }
    }
    let now = trial::on_current(tree, component)?;
    let then = match newer {
        Some(directory) => Some(trial::on_newer(tree, component, directory)?),
        None => trial::on_tip(tree, component)?.map(|(commit, states)| {
            found.newer = Some(commit);
            states
        }),
    };
    // The overlays come first among the deviations, in their own order.
    for (index, delta) in found.deltas.iter_mut().take(component.overlays.len()).enumerate() {
        delta.state = now[index].clone();
        delta.newer = then.as_ref().map(|states| states[index].clone());
    }
    Ok(found)
}

/// Returns what is written down about a component's deviations.
fn authored_deltas(config: &Config, component: &ResolvedComponent) -> ComponentDeltas {
    let mut deltas: Vec<Delta> = component.overlays.iter().map(of_overlay).collect();
    let declared = || Some(component.declared.clone());
    if let SpecSource::Local { path } = &component.spec {
        deltas.push(Delta::new("local-spec", format!("the spec is ours: {path}"), declared()));
    }
    if let Some(reason) = &component.check_skipped {
        deltas.push(Delta::new("check-skip", reason.clone(), declared()));
    }
    for (name, value) in &component.macros {
        deltas.push(Delta::new("build-option", format!("%{name} is {value}"), declared()));
    }
    for file in &component.source_files {
        let name = file.filename.get_ref().as_str();
        let reason = file.replace_reason.as_deref().unwrap_or("added to upstream's sources");
        deltas.push(Delta::new("source-file", format!("{name}: {reason}"), declared()));
    }
    if component.release == ReleaseCalculation::Manual {
        deltas.push(Delta::new("manual-release", "`Release` is counted by hand".to_owned(), declared()));
    }
    ComponentDeltas {
        component: component.name.clone(),
        groups: config.groups_of(&component.name).map(str::to_owned).collect(),
        newer: None,
        deltas,
    }
}

fn of_overlay(overlay: &Overlay) -> Delta {
    let span = Span { file: overlay.file.clone(), start: overlay.span.start, end: overlay.span.end };
    let mut delta = Delta::new(overlay.kind.name(), overlay.description.clone().unwrap_or_default(), Some(span));
    if let Some(metadata) = &overlay.metadata {
        delta.category = Some(metadata.category);
        delta.upstream_status = Some(metadata.upstream_status);
        delta.links = metadata.commits.iter().chain(&metadata.bugs).map(|link| link.url.clone()).collect();
    }
    delta
}

/// Who wrote which line of the authored files, asked of git once per file.
struct History<'a> {
    tree: &'a Tree,
    is_repository: bool,
    files: BTreeMap<String, BTreeMap<usize, Authorship>>,
}

impl<'a> History<'a> {
    fn new(tree: &'a Tree) -> Self {
        Self { tree, is_repository: repository::is_repository(tree.root()), files: BTreeMap::new() }
    }

    /// Returns the line of a place and who wrote it, where git knows.
    fn of(&mut self, span: &Span) -> (usize, Option<Authorship>) {
        let text = self.tree.authored().get(&span.file).map(|entry| entry.bytes.clone()).unwrap_or_default();
        let line = 1 + text[..span.start.min(text.len())].iter().filter(|&&byte| byte == b'\n').count();
        if !self.is_repository {
            return (line, None);
        }
        let root = self.tree.root();
        let lines = self.files.entry(span.file.clone());
        // A file that was never committed has no history; that is no failure of the report.
        let lines = lines.or_insert_with(|| repository::authorship(root, &span.file).unwrap_or_default());
        (line, lines.get(&line).cloned())
    }
}

#[cfg(test)]
mod tests;
