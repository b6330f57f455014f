//! `marker`: no test is switched off and no code is left for later.
//!
//! A test that needs what a machine may lack looks for it and prints why it did not run.

use azl_diagnostics::Diagnostic;

use super::Tree;
use super::tree::lines;

pub(super) const CODE: &str = "marker";

/// Each marker in parts, so that this file is not found by its own rule.
const MARKERS: [(&[&str], &str); 3] = [
    (&["#[", "ignore"], "look for what the test needs and print the reason if it is absent"),
    (&["to", "do!("], "do it, or return an error that says what is not supported"),
    (&["unimple", "mented!("], "do it, or return an error that says what is not supported"),
];

pub(super) fn check(tree: &Tree) -> Vec<Diagnostic> {
    tree.rust().flat_map(|(path, text)| markers(path, text)).collect()
}

fn markers(path: &str, text: &str) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for (parts, hint) in MARKERS {
        let marker = parts.concat();
        for (range, line) in lines(text).filter(|(_, line)| line.contains(&marker)) {
            let at = range.start + line.find(&marker).unwrap_or(0);
            let message = format!("`{marker}` in the tree");
            findings.push(Diagnostic::error(CODE, message).at(path, at..at + marker.len()).hint(hint));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_marker_is_found() {
        for (parts, _) in MARKERS {
            let text = format!("//! x\n    {}\n", parts.concat());
            assert_eq!(check(&Tree::of(&[("a.rs", &text)])).len(), 1, "{text}");
        }
        assert_eq!(check(&Tree::of(&[("a.rs", "#[test]\nfn ignore() {}\n")])), []);
    }
}
