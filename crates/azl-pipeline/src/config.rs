//! `config check`: the configuration of a tree is read and every component resolved; nothing is rendered.

use std::fmt;
use std::path::Path;

use azl_diagnostics::Diagnostic;
use serde::Serialize;

use crate::error::Failure;
use crate::list::Totals;
use crate::tree::Tree;

/// A configuration without mistakes.
#[derive(Debug, Clone, Serialize)]
pub struct ConfigReport {
    /// What it holds.
    #[serde(flatten)]
    pub totals: Totals,
    /// Always 0: mistakes make the check fail.
    pub errors: usize,
    /// What somebody should look at.
    pub warnings: Vec<Diagnostic>,
}

impl fmt::Display for ConfigReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, {} errors, {} warnings", self.totals, self.errors, self.warnings.len())
    }
}

/// Checks the configuration of the tree at `root`.
///
/// # Errors
/// Every mistake, each with its place.
pub fn check(root: &Path) -> Result<ConfigReport, Failure> {
    let tree = Tree::read(root)?;
    let (components, mistakes) = tree.config().resolve_all();
    if !mistakes.is_empty() {
        return Err(Failure::Configuration(mistakes));
    }
    let totals = Totals::of(tree.config(), &components);
    Ok(ConfigReport { totals, errors: 0, warnings: tree.warnings().to_vec() })
}
