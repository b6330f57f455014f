//! Regular expressions of the format, and what they match in bytes.
//!
//! **Invariant:** matching takes linear time, whatever the expression.
//!
//! **Invariant:** nothing matches within a character: a byte that is not UTF-8 is one character, as in Go.

use std::ops::Range;

use regex::bytes::Regex;
use serde::de::{Deserialize, Deserializer, Error};

/// A regular expression in the dialect of the azldev format, which is Go's.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// Compiles an expression.
    pub fn new(expression: &str) -> Result<Self, String> {
        let compiled = Regex::new(&crate::dialect::from_go(expression));
        compiled.map(Self).map_err(|error| format!("invalid regular expression: {}", last_line(&error.to_string())))
    }

    /// Returns what it matches, from left to right.
    pub fn matches(&self, text: &[u8]) -> Vec<Range<usize>> {
        let decoded = Decoded::of(text);
        let found = self.0.find_iter(decoded.text.as_bytes());
        let whole = found.filter(|found| decoded.text.is_char_boundary(found.start()));
        whole.map(|found| decoded.origin(found.start())..decoded.origin(found.end())).collect()
    }

    /// Returns the text with every match replaced, literally.
    pub fn replace(&self, text: &[u8], replacement: &str) -> Vec<u8> {
        let mut replaced = Vec::with_capacity(text.len());
        let mut copied = 0;
        for found in self.matches(text) {
            replaced.extend_from_slice(&text[copied..found.start]);
            replaced.extend_from_slice(replacement.as_bytes());
            copied = found.end;
        }
        replaced.extend_from_slice(&text[copied..]);
        replaced
    }
}

/// A text with U+FFFD for each byte that is not UTF-8.
struct Decoded {
    text: String,
    /// Where the replaced bytes are in `text`.
    invalid: Vec<usize>,
}

impl Decoded {
    fn of(bytes: &[u8]) -> Self {
        let mut decoded = Self { text: String::with_capacity(bytes.len()), invalid: Vec::new() };
        for chunk in bytes.utf8_chunks() {
            decoded.text.push_str(chunk.valid());
            for _ in chunk.invalid() {
                decoded.invalid.push(decoded.text.len());
                decoded.text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        decoded
    }

    /// Returns the place in the bytes of a place in the text.
    fn origin(&self, at: usize) -> usize {
        let wider = char::REPLACEMENT_CHARACTER.len_utf8() - 1;
        at - wider * self.invalid.partition_point(|&invalid| invalid < at)
    }
}

fn last_line(text: &str) -> String {
    let line = text.lines().last().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_bytes_match_as_one_character_each_and_nothing_within_one() {
        let replace = |expression: &str, text: &[u8]| {
            let pattern = Pattern::new(expression).expect("a valid expression");
            pattern.replace(text, "-")
        };
        assert_eq!(replace("a.c", b"a\xffc \xff"), b"- \xff");
        assert_eq!(replace(r"\x{FFFD}", b"\xe2\x82z"), b"--z");
        assert_eq!(replace("", "é\u{fffd}".as_bytes()), "-é-\u{fffd}-".as_bytes());
        assert_eq!(replace("a*", b"baac"), b"-b-c-");
    }
}
