//! `header`: a source file opens by saying what it is; a crate also says what always holds in it.

use azl_diagnostics::Diagnostic;

use super::Tree;

pub(super) const CODE: &str = "header";

pub(super) fn check(tree: &Tree) -> Vec<Diagnostic> {
    tree.rust().filter_map(|(path, text)| missing(path, text)).collect()
}

fn missing(path: &str, text: &str) -> Option<Diagnostic> {
    let header: Vec<_> = text.lines().take_while(|line| line.starts_with("//!")).collect();
    if header.first().is_none_or(|line| line.len() < "//! x".len()) {
        let hint = "the first line is `//! ` and one sentence: what the module holds, and what it does not";
        return Some(Diagnostic::error(CODE, "no module header").at(path, 0..0).hint(hint));
    }
    let is_crate = path.starts_with("crates/") && path.ends_with("/src/lib.rs");
    if is_crate && !header.iter().any(|line| line.contains("**Invariant:**")) {
        let hint = "add a line `//! **Invariant:** …` that a reader can rely on without reading the code";
        return Some(Diagnostic::error(CODE, "crate header without an invariant").at(path, 0..0).hint(hint));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_header_is_found() {
        let tree = Tree::of(&[("a.rs", "use std::fmt;\n//! late\n"), ("b.rs", "//!\n"), ("c.rs", "//! Good.\n")]);
        assert_eq!(check(&tree).len(), 2);
    }

    #[test]
    fn a_crate_needs_an_invariant_a_module_does_not() {
        let bare = "//! What it is.\n";
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", bare),
            ("crates/a/src/part.rs", bare),
            ("crates/b/src/lib.rs", "//! What it is.\n//!\n//! **Invariant:** holds.\n"),
        ]);
        let findings = check(&tree);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].message, "crate header without an invariant");
    }
}
