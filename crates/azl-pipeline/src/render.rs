//! `render`: the tree's components become the files of `specs/`.
//!
//! Not here: what rendering means, which is `azl_config::render`.
//!
//! **Invariant:** `specs/` is touched only where its bytes change, and not at all with [`Mode::Check`], [`Mode::Diff`]
//! or a mistake anywhere.

mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use azl_config::SourceEntry;
use azl_config::render::{ChangedArchive, Material, Rendering, rendered_directory};
use azl_diagnostics::Diagnostic;
use azl_host::{FileError, environment, files};
use serde::Serialize;

use crate::error::Failure;
use crate::tree::Tree;

pub use report::RenderReport;

/// What to do with the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Make `specs/` equal to it; directories of components that are gone stay.
    Write,
    /// Make `specs/` equal to it, and remove directories of components that are gone.
    WriteAndClean,
    /// Say where `specs/` differs.
    Check,
    /// Show how `specs/` differs.
    Diff,
}

impl Mode {
    fn writes(self) -> bool {
        matches!(self, Self::Write | Self::WriteAndClean)
    }
}

/// A rendered component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Its files by name: `<name>.spec`, `sources`, patches and others.
    pub files: BTreeMap<String, Arc<[u8]>>,
    /// What `sources` pins.
    pub sources: Vec<SourceEntry>,
    /// Archives that overlays change from inside.
    pub archives: BTreeMap<String, ChangedArchive>,
    /// What somebody should look at.
    pub warnings: Vec<Diagnostic>,
}

/// Renders components of a tree, all if none is named, and writes, checks or shows the rendered specs.
///
/// # Errors
/// Every mistake of every component; nothing is written then.
pub fn render(tree: &Tree, components: &[String], mode: Mode) -> Result<RenderReport, Failure> {
    let names: BTreeSet<String> = match components {
        [] => tree.config().components.keys().cloned().collect(),
        named => named.iter().cloned().collect(),
    };
    let rendered = render_components(tree, &names)?;
    let base = tree.config().project.rendered_specs_dir();
    let wanted = wanted_files(base, &rendered);
    let present = present_files(tree.root(), base, components)?;
    let warnings = rendered.into_values().flat_map(|component| component.warnings).collect();
    let mut report = RenderReport::compare(tree.root(), mode, &wanted, &present)?;
    report.components = names.len();
    report.warnings = warnings;
    report.note_stale(base, &names);
    if mode.writes() {
        write(tree.root(), &report, &wanted)?;
    }
    Ok(report)
}

/// Renders the named components, as many at a time as there are processors.
///
/// # Errors
/// Every mistake of every component.
pub fn render_components(tree: &Tree, names: &BTreeSet<String>) -> Result<BTreeMap<String, Rendered>, Failure> {
    let names: Vec<&String> = names.iter().collect();
    let share = names.len().div_ceil(environment::processors()).max(1);
    let render_share = |share: &[&String]| share.iter().map(|name| render_component(tree, name)).collect::<Vec<_>>();
    let results: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = names.chunks(share).map(|share| scope.spawn(move || render_share(share))).collect();
        // A worker that panicked has said why; going on without its components would hide them.
        workers.into_iter().flat_map(|worker| worker.join().expect("rendering does not panic")).collect()
    });
    let mut rendered = BTreeMap::new();
    let mut mistakes = Vec::new();
    for (name, result) in names.into_iter().zip(results) {
        match result {
            Ok(component) => drop(rendered.insert(name.clone(), component)),
            Err(Failure::Configuration(found)) => mistakes.extend(found),
            Err(other) => return Err(other),
        }
    }
    if mistakes.is_empty() { Ok(rendered) } else { Err(Failure::Configuration(mistakes)) }
}

fn render_component(tree: &Tree, name: &str) -> Result<Rendered, Failure> {
    let component = tree.config().resolve(name)?;
    let packaging = tree.packaging(&component)?;
    let supplied = tree.supplied(name);
    let past = tree.past(&component)?;
    let (authored, compat) = (tree.authored(), tree.compat());
    let material = Material { packaging: &packaging, authored, compat, past: &past, supplied: &supplied };
    let rendering = azl_config::render(&component, material).map_err(Failure::Configuration)?;
    Rendered::new(name, rendering).map_err(Failure::Configuration)
}

impl Rendered {
    fn new(name: &str, rendering: Rendering) -> Result<Self, Vec<Diagnostic>> {
        let files: BTreeMap<_, _> =
            rendering.files.iter().map(|(path, entry)| (path.to_owned(), entry.bytes.clone())).collect();
        let (sources, mistakes) = match files.get("sources") {
            Some(bytes) => azl_config::parse_sources(&format!("{name}/sources"), bytes),
            None => (Vec::new(), Vec::new()),
        };
        if mistakes.is_empty() {
            Ok(Self { files, sources, archives: rendering.archives, warnings: rendering.warnings })
        } else {
            Err(mistakes)
        }
    }
}

/// Returns the files that should be there, by path below the root.
fn wanted_files(base: &str, rendered: &BTreeMap<String, Rendered>) -> BTreeMap<String, Arc<[u8]>> {
    let files = rendered.iter().flat_map(|(name, component)| {
        let directory = format!("{base}/{}", rendered_directory(name));
        component.files.iter().map(move |(file, bytes)| (format!("{directory}/{file}"), bytes.clone()))
    });
    files.collect()
}

/// Returns the files that are there now: below the named components' directories, or below all.
fn present_files(root: &Path, base: &str, components: &[String]) -> Result<BTreeSet<String>, FileError> {
    let directories: Vec<String> = match components {
        [] => vec![base.to_owned()],
        named => named.iter().map(|name| format!("{base}/{}", rendered_directory(name))).collect(),
    };
    let mut present = BTreeSet::new();
    for directory in directories {
        match files::walk_files(root.join(&directory)) {
            Err(error) if error.is_not_found() => {}
            names => present.extend(names?.into_iter().map(|name| format!("{directory}/{name}"))),
        }
    }
    // Files beside the letters, such as a README, are not the renderer's.
    let depth = base.split('/').count() + 2;
    present.retain(|path| path.split('/').count() > depth);
    Ok(present)
}

fn write(root: &Path, report: &RenderReport, wanted: &BTreeMap<String, Arc<[u8]>>) -> Result<(), FileError> {
    for path in &report.changed {
        let host = root.join(path);
        if let Some(directory) = host.parent() {
            files::create_dir_all(directory)?;
        }
        files::write_atomic(&host, &wanted[path])?;
    }
    let stale: &[String] = if report.mode == Mode::WriteAndClean { &report.stale } else { &[] };
    for path in report.removed.iter().chain(stale) {
        files::remove_file(root.join(path))?;
        remove_empty_parents(root, path)?;
    }
    Ok(())
}

/// Removes the component's directory and its letter's if nothing is left in them.
fn remove_empty_parents(root: &Path, path: &str) -> Result<(), FileError> {
    for directory in Path::new(path).ancestors().skip(1).take(2) {
        let host = root.join(directory);
        if files::exists(&host) && files::list(&host)?.is_empty() {
            files::remove_dir_all(&host)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
