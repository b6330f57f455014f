//! What rendering did to `specs/`, or would do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use azl_config::render::rendered_directory;
use azl_diagnostics::Diagnostic;
use azl_host::{FileError, files};
use serde::Serialize;
use similar::TextDiff;

use super::Mode;
use crate::error::Failure;

/// What rendering did, or would do. Paths are relative to the tree, in order.
#[derive(Debug, Clone, Serialize)]
pub struct RenderReport {
    /// What was asked for.
    pub mode: Mode,
    /// How many components were rendered.
    pub components: usize,
    /// Files written.
    pub changed: Vec<String>,
    /// Files removed, because their component no longer renders them.
    pub removed: Vec<String>,
    /// Files of components that are gone; removed by [`Mode::WriteAndClean`] only.
    pub stale: Vec<String>,
    /// The differences as a unified diff, with [`Mode::Diff`].
    pub diff: String,
    /// What somebody should look at.
    pub warnings: Vec<Diagnostic>,
}

impl RenderReport {
    /// Compares what should be there with what is.
    pub(super) fn compare(
        root: &Path,
        mode: Mode,
        wanted: &BTreeMap<String, Arc<[u8]>>,
        present: &BTreeSet<String>,
    ) -> Result<Self, FileError> {
        let mut report = Self {
            mode,
            components: 0,
            changed: Vec::new(),
            removed: Vec::new(),
            stale: Vec::new(),
            diff: String::new(),
            warnings: Vec::new(),
        };
        for path in present.iter().chain(wanted.keys().filter(|path| !present.contains(*path))) {
            let before = if present.contains(path) { Some(files::read(root.join(path))?) } else { None };
            let after = wanted.get(path).map(|bytes| &bytes[..]);
            if before.as_deref() == after {
                continue;
            }
            if mode == Mode::Diff {
                report.diff.push_str(&unified(path, before.as_deref(), after));
            }
            let list = if after.is_some() { &mut report.changed } else { &mut report.removed };
            list.push(path.clone());
        }
        report.changed.sort();
        Ok(report)
    }

    /// Parts the files of components that are gone from those that a component no longer renders.
    pub(super) fn note_stale(&mut self, base: &str, names: &BTreeSet<String>) {
        let kept: Vec<String> = names.iter().map(|name| format!("{base}/{}/", rendered_directory(name))).collect();
        let is_kept = |path: &String| kept.iter().any(|directory| path.starts_with(directory));
        let (removed, stale) = std::mem::take(&mut self.removed).into_iter().partition(is_kept);
        (self.removed, self.stale) = (removed, stale);
    }

    /// Makes drift found by [`Mode::Check`] a failure.
    ///
    /// # Errors
    /// If there is drift and the mode is [`Mode::Check`].
    pub fn into_result(self) -> Result<(), Failure> {
        let drift = self.changed.len() + self.removed.len() + self.stale.len();
        if self.mode != Mode::Check || drift == 0 {
            return Ok(());
        }
        let clean = if self.stale.is_empty() { "" } else { " --clean-stale" };
        let message = format!("rendered specs are not what the tree renders to: {drift} files differ");
        Err(Failure::Verification(format!("{message}\n  hint: cargo xtask render{clean}")))
    }
}

impl fmt::Display for RenderReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = matches!(self.mode, Mode::Write | Mode::WriteAndClean);
        let (changed, removed) = if written { ("wrote", "removed") } else { ("differs:", "no longer rendered:") };
        let stale = if self.mode == Mode::WriteAndClean { "removed" } else { "is stale:" };
        f.write_str(&self.diff)?;
        if self.mode != Mode::Diff {
            for (word, paths) in [(changed, &self.changed), (removed, &self.removed), (stale, &self.stale)] {
                for path in paths {
                    writeln!(f, "{word} {path}")?;
                }
            }
        }
        let drift = self.changed.len() + self.removed.len() + self.stale.len();
        writeln!(f, "{} components rendered, {drift} files differed", self.components)?;
        if !self.stale.is_empty() && self.mode == Mode::Write {
            writeln!(f, "hint: cargo xtask render --clean-stale removes {} stale files", self.stale.len())?;
        }
        Ok(())
    }
}

/// Makes the unified diff of one file; `None` is a file that is not there.
fn unified(path: &str, before: Option<&[u8]>, after: Option<&[u8]>) -> String {
    let name = |side: char, bytes: Option<&[u8]>| bytes.map_or("/dev/null".to_owned(), |_| format!("{side}/{path}"));
    let (old, new) = (before.unwrap_or_default(), after.unwrap_or_default());
    if old.contains(&0) || new.contains(&0) {
        return format!("Binary files {} and {} differ\n", name('a', before), name('b', after));
    }
    let diff = TextDiff::from_lines(old, new);
    diff.unified_diff().context_radius(3).header(&name('a', before), &name('b', after)).to_string()
}
