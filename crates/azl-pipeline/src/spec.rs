//! `spec check`: specs are parsed and printed, and the bytes compared.
//!
//! **Invariant:** changes nothing.

use std::fmt;
use std::path::{Path, PathBuf};

use azl_host::clock::Stopwatch;
use azl_host::files;
use azl_spec::Spec;
use serde::Serialize;

use crate::error::Failure;

/// What was seen in one spec.
#[derive(Debug, Clone, Serialize)]
pub struct CheckedSpec {
    /// Its path as given.
    pub file: PathBuf,
    /// Size.
    pub bytes: usize,
    /// Physical lines.
    pub lines: usize,
    /// Sections, the preamble included.
    pub sections: usize,
    /// Tags.
    pub tags: usize,
    /// First byte that differs after printing, if any does.
    pub difference: Option<usize>,
}

/// What was seen in all of them.
#[derive(Debug, Clone, Serialize)]
pub struct SpecReport {
    /// The specs, in the order given.
    pub specs: Vec<CheckedSpec>,
    /// How many are not printed as they were read.
    pub differences: usize,
    /// Bytes of all specs.
    pub bytes: usize,
    /// Seconds spent parsing, visiting tags and printing, on one thread; without reading files.
    pub seconds: f64,
}

impl SpecReport {
    /// Makes any difference a failure.
    ///
    /// # Errors
    /// If a spec is not printed as it was read.
    pub fn into_result(self) -> Result<(), Failure> {
        if self.differences == 0 {
            return Ok(());
        }
        let differing = self.specs.iter().filter_map(|spec| Some((spec.file.display(), spec.difference?)));
        let lines = differing.map(|(file, at)| format!("\n  {file}: byte {at}")).collect::<String>();
        Err(Failure::Verification(format!("{} specs are not printed as they were read:{lines}", self.differences)))
    }
}

impl fmt::Display for SpecReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for spec in &self.specs {
            let verdict = spec.difference.map_or("same".to_owned(), |at| format!("DIFFERS at byte {at}"));
            let (bytes, lines, sections, tags) = (spec.bytes, spec.lines, spec.sections, spec.tags);
            writeln!(
                f,
                "{verdict}  {} ({bytes} bytes, {lines} lines, {sections} sections, {tags} tags)",
                spec.file.display()
            )?;
        }
        let (specs, bytes) = (self.specs.len(), self.bytes as f64 / 1e6);
        writeln!(f, "{specs} specs, {bytes:.1} MB, {} differences, {:.3} s", self.differences, self.seconds)
    }
}

/// Checks specs; a directory stands for all `*.spec` files below it.
///
/// # Errors
/// If a file cannot be read.
pub fn check(paths: &[PathBuf]) -> Result<SpecReport, Failure> {
    let mut report = SpecReport { specs: Vec::new(), differences: 0, bytes: 0, seconds: 0.0 };
    for path in paths {
        for file in specs_at(path)? {
            let text = files::read(&file)?;
            let started = Stopwatch::start();
            let checked = check_one(file, text);
            report.seconds += started.seconds();
            report.bytes += checked.bytes;
            report.differences += usize::from(checked.difference.is_some());
            report.specs.push(checked);
        }
    }
    Ok(report)
}

fn specs_at(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !files::is_dir(path) {
        return Ok(vec![path.to_owned()]);
    }
    let names = files::walk_files(path)?;
    Ok(names.into_iter().filter(|name| name.ends_with(".spec")).map(|name| path.join(name)).collect())
}

fn check_one(file: PathBuf, text: Vec<u8>) -> CheckedSpec {
    let spec = Spec::parse(text.clone());
    let printed: Vec<u8> = spec.lines().iter().flat_map(|line| &spec.as_bytes()[line.range.clone()]).copied().collect();
    CheckedSpec {
        file,
        bytes: text.len(),
        lines: spec.lines().len(),
        sections: spec.sections().len(),
        tags: spec.tags().count(),
        difference: first_difference(&text, &printed),
    }
}

fn first_difference(one: &[u8], other: &[u8]) -> Option<usize> {
    let at = one.iter().zip(other).position(|(one, other)| one != other);
    at.or_else(|| (one.len() != other.len()).then(|| one.len().min(other.len())))
}
