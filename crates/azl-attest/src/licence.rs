//! Licence expressions from `License:` tags, made fit for SPDX documents.
//!
//! **Invariant:** what comes out follows the SPDX grammar, and every `LicenseRef-` in it is declared.

use std::collections::BTreeMap;

/// Licences a document uses that the SPDX list does not have: id to text.
pub(crate) type Extracted = BTreeMap<String, String>;

/// Returns the expression for a document, declaring references in `extracted`.
///
/// A text that is no SPDX expression (`Public Domain`, `GPLv2 and MIT`) becomes one reference whose text it is.
pub(crate) fn declared(tag: &str, extracted: &mut Extracted) -> String {
    let tag = tag.trim();
    if tag.is_empty() {
        return "NOASSERTION".to_owned();
    }
    let tokens = tokens(tag);
    if !is_expression(&tokens) {
        let id = format!("LicenseRef-rpm-{}", identifier(tag));
        extracted.insert(id.clone(), tag.to_owned());
        return id;
    }
    for token in tokens.iter().filter(|token| token.starts_with("LicenseRef-")) {
        let name = token.trim_start_matches("LicenseRef-").replace('-', " ");
        extracted.insert(token.clone(), format!("The package names this licence: {name}."));
    }
    tokens.join(" ").replace("( ", "(").replace(" )", ")")
}

fn tokens(text: &str) -> Vec<String> {
    text.replace('(', " ( ").replace(')', " ) ").split_whitespace().map(str::to_owned).collect()
}

/// Checks `operand (AND|OR operand)*` with `WITH` after a licence and balanced parentheses.
fn is_expression(tokens: &[String]) -> bool {
    let (mut depth, mut wants_operand) = (0usize, true);
    for token in tokens {
        match (token.as_str(), wants_operand) {
            ("(", true) => depth += 1,
            (")", false) if depth > 0 => depth -= 1,
            ("AND" | "OR" | "WITH", false) => wants_operand = true,
            (word, true) if is_identifier(word) => wants_operand = false,
            _ => return false,
        }
    }
    depth == 0 && !wants_operand
}

fn is_identifier(word: &str) -> bool {
    let reserved = ["AND", "OR", "WITH", "and", "or", "with"];
    !reserved.contains(&word)
        && word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "-.+".contains(c))
}

fn identifier(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_pass_and_references_are_declared() {
        let mut extracted = Extracted::new();
        assert_eq!(declared("GPL-3.0-or-later", &mut extracted), "GPL-3.0-or-later");
        assert_eq!(
            declared("(MIT OR  Apache-2.0) AND LGPL-2.1-or-later WITH GCC-exception-2.0", &mut extracted),
            "(MIT OR Apache-2.0) AND LGPL-2.1-or-later WITH GCC-exception-2.0"
        );
        assert!(extracted.is_empty());
        declared("MIT AND LicenseRef-Fedora-Public-Domain", &mut extracted);
        assert_eq!(extracted.keys().collect::<Vec<_>>(), ["LicenseRef-Fedora-Public-Domain"]);
    }

    #[test]
    fn other_texts_become_one_declared_reference() {
        for text in ["Public Domain", "GPLv2 and MIT", "MIT AND", "(MIT", "MIT) OR (BSD", "AND", "<script>"] {
            let mut extracted = Extracted::new();
            let id = declared(text, &mut extracted);
            assert!(id.starts_with("LicenseRef-rpm-"), "{id}");
            assert_eq!(extracted.get(&id).map(String::as_str), Some(text));
        }
        assert_eq!(declared(" ", &mut Extracted::new()), "NOASSERTION");
    }
}
