//! Lines that are tags: a word, a colon at its end, a value.

use super::FlatSpec;
use super::text::{lower, trim};

/// One tag line.
#[derive(Debug, Clone)]
pub(super) struct FlatTag {
    /// Line number from 0.
    pub(super) line: usize,
    /// Name in lower case.
    pub(super) name: String,
    /// Value without blanks around it.
    pub(super) value: Vec<u8>,
    /// Package of the section it is in.
    pub(super) package: Vec<u8>,
}

impl FlatSpec {
    /// Returns the tags of all sections that hold tags.
    pub(super) fn tags(&self) -> Vec<FlatTag> {
        let blocks = self.blocks().into_iter().filter(|block| block.id.holds_tags());
        let lines = blocks.flat_map(|block| block.body.map(move |line| (line, block.id.package.clone())));
        lines.filter_map(|(line, package)| read(line, &self.lines[line], package)).collect()
    }
}

fn read(line: usize, text: &[u8], package: Vec<u8>) -> Option<FlatTag> {
    let text = if text.starts_with(b"#") { b"" } else { trim(text) };
    let colon = text.iter().position(|&byte| byte == b':')?;
    let (name, value) = (&text[..colon], &text[colon + 1..]);
    if name.is_empty() || name.iter().any(is_space) {
        return None;
    }
    let start = value.iter().position(|byte| !is_space(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    Some(FlatTag { line, name: lower(name), value: value[start..end].to_vec(), package })
}

/// Returns whether a byte is what Go's regular expressions call a space.
fn is_space(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c')
}

/// Returns a lower-cased tag name without the digits at its end; the whole name if it is all digits.
pub(super) fn family(name: &str) -> &str {
    let family = name.trim_end_matches(|character: char| character.is_ascii_digit());
    if family.is_empty() { name } else { family }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(text: &str) -> Vec<(String, String)> {
        let spec = FlatSpec::parse(text.as_bytes()).expect("short lines");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the fixtures are UTF-8");
        spec.tags().into_iter().map(|tag| (tag.name, text(tag.value))).collect()
    }

    #[test]
    fn anything_with_a_colon_behind_its_first_word_is_a_tag() {
        let text = "Name : x\n #Epoch:\t1 \n#No: 1\n%{?x:Requires: y}\nhttps://x\n%prep\na: b\n%Package y\nSummary:s\n";
        let found = tags(text);
        let expected = [("#epoch", "1"), ("%{?x", "Requires: y}"), ("https", "//x"), ("summary", "s")];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn family_is_the_name_without_digits() {
        assert_eq!((family("source10"), family("requires"), family("12")), ("source", "requires", "12"));
    }
}
