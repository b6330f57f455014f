//! Text as Go's standard library takes it: bytes that need not be UTF-8, every invalid byte one U+FFFD.

use std::borrow::Cow;

/// Returns the text with one U+FFFD for every byte that is not part of a character.
pub(super) fn decode(text: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(text) {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len() + 8);
    for chunk in text.utf8_chunks() {
        decoded.push_str(chunk.valid());
        decoded.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Cow::Owned(decoded)
}

/// Returns the text without blanks at either end.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    let mut text = text;
    while let Some(length) = blank_length((1..=4.min(text.len())).map(|length| &text[..length])) {
        text = &text[length..];
    }
    while let Some(length) = blank_length((1..=4.min(text.len())).map(|length| &text[text.len() - length..])) {
        text = &text[..text.len() - length];
    }
    text
}

/// Returns the words between blanks.
pub(super) fn fields(text: &[u8]) -> Vec<&[u8]> {
    let mut words = Vec::new();
    let mut rest = trim(text);
    while !rest.is_empty() {
        let end = (1..rest.len()).find(|&at| starts_with_blank(&rest[at..])).unwrap_or(rest.len());
        words.push(&rest[..end]);
        rest = trim(&rest[end..]);
    }
    words
}

/// Returns the first word in lower case; empty if there is none.
pub(super) fn first_word_lowered(text: &[u8]) -> String {
    let end = (0..text.len()).find(|&at| starts_with_blank(&text[at..])).unwrap_or(text.len());
    lower(&text[..end])
}

/// Returns the text in lower case, character for character.
pub(super) fn lower(text: &[u8]) -> String {
    decode(text).chars().filter_map(|character| character.to_lowercase().next()).collect()
}

/// Returns whether two texts are equal in any case, by Unicode's simple folding.
pub(super) fn equal_in_any_case(one: &[u8], other: &[u8]) -> bool {
    decode(one).chars().map(fold).eq(decode(other).chars().map(fold))
}

/// Returns the one character that stands for all cases of a character.
fn fold(character: char) -> char {
    if matches!(character, 'İ' | 'ı') {
        return character;
    }
    let upper = single(character.to_uppercase()).unwrap_or(character);
    single(upper.to_lowercase()).unwrap_or(upper)
}

fn single(mut characters: impl Iterator<Item = char>) -> Option<char> {
    let first = characters.next();
    first.filter(|_| characters.next().is_none())
}

fn starts_with_blank(text: &[u8]) -> bool {
    blank_length((1..=4.min(text.len())).map(|length| &text[..length])).is_some()
}

/// Returns the length of the first candidate that is one blank character.
fn blank_length<'a>(mut candidates: impl Iterator<Item = &'a [u8]>) -> Option<usize> {
    let one = candidates.find_map(|bytes| std::str::from_utf8(bytes).ok())?;
    let blank = one.chars().all(char::is_whitespace);
    (blank && !one.is_empty()).then_some(one.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_unicode_blanks_between_any_bytes() {
        assert_eq!(trim(b"\xc2\xa0\x0b a\xff \xe2\x80\x89"), b"a\xff");
        assert_eq!(fields("a\u{a0}b  c\u{3000}".as_bytes()), [b"a", b"b", b"c"]);
        assert_eq!(first_word_lowered(b"%ENDIF\\ x"), "%endif\\");
        assert_eq!(trim(b"\xa0"), b"\xa0");
    }

    #[test]
    fn invalid_bytes_are_one_character_each() {
        assert_eq!(decode(b"a\xe2\x82z"), "a\u{fffd}\u{fffd}z");
    }

    #[test]
    fn cases_are_folded_one_character_at_a_time() {
        assert!(equal_in_any_case("\u{212a}ſ".as_bytes(), b"kS"));
        assert!(!equal_in_any_case("ß".as_bytes(), b"ss"));
        assert_eq!(lower("İ\u{212a}".as_bytes()), "ik");
    }
}
