//! What this repository demands of itself beyond what the compiler and clippy check.
//!
//! Each rule is one file with a function from the [`Tree`] to diagnostics; [`RULES`] is the list. To add a
//! rule, write the file, with a test that it can fail, and add its line.
//!
//! Not here: formatting (`cargo fmt`), lints (`cargo clippy`), drift of `specs/` (`cargo xtask render --check`).
//!
//! **Invariant:** a rule sees only the [`Tree`]; [`gather`] alone reads the disk and asks cargo.

mod documents;
mod headers;
mod layers;
mod length;
mod markers;
mod purity;
mod top_level;
mod tree;
mod whitespace;
mod words;
mod workflows;

use azl_diagnostics::Diagnostic;

pub(crate) use tree::{Tree, gather};

/// A rule: what it demands, in a few words, and how it is checked.
pub(crate) struct Rule {
    /// The code of its diagnostics.
    pub(crate) code: &'static str,
    /// What it demands.
    pub(crate) demand: &'static str,
    check: fn(&Tree) -> Vec<Diagnostic>,
}

/// Every rule, in the order of their findings.
pub(crate) const RULES: &[Rule] = &[
    Rule { code: layers::CODE, demand: "crates depend downwards only", check: layers::check },
    Rule { code: purity::CODE, demand: "vocabulary and core touch no operating system", check: purity::check },
    Rule { code: headers::CODE, demand: "every module says what it is, every crate what holds", check: headers::check },
    Rule { code: documents::CODE, demand: "ARCHITECTURE.md names every crate", check: documents::check },
    Rule { code: markers::CODE, demand: "no test is switched off, nothing is left open", check: markers::check },
    Rule { code: words::CODE, demand: "no path or package host of one machine", check: words::check },
    Rule { code: workflows::CODE, demand: "workflows hold no logic and follow no tag", check: workflows::check },
    Rule { code: top_level::CODE, demand: "the top level holds only what it is meant to", check: top_level::check },
    Rule { code: length::CODE, demand: "files and functions can be seen whole", check: length::check },
    Rule { code: whitespace::CODE, demand: "text ends its lines cleanly", check: whitespace::check },
];

/// Applies every rule.
pub(crate) fn check(tree: &Tree) -> Vec<Diagnostic> {
    RULES.iter().flat_map(|rule| (rule.check)(tree)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_an_empty_tree_is_tidy() {
        let codes: BTreeSet<_> = RULES.iter().map(|rule| rule.code).collect();
        assert_eq!(codes.len(), RULES.len());
        assert_eq!(check(&Tree::of(&[])), []);
    }
}
