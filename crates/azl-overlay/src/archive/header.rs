//! One header block of a tar file: V7, ustar, star or GNU.
//!
//! Not here: pax records, and GNU's long names, which are contents of headers of their own.

use super::refusal::{Refusal, Rule};
use super::stream::BLOCK;

/// Permission bits that are kept.
const MODE: u64 = 0o777;

/// What a header is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A regular file.
    File,
    /// The same before ustar: a name that ends with `/` makes it a directory.
    OldFile,
    Directory,
    Symlink,
    /// Records for the next entry.
    Pax,
    /// Records for all entries to come.
    PaxGlobal,
    /// The next entry's name.
    LongName,
    /// The next entry's link target.
    LongLink,
}

/// What a header says.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) kind: Kind,
    pub(crate) name: Vec<u8>,
    pub(crate) link: Vec<u8>,
    pub(crate) mode: u32,
    pub(crate) size: u64,
}

/// Reads a header that is not all zeros.
pub(crate) fn parse(block: &[u8; BLOCK]) -> Result<Header, Refusal> {
    check_sum(block)?;
    let name = name(block);
    let refuse = |rule| Refusal::of(&name, rule);
    let kind = kind(block[156]).map_err(refuse)?;
    let mode = number(&block[100..108]).map_err(refuse)? & MODE;
    let size = number(&block[124..136]).map_err(refuse)?;
    let link = text(&block[157..257]).to_vec();
    Ok(Header { kind, link, mode: u32::try_from(mode).unwrap_or_default(), size, name })
}

/// Checks the sum over the header with its own field as blanks; some old writers summed signed bytes.
fn check_sum(block: &[u8; BLOCK]) -> Result<(), Rule> {
    let stored = number(&block[148..156]).map_err(|_| Rule::Checksum)?;
    let summed = || block[..148].iter().chain(&[b' '; 8]).chain(&block[156..]);
    let unsigned: u64 = summed().map(|&byte| u64::from(byte)).sum();
    let signed: i64 = summed().map(|&byte| i64::from(byte.cast_signed())).sum();
    if stored == unsigned || i64::try_from(stored) == Ok(signed) { Ok(()) } else { Err(Rule::Checksum) }
}

fn kind(flag: u8) -> Result<Kind, Rule> {
    Ok(match flag {
        b'0' => Kind::File,
        0 => Kind::OldFile,
        b'5' => Kind::Directory,
        b'2' => Kind::Symlink,
        b'x' => Kind::Pax,
        b'g' => Kind::PaxGlobal,
        b'L' => Kind::LongName,
        b'K' => Kind::LongLink,
        b'1' => return Err(Rule::HardLink),
        b'3' | b'4' => return Err(Rule::Device),
        b'6' => return Err(Rule::Fifo),
        b'S' => return Err(Rule::Sparse),
        _ => return Err(Rule::Type),
    })
}

/// Returns the name with the prefix that ustar and star have; GNU keeps times there.
fn name(block: &[u8; BLOCK]) -> Vec<u8> {
    let name = text(&block[..100]);
    let prefix = match (&block[257..263], &block[508..]) {
        (b"ustar\0", b"tar\0") => text(&block[345..476]),
        (b"ustar\0", _) => text(&block[345..500]),
        _ => &[],
    };
    if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() }
}

/// Returns a field without the NULs at its end. One in the middle stays and is refused if the name is used: another
/// reader may take what is behind it for part of the name. Writers leave such rests where a long name follows.
fn text(field: &[u8]) -> &[u8] {
    let end = field.iter().rposition(|&byte| byte != 0).map_or(0, |at| at + 1);
    &field[..end]
}

/// Reads octal digits between blanks and NULs, or GNU's big-endian form; an empty field is zero.
fn number(field: &[u8]) -> Result<u64, Rule> {
    if let [0x80, rest @ ..] = field {
        let shifted = |value: u64, byte: &u8| value.checked_mul(256).map(|value| value | u64::from(*byte));
        return rest.iter().try_fold(0, shifted).ok_or(Rule::Number);
    }
    let blank = |byte: &u8| matches!(byte, b' ' | 0);
    let start = field.iter().position(|byte| !blank(byte)).unwrap_or(field.len());
    let digits = &field[start..];
    let end = digits.iter().position(blank).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at(end);
    if !rest.iter().all(blank) || !digits.iter().all(|byte| matches!(byte, b'0'..=b'7')) {
        return Err(Rule::Number);
    }
    Ok(digits.iter().fold(0, |value, digit| value * 8 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_big_endian_and_nothing_else() {
        assert_eq!(number(b"0000644\0"), Ok(0o644));
        assert_eq!(number(b"   644 \0"), Ok(0o644));
        assert_eq!(number(b"\0\0\0\0"), Ok(0));
        assert_eq!(number(&[0x80, 0, 0, 2, 0, 0, 0, 0]), Ok(1 << 33));
        for bad in [&b"12x\0"[..], b"-1\0", b"1 1\0", b"0x1\0", &[0xff; 12], &[0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]] {
            assert_eq!(number(bad), Err(Rule::Number), "{bad:?}");
        }
    }
}
