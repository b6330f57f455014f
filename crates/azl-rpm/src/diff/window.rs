//! What is shown of bytes and values: a short, printable part round the first difference.

use super::How;

/// Characters of a value that are shown.
const SHOWN: usize = 160;
/// Bytes that are shown before and after the first that differs.
const BEFORE: usize = 8;
const AFTER: usize = 24;

/// Returns a value on one line, made printable, its middle left out if it is long.
pub(crate) fn shorten(text: &str) -> String {
    let text: String = text.chars().take(SHOWN * 4).flat_map(char::escape_debug).collect();
    let count = text.chars().count();
    if count <= SHOWN {
        return text;
    }
    let head: String = text.chars().take(SHOWN * 3 / 4).collect();
    let tail: String = text.chars().skip(count - SHOWN / 4).collect();
    format!("{head} … {tail}")
}

/// Returns where two byte strings first differ; the length of the shorter one if it begins the other.
pub(crate) fn first_difference(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).position(|(a, b)| a != b).unwrap_or(one.len().min(other.len()))
}

/// Returns the first difference of bytes as hexadecimal digits and text.
pub(crate) fn bytes(one: &[u8], other: &[u8]) -> How {
    let offset = first_difference(one, other);
    How::Bytes { offset, one: hex(one, offset), other: hex(other, offset) }
}

fn hex(bytes: &[u8], offset: usize) -> String {
    let part = &bytes[offset.saturating_sub(BEFORE)..(offset + AFTER).min(bytes.len())];
    if part.is_empty() {
        return "ends here".to_owned();
    }
    let digits: Vec<String> = part.iter().map(|byte| format!("{byte:02x}")).collect();
    let text: String = part.iter().map(|&byte| if byte.is_ascii_graphic() { char::from(byte) } else { '.' }).collect();
    format!("{}  {text}", digits.join(" "))
}

/// Returns the run of printable characters round a byte, at most `SHOWN` to each side; empty if there is none.
pub(crate) fn printable(bytes: &[u8], at: usize) -> String {
    let is_text = |byte: &&u8| byte.is_ascii_graphic() || **byte == b' ';
    let at = at.min(bytes.len());
    let before = bytes[..at].iter().rev().take(SHOWN).take_while(is_text).count();
    let after = bytes[at..].iter().take(SHOWN).take_while(is_text).count();
    bytes[at - before..at + after].iter().map(|&byte| char::from(byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_unprintable_values_are_short_and_printable() {
        let shown = shorten(&format!("a\x1b{}z", "b".repeat(5000)));
        assert!(shown.starts_with("a\\u{1b}") && shown.contains(" … ") && shown.chars().count() < 170, "{shown}");
    }

    #[test]
    fn a_window_is_round_the_first_difference_even_at_the_end() {
        let How::Bytes { offset, one, other } = bytes(b"same", b"same and more") else { panic!("bytes") };
        assert_eq!((offset, one.as_str()), (4, "73 61 6d 65  same"));
        assert!(other.ends_with("same.and.more"));
        let How::Bytes { one, .. } = bytes(b"", b"x") else { panic!("bytes") };
        assert_eq!(one, "ends here");
    }

    #[test]
    fn text_round_a_byte_ends_at_the_first_that_is_none() {
        assert_eq!(printable(b"\0built on host7\0x", 5), "built on host7");
        assert_eq!(printable(b"\0\0", 1), "");
    }
}
