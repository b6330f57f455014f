//! `whitespace`: authored text has no blanks at line ends, no mixed indentation, and ends with one line feed.
//!
//! `specs/` and `upstream/` are left alone: their bytes are checked elsewhere and may be foreign.

use azl_diagnostics::Diagnostic;

use super::Tree;
use super::tree::lines;

pub(super) const CODE: &str = "whitespace";

pub(super) fn check(tree: &Tree) -> Vec<Diagnostic> {
    tree.texts().filter(|(path, _)| is_authored(path)).flat_map(|(path, text)| blanks(path, text)).collect()
}

fn is_authored(path: &str) -> bool {
    let text = [".rs", ".toml", ".md", ".yml"].iter().any(|end| path.ends_with(end));
    text && !["specs/", "upstream/"].iter().any(|folder| path.starts_with(folder))
}

fn blanks(path: &str, text: &str) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for (range, line) in lines(text) {
        let trimmed = line.trim_end();
        let indentation = &line[..line.len() - line.trim_start().len()];
        if trimmed.len() < line.len() {
            let place = range.start + trimmed.len()..range.end;
            findings.push(Diagnostic::error(CODE, "blanks at the end of the line").at(path, place));
        } else if indentation.contains(' ') && indentation.contains('\t') {
            let place = range.start..range.start + indentation.len();
            findings.push(Diagnostic::error(CODE, "tabs and spaces in one indentation").at(path, place));
        }
    }
    if !text.is_empty() && (!text.ends_with('\n') || text.ends_with("\n\n")) {
        let place = text.len()..text.len();
        findings.push(Diagnostic::error(CODE, "the file does not end with one line feed").at(path, place));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        check(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn blanks_mixtures_and_bad_ends_are_found() {
        assert_eq!(count("a.md", "x \n"), 1);
        assert_eq!(count("a.rs", "x\r\n"), 1);
        assert_eq!(count("a.toml", " \tx\n"), 1);
        assert_eq!(count("a.md", "x"), 1);
        assert_eq!(count("a.md", "x\n\n"), 1);
        assert_eq!(count("a.md", "x\n\n\ty\n"), 0);
    }

    #[test]
    fn foreign_text_is_left_alone() {
        assert_eq!(count("upstream/a/README.md", "x \n") + count("a.patch", "x \n"), 0);
    }
}
