//! `length`: a warning where a file or a function is too long to be seen whole.
//!
//! Functions are found by their indentation, which rustfmt fixes: one ends at the first line that closes
//! a brace at the depth its `fn` began.

use azl_diagnostics::Diagnostic;

use super::Tree;
use super::tree::lines;

pub(super) const CODE: &str = "length";

const FILE_LINES: usize = 800;
const FUNCTION_LINES: usize = 60;

pub(super) fn check(tree: &Tree) -> Vec<Diagnostic> {
    tree.rust().flat_map(|(path, text)| too_long(path, text)).collect()
}

fn too_long(path: &str, text: &str) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let count = text.lines().count();
    if count > FILE_LINES {
        let message = format!("file of {count} lines, more than {FILE_LINES}");
        findings.push(Diagnostic::warning(CODE, message).at(path, 0..0).hint("split it by what the parts are about"));
    }
    let all: Vec<_> = lines(text).collect();
    for (index, (range, line)) in all.iter().enumerate().filter(|(_, (_, line))| begins_function(line)) {
        let length = function_length(all[index..].iter().map(|(_, line)| *line));
        if length > FUNCTION_LINES {
            let message = format!("function of {length} lines, more than {FUNCTION_LINES}: `{}`", name(line));
            findings.push(Diagnostic::warning(CODE, message).at(path, range.clone()).hint("give its steps names"));
        }
    }
    findings
}

fn begins_function(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let modifier = |word: &&str| ["const", "async", "unsafe", "extern"].contains(word) || word.starts_with("pub");
    words.find(|word| !modifier(word)) == Some("fn")
}

fn name(line: &str) -> &str {
    let rest = line.split_once("fn ").map_or("", |(_, rest)| rest);
    rest.split(['(', '<']).next().unwrap_or(rest)
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Returns the lines from `fn` to its end; a declaration ends at its semicolon.
fn function_length<'a>(lines: impl Iterator<Item = &'a str>) -> usize {
    let mut depth = None;
    let mut length = 0;
    for line in lines {
        length += 1;
        let first = depth.is_none();
        let begun = *depth.get_or_insert_with(|| indentation(line));
        let closes = !first && line.trim_start().starts_with('}');
        let ends = closes || line.ends_with(';') || (first && line.ends_with('}'));
        if indentation(line) == begun && !line.is_empty() && ends {
            break;
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(body: usize) -> String {
        format!("impl X {{\n    pub(crate) fn long(&self) {{\n{}    }}\n}}\n", "        x();\n".repeat(body))
    }

    #[test]
    fn a_long_function_is_found_and_a_short_one_is_not() {
        assert_eq!(check(&Tree::of(&[("a.rs", &function(58))])), []);
        let findings = check(&Tree::of(&[("a.rs", &function(59))]));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].message, "function of 61 lines, more than 60: `long`");
        assert!(!findings[0].is_error());
    }

    #[test]
    fn declarations_and_one_line_functions_end_where_they_stand() {
        let text = format!(
            "trait T {{\n    fn a(\n        &self,\n    ) -> X;\n    fn b() {{}}\n{}}}\n",
            "    // x\n".repeat(70)
        );
        assert_eq!(check(&Tree::of(&[("a.rs", &text)])), []);
    }

    #[test]
    fn a_long_file_is_found() {
        assert_eq!(check(&Tree::of(&[("a.rs", &"// x\n".repeat(801))])).len(), 1);
    }
}
