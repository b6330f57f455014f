//! `overlay apply`: one component's overlays on a given dist-git directory, and nothing else.
//!
//! Not here: build options, `%check`, header, release and file filter, which `render` adds.
//!
//! **Invariant:** reads the tree and the directory, writes the output directory; no lock, no store, no network.

use std::fmt;
use std::path::{Path, PathBuf};

use azl_config::render::{apply_overlays, gather};
use azl_config::{FileEntry, FileSet, ResolvedComponent, SpecSource};
use azl_diagnostics::Diagnostic;
use azl_host::files;
use azl_overlay::{Sources, archive};
use serde::Serialize;

use crate::error::Failure;
use crate::tree::{Tree, read_directory};

/// What applying did.
#[derive(Debug, Clone, Serialize)]
pub struct ApplyReport {
    /// Component.
    pub component: String,
    /// How many overlays were applied.
    pub overlays: usize,
    /// Directory written.
    pub out: PathBuf,
    /// Its files, in order.
    pub files: Vec<String>,
    /// What somebody should look at.
    pub warnings: Vec<Diagnostic>,
}

impl fmt::Display for ApplyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (component, overlays, out) = (&self.component, self.overlays, self.out.display());
        writeln!(f, "{component}: {overlays} overlays applied, {} files written to {out}", self.files.len())
    }
}

/// Applies the overlays of `component` to the files of `upstream` and writes the result to `out`.
///
/// # Errors
/// If an overlay does not apply, or `out` holds files already; nothing is written then.
pub fn apply(tree: &Tree, component: &str, upstream: &Path, out: &Path) -> Result<ApplyReport, Failure> {
    refuse_occupied(out)?;
    let packaging = read_directory(upstream)?;
    let resolved = resolve(tree, component, &packaging)?;
    let mut sources = gather(&resolved, &packaging)?;
    let mut warnings = apply_overlays(&resolved, &mut sources, tree.authored(), tree.compat())?;
    warnings.extend(apply_inside_archives(&resolved, &mut sources)?);
    let mut results = sources.files;
    results.insert(format!("{component}.spec"), FileEntry::new(sources.spec.into_bytes()));
    write(out, &results)?;
    Ok(ApplyReport {
        component: component.to_owned(),
        overlays: resolved.overlays.len(),
        out: out.to_owned(),
        files: results.iter().map(|(path, _)| path.to_owned()).collect(),
        warnings,
    })
}

/// Resolves a component with the spec of the directory: the one upstream's name or the component's own tells, else the
/// only one.
fn resolve(tree: &Tree, component: &str, packaging: &FileSet) -> Result<ResolvedComponent, Diagnostic> {
    let configured = tree.config().resolve(component).ok().map(|resolved| match resolved.spec {
        SpecSource::Upstream(upstream) => format!("{}.spec", upstream.package),
        SpecSource::Local { path } => path.rsplit('/').next().unwrap_or(&path).to_owned(),
    });
    let specs: Vec<&str> = packaging.iter().map(|(path, _)| path).filter(|path| is_spec(path)).collect();
    let own = format!("{component}.spec");
    let named = configured.iter().chain([&own]).find(|name| specs.contains(&name.as_str()));
    let path = match (named, specs.as_slice()) {
        (Some(named), _) => named.clone(),
        (None, [only]) => (*only).to_owned(),
        (None, _) => own,
    };
    tree.config().resolve_with(component, SpecSource::Local { path })
}

fn is_spec(path: &str) -> bool {
    path.ends_with(".spec") && !path.contains('/')
}

/// Applies the overlays on archives that are among the files; the others are tarballs that are not here.
fn apply_inside_archives(component: &ResolvedComponent, sources: &mut Sources) -> Result<Vec<Diagnostic>, Diagnostic> {
    let mut warnings = Vec::new();
    for group in archive::groups(&component.overlays) {
        let Some(entry) = sources.files.get(group.archive()) else {
            let message = format!("`{}` is not in the directory; overlays on it are not applied", group.archive());
            warnings.push(Diagnostic::warning("archive-not-here", message));
            continue;
        };
        let repacked = group.apply(&entry.bytes)?;
        warnings.extend(repacked.warnings);
        let entry = entry.with_bytes(repacked.bytes);
        sources.files.insert(group.archive(), entry);
    }
    Ok(warnings)
}

fn refuse_occupied(out: &Path) -> Result<(), Failure> {
    if files::exists(out) && !files::list(out)?.is_empty() {
        let problem = Diagnostic::error("output-exists", format!("directory is not empty: `{}`", out.display()));
        return Err(problem.hint("name a new directory with `--out`, or empty this one").into());
    }
    Ok(())
}

fn write(out: &Path, results: &FileSet) -> Result<(), Failure> {
    files::create_dir_all(out)?;
    for (path, entry) in results.iter() {
        let host = out.join(path);
        if let Some(directory) = host.parent() {
            files::create_dir_all(directory)?;
        }
        files::write_atomic_mode(&host, &entry.bytes, if entry.executable { 0o755 } else { 0o644 })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
