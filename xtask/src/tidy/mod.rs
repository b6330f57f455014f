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

/// A rule.
pub(crate) struct Rule {
    /// What it demands, in a few words.
    pub(crate) demand: &'static str,
    check: fn(&Tree) -> Vec<Diagnostic>,
}

/// Every rule, in the order of their findings.
pub(crate) const RULES: &[Rule] = &[
    Rule { demand: "crates depend downwards only", check: layers::check },
    Rule { demand: "vocabulary and core touch no operating system", check: purity::check },
    Rule { demand: "every module says what it is, every crate what holds", check: headers::check },
    Rule { demand: "ARCHITECTURE.md names every crate", check: documents::check },
    Rule { demand: "no test is switched off, nothing is left open", check: markers::check },
    Rule { demand: "no path or package host of one machine", check: words::check },
    Rule { demand: "workflows hold no logic and follow no tag", check: workflows::check },
    Rule { demand: "the top level holds only what it is meant to", check: top_level::check },
    Rule { demand: "files and functions can be seen whole", check: length::check },
    Rule { demand: "text ends its lines cleanly", check: whitespace::check },
];

/// Applies every rule.
pub(crate) fn check(tree: &Tree) -> Vec<Diagnostic> {
    RULES.iter().flat_map(|rule| (rule.check)(tree)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_has_a_place_and_an_empty_tree_has_none() {
        let untidy = Tree::of(&[("notes.rs", "fn a() {} \n"), (".github/workflows/a.yml", "run: make\n")])
            .with_package("a", "nowhere", &[]);
        let findings = check(&untidy);
        assert!(findings.len() >= 6 && findings.iter().all(|finding| finding.span.is_some()), "{findings:?}");
        assert_eq!(check(&Tree::of(&[])), []);
    }
}
