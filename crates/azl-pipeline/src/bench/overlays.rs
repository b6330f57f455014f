//! `bench overlays`: how long the overlay engine takes on a tree, and what it can remove from the tree's rendered specs.
//!
//! Times are of one thread and one run; who wants statistics runs it several times.
//!
//! **Invariant:** reads only.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use azl_host::clock::Stopwatch;
use azl_host::files;
use azl_spec::{EditError, Section, SectionId, SectionName, Spec};
use serde::Serialize;

use crate::error::Failure;
use crate::tree::Tree;

/// What was measured.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BenchReport {
    /// Seconds to read, merge and resolve the configuration.
    pub load_seconds: f64,
    /// Components of the configuration.
    pub components: usize,
    /// Specs below the directory of rendered specs.
    pub specs: usize,
    /// Bytes of them.
    pub bytes: usize,
    /// Seconds to parse, visit all tags and print all specs; without reading the files.
    pub parse_seconds: f64,
    /// Removal of `%check` from every spec that has one.
    pub check: Removals,
    /// Removal of each sub-package by itself.
    pub subpackages: Removals,
}

/// Removals that were tried.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Removals {
    /// How many.
    pub tried: usize,
    /// How many left a spec whose `%if` blocks do not pair as before; there must be none.
    pub unpaired: usize,
    /// Refusals by the kind of reason.
    pub refused: BTreeMap<&'static str, usize>,
    /// Seconds they took.
    pub seconds: f64,
}

impl fmt::Display for BenchReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<44} {:>8.3} s   {} components", "load, merge, resolve", self.load_seconds, self.components)?;
        let (specs, megabytes) = (self.specs, self.bytes as f64 / 1e6);
        writeln!(
            f,
            "{:<44} {:>8.3} s   {specs} specs, {megabytes:.1} MB",
            "parse, visit tags, print", self.parse_seconds
        )?;
        for (what, removals) in [("remove %check", &self.check), ("remove each sub-package", &self.subpackages)] {
            let refused: usize = removals.refused.values().sum();
            let (tried, unpaired) = (removals.tried, removals.unpaired);
            let seconds = removals.seconds;
            writeln!(f, "{what:<44} {seconds:>8.3} s   {tried} tried, {refused} refused, {unpaired} unpaired")?;
            for (reason, count) in &removals.refused {
                writeln!(f, "    {reason:<40} {count:>8}")?;
            }
        }
        Ok(())
    }
}

/// Measures the tree at `root`.
///
/// # Errors
/// If the tree or its specs cannot be read.
pub fn overlays(root: &Path) -> Result<BenchReport, Failure> {
    let watch = Stopwatch::start();
    let tree = Tree::read(root)?;
    let (components, _) = tree.config().resolve_all();
    let mut report =
        BenchReport { load_seconds: watch.seconds(), components: components.len(), ..BenchReport::default() };
    let directory = root.join(tree.config().project.rendered_specs_dir());
    for name in files::walk_files(&directory)?.into_iter().filter(|name| name.ends_with(".spec")) {
        measure(files::read(directory.join(name))?, &mut report);
    }
    Ok(report)
}

fn measure(text: Vec<u8>, report: &mut BenchReport) {
    report.specs += 1;
    report.bytes += text.len();
    let watch = Stopwatch::start();
    let spec = Spec::parse(text);
    std::hint::black_box((spec.tags().count(), spec.as_bytes()));
    report.parse_seconds += watch.seconds();
    let check = SectionName::parse("%check").map(|name| SectionId { name, package: None });
    if let Some(check) = check.filter(|check| spec.find_sections(check).next().is_some()) {
        attempt(&spec, &mut report.check, |spec| spec.remove_section(&check));
    }
    for package in packages(&spec) {
        attempt(&spec, &mut report.subpackages, |spec| spec.remove_subpackage(&package));
    }
}

fn packages(spec: &Spec) -> Vec<String> {
    let package = |section: &Section| section.id.package.clone().filter(|_| section.id.name == SectionName::PACKAGE);
    spec.sections().iter().filter_map(package).collect()
}

fn attempt(spec: &Spec, removals: &mut Removals, remove: impl FnOnce(&mut Spec) -> Result<usize, EditError>) {
    let watch = Stopwatch::start();
    let mut changed = spec.clone();
    let result = remove(&mut changed);
    removals.seconds += watch.seconds();
    removals.tried += 1;
    match result {
        Ok(_) => removals.unpaired += usize::from(unpaired(&changed) > unpaired(spec)),
        Err(error) => *removals.refused.entry(reason(&error)).or_default() += 1,
    }
}

/// Counts the directives that have no partner.
fn unpaired(spec: &Spec) -> usize {
    let (mut open, mut alone) = (0usize, 0usize);
    for line in spec.lines() {
        match line.kind {
            azl_spec::LineKind::Conditional(azl_spec::Keyword::If) => open += 1,
            azl_spec::LineKind::Conditional(azl_spec::Keyword::Endif) if open > 0 => open -= 1,
            azl_spec::LineKind::Conditional(azl_spec::Keyword::Endif) => alone += 1,
            _ => {}
        }
    }
    open + alone
}

fn reason(error: &EditError) -> &'static str {
    match error {
        EditError::SpansConditional { .. } => "text goes on behind its %if branch",
        EditError::HoldsUnknown { .. } => "holds what only rpm can read",
        EditError::MainPackage { .. } => "is the main package under some condition",
        EditError::NoSubpackage(_) => "is the main package by its name",
        _ => "other",
    }
}
