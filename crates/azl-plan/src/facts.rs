//! What rpm said about each spec.

use std::collections::BTreeMap;

/// Facts by component.
pub type Facts = BTreeMap<String, SpecFacts>;

/// What rpm says about one spec with all macros expanded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpecFacts {
    /// BuildRequires, as the spec writes them.
    pub build_requires: Vec<String>,
    /// What its packages provide by name: their own names and explicit `Provides`; sonames are not known yet.
    pub provides: Vec<String>,
    /// Names of its binary packages.
    pub packages: Vec<String>,
}

/// Names of the files a query leaves.
pub const FILES: [&str; 3] = ["build-requires", "provides", "packages"];

impl SpecFacts {
    /// Reads what a query left, by file name.
    pub fn parse(files: &BTreeMap<String, String>) -> Self {
        let lines = |name: &str| -> Vec<String> {
            let text = files.get(name).map_or("", String::as_str);
            let mut lines: Vec<String> = text.lines().map(|l| l.trim().to_owned()).filter(|l| !l.is_empty()).collect();
            lines.sort();
            lines.dedup();
            lines
        };
        Self { build_requires: lines(FILES[0]), provides: lines(FILES[1]), packages: lines(FILES[2]) }
    }
}
