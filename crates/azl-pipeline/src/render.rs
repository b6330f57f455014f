//! `render`: the tree's components become the files of `specs/`.
//!
//! Not here: what rendering means, which is `azl_config::render`.
//!
//! **Invariant:** `specs/` is touched only where its bytes change, and not at all with [`Mode::Check`] or a mistake
//! anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use azl_config::render::{Material, rendered_directory};
use azl_config::{FileSet, SourceEntry};
use azl_diagnostics::Diagnostic;
use azl_host::{FileError, files};
use serde::Serialize;

use crate::error::Failure;
use crate::tree::Tree;

/// What to do with the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Make `specs/` equal to it.
    Write,
    /// Say where `specs/` differs.
    Check,
}

/// A rendered component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Its files by name: `<name>.spec`, `sources`, patches and others.
    pub files: BTreeMap<String, Arc<[u8]>>,
    /// What `sources` pins.
    pub sources: Vec<SourceEntry>,
}

/// What rendering did, or with [`Mode::Check`] would do. Paths are relative to the tree, in order.
#[derive(Debug, Clone, Serialize)]
pub struct RenderReport {
    /// Which of the two.
    pub mode: Mode,
    /// How many components were rendered.
    pub components: usize,
    /// Files written.
    pub changed: Vec<String>,
    /// Files removed.
    pub removed: Vec<String>,
}

impl RenderReport {
    /// Makes drift found by [`Mode::Check`] a failure.
    ///
    /// # Errors
    /// If there is drift and the mode is [`Mode::Check`].
    pub fn into_result(self) -> Result<(), Failure> {
        let drift = self.changed.len() + self.removed.len();
        if self.mode == Mode::Write || drift == 0 {
            return Ok(());
        }
        let message = format!("rendered specs are not what the tree renders to: {drift} files differ");
        Err(Failure::Verification(format!("{message}\n  hint: cargo xtask render")))
    }
}

impl fmt::Display for RenderReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (changed, removed) = match self.mode {
            Mode::Write => ("wrote", "removed"),
            Mode::Check => ("differs:", "is stale:"),
        };
        for path in &self.changed {
            writeln!(f, "{changed} {path}")?;
        }
        for path in &self.removed {
            writeln!(f, "{removed} {path}")?;
        }
        let drift = self.changed.len() + self.removed.len();
        writeln!(f, "{} components rendered, {drift} files differed", self.components)
    }
}

/// Renders components of the tree at `root`, all if none is named, and writes or checks the rendered specs.
///
/// With all components, directories of components that are gone are stale.
///
/// # Errors
/// Every mistake of every component; nothing is written then.
pub fn render(root: &Path, components: &[String], mode: Mode) -> Result<RenderReport, Failure> {
    let tree = Tree::read(root)?;
    let names: BTreeSet<String> = match components {
        [] => tree.config().components.keys().cloned().collect(),
        named => named.iter().cloned().collect(),
    };
    let rendered = render_components(&tree, &names)?;
    let base = tree.config().project.rendered_specs_dir();
    let wanted = wanted_files(base, &rendered);
    let present = present_files(root, base, components)?;
    let report = compare(root, mode, rendered.len(), &wanted, &present)?;
    if mode == Mode::Write {
        write(root, &report, &wanted)?;
    }
    Ok(report)
}

/// Renders the named components.
///
/// # Errors
/// Every mistake of every component.
pub fn render_components(tree: &Tree, names: &BTreeSet<String>) -> Result<BTreeMap<String, Rendered>, Failure> {
    let mut rendered = BTreeMap::new();
    let mut mistakes = Vec::new();
    for name in names {
        match render_component(tree, name) {
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
    let material = Material { packaging: &packaging, authored: tree.authored(), supplied: &supplied };
    let rendered = azl_config::render(&component, material).map_err(Failure::Configuration)?;
    Rendered::new(name, &rendered).map_err(Failure::Configuration)
}

impl Rendered {
    fn new(name: &str, rendered: &FileSet) -> Result<Self, Vec<Diagnostic>> {
        let files: BTreeMap<_, _> =
            rendered.iter().map(|(path, entry)| (path.to_owned(), entry.bytes.clone())).collect();
        let (sources, mistakes) = match files.get("sources") {
            Some(bytes) => azl_config::parse_sources(&format!("{name}/sources"), bytes),
            None => (Vec::new(), Vec::new()),
        };
        if mistakes.is_empty() { Ok(Self { files, sources }) } else { Err(mistakes) }
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

fn compare(
    root: &Path,
    mode: Mode,
    components: usize,
    wanted: &BTreeMap<String, Arc<[u8]>>,
    present: &BTreeSet<String>,
) -> Result<RenderReport, FileError> {
    let mut changed = Vec::new();
    for (path, bytes) in wanted {
        let same = present.contains(path) && files::read(root.join(path))?[..] == bytes[..];
        if !same {
            changed.push(path.clone());
        }
    }
    let removed = present.iter().filter(|path| !wanted.contains_key(*path)).cloned().collect();
    Ok(RenderReport { mode, components, changed, removed })
}

fn write(root: &Path, report: &RenderReport, wanted: &BTreeMap<String, Arc<[u8]>>) -> Result<(), FileError> {
    for path in &report.changed {
        let host = root.join(path);
        if let Some(directory) = host.parent() {
            files::create_dir_all(directory)?;
        }
        files::write_atomic(&host, &wanted[path])?;
    }
    for path in &report.removed {
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
