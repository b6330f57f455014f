//! `overlay apply`: one component's overlays on a given dist-git directory, and nothing else.
//!
//! Not here: build options, `%check`, header, release and file filter, which `render` adds.
//!
//! **Invariant:** reads the tree and the directory, writes the output directory; no lock, no store, no network.

use std::fmt;
use std::path::{Path, PathBuf};

use azl_config::render::{apply_overlays, gather};
use azl_config::{FileEntry, FileSet, ResolvedComponent};
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
    let resolved = tree.config().resolve(component)?;
    refuse_occupied(out)?;
    let packaging = read_directory(upstream)?;
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
