//! The outer shape of a package file: lead, signature header, main header, payload.
//!
//! ```text
//! 0      lead (96 bytes)
//! 96     signature header: 16 bytes, index of 16-byte entries, data; zero padding to 8
//! ...    main header: the same shape, no padding
//! ...    payload
//! ```
//!
//! Checked here, as librpm does, before anything else reads the bytes: magic, counts and limits, type,
//! place and alignment of every entry, strings that end, one immutable region that covers the whole
//! header, strictly ascending tags, zero padding. The `rpm` crate trusts these.
//!
//! **Invariant:** work and memory are linear in the length of the input.

use std::ops::Range;

use crate::RpmError;

const LEAD: usize = 96;
const INTRO: usize = 16;
const ENTRY: usize = 16;
/// librpm's limits for the main header.
const MAX_ENTRIES: usize = 0xffff;
const MAX_DATA: usize = 256 << 20;
/// Its limits for the signature header.
const MAX_SIGNATURE_ENTRIES: usize = 32;
const MAX_SIGNATURE_DATA: usize = 64 << 20;

const TYPE_BINARY: u32 = 7;
const REGION_SIGNATURE: u32 = 62;
const REGION_MAIN: u32 = 63;

/// Where the parts of a package file lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The signature header, without its padding.
    pub signature: Range<usize>,
    /// The main header: what a signature covers.
    pub header: Range<usize>,
    /// First byte of the payload.
    pub payload: usize,
}

/// Checks the frame and returns it.
///
/// # Errors
/// [`RpmError::Malformed`] naming the part and the rule.
pub fn check_frame(bytes: &[u8]) -> Result<Frame, RpmError> {
    check_lead(bytes)?;
    let signature = Shape {
        part: "signature header",
        region: REGION_SIGNATURE,
        entries: MAX_SIGNATURE_ENTRIES,
        data: MAX_SIGNATURE_DATA,
    }
    .check(bytes, LEAD)?;
    let padded = signature.end.next_multiple_of(8);
    match bytes.get(signature.end..padded) {
        None => return Err(RpmError::malformed("signature header", "file ends in the padding")),
        Some(padding) if padding.iter().any(|&b| b != 0) => {
            return Err(RpmError::malformed("signature header", "padding is not zero"));
        }
        Some(_) => {}
    }
    let header =
        Shape { part: "header", region: REGION_MAIN, entries: MAX_ENTRIES, data: MAX_DATA }.check(bytes, padded)?;
    let payload = header.end;
    Ok(Frame { signature, header, payload })
}

fn check_lead(bytes: &[u8]) -> Result<(), RpmError> {
    let lead = bytes.get(..LEAD).ok_or_else(|| RpmError::malformed("lead", "file is shorter than 96 bytes"))?;
    if lead[..4] != rpm::RPM_MAGIC {
        return Err(RpmError::malformed("lead", "magic is not that of an rpm file"));
    }
    if !matches!(lead[4], 3 | 4) {
        return Err(RpmError::malformed("lead", format!("version {} is not 3 or 4", lead[4])));
    }
    Ok(())
}

/// What one of the two headers has to look like.
struct Shape {
    part: &'static str,
    region: u32,
    entries: usize,
    data: usize,
}

struct Entry {
    tag: u32,
    kind: u32,
    offset: i32,
    count: u32,
}

impl Shape {
    fn error(&self, rule: impl Into<String>) -> RpmError {
        RpmError::malformed(self.part, rule)
    }

    fn check(&self, bytes: &[u8], start: usize) -> Result<Range<usize>, RpmError> {
        let intro = bytes.get(start..start + INTRO).ok_or_else(|| self.error("file ends before it"))?;
        if intro[..3] != rpm::HEADER_MAGIC || intro[3] != 1 || intro[4..8] != [0; 4] {
            return Err(self.error("magic is wrong"));
        }
        let (entries, data) = (word(intro, 8) as usize, word(intro, 12) as usize);
        if entries == 0 || entries > self.entries {
            return Err(self.error(format!("{entries} tags, expected 1 to {}", self.entries)));
        }
        if data > self.data {
            return Err(self.error(format!("{data} bytes of data, at most {} are allowed", self.data)));
        }
        let index_end = start + INTRO + entries * ENTRY;
        let index = bytes.get(start + INTRO..index_end).ok_or_else(|| self.error("file ends in the index"))?;
        let store = bytes.get(index_end..index_end + data).ok_or_else(|| self.error("file ends in the data"))?;
        self.check_region(index, store, entries)?;
        self.check_entries(index, store)?;
        Ok(start..index_end + data)
    }

    /// The first entry names a trailer at the very end of the data that says how many entries the
    /// immutable region has: all of them, or something was added after building.
    fn check_region(&self, index: &[u8], store: &[u8], entries: usize) -> Result<(), RpmError> {
        let region = entry(index, 0);
        if region.tag != self.region || region.kind != TYPE_BINARY || region.count as usize != ENTRY {
            return Err(self.error(format!("does not start with its region tag {}", self.region)));
        }
        let offset = usize::try_from(region.offset).map_err(|_| self.error("negative region offset"))?;
        let trailer = store.get(offset..).filter(|rest| rest.len() == ENTRY);
        let trailer = entry(trailer.ok_or_else(|| self.error("region does not cover all data"))?, 0);
        if trailer.tag != self.region || trailer.kind != TYPE_BINARY || trailer.count as usize != ENTRY {
            return Err(self.error("region trailer is wrong"));
        }
        if i64::from(trailer.offset) != -((entries * ENTRY) as i64) {
            return Err(self.error("region does not cover all tags"));
        }
        Ok(())
    }

    fn check_entries(&self, index: &[u8], store: &[u8]) -> Result<(), RpmError> {
        // The region's own 16 bytes are nobody's data.
        let store = &store[..store.len() - ENTRY];
        let (mut last, mut end) = (self.region, 0);
        for at in (ENTRY..index.len()).step_by(ENTRY) {
            let entry = entry(index, at);
            if entry.tag <= last {
                return Err(self.error(format!("tag {} after {last}: tags must ascend without duplicates", entry.tag)));
            }
            let range = self.data_range(&entry, store)?;
            if range.start < end {
                return Err(self.error(format!("data of tag {} overlaps that of tag {last}", entry.tag)));
            }
            (last, end) = (entry.tag, range.end);
        }
        Ok(())
    }

    fn data_range(&self, entry: &Entry, store: &[u8]) -> Result<Range<usize>, RpmError> {
        let bad = |rule: &str| self.error(format!("tag {}: {rule}", entry.tag));
        let start = usize::try_from(entry.offset).map_err(|_| bad("negative offset"))?;
        let rest = store.get(start..).ok_or_else(|| bad("data lies outside the header"))?;
        let count = entry.count as usize;
        if count == 0 || count > rest.len() {
            return Err(bad("impossible number of values"));
        }
        let width = match entry.kind {
            1 | 2 | TYPE_BINARY => 1,
            3 => 2,
            4 => 4,
            5 => 8,
            6 if count != 1 => return Err(bad("a string is one value")),
            6 | 8 | 9 => {
                let length = strings_length(rest, count).ok_or_else(|| bad("string does not end"))?;
                return Ok(start..start + length);
            }
            kind => return Err(bad(&format!("unknown type {kind}"))),
        };
        if !start.is_multiple_of(width) {
            return Err(bad("data is not aligned"));
        }
        // `count` fits the data, so the product cannot overflow.
        if count * width > rest.len() {
            return Err(bad("data lies outside the header"));
        }
        Ok(start..start + count * width)
    }
}

/// Returns how many bytes `count` NUL-terminated strings take.
fn strings_length(bytes: &[u8], count: usize) -> Option<usize> {
    let mut length = 0;
    for _ in 0..count {
        length += bytes[length..].iter().position(|&b| b == 0)? + 1;
    }
    Some(length)
}

fn entry(index: &[u8], at: usize) -> Entry {
    Entry {
        tag: word(index, at),
        kind: word(index, at + 4),
        offset: word(index, at + 8) as i32,
        count: word(index, at + 12),
    }
}

/// Reads a big-endian word the caller has made sure is there.
fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn rule(bytes: &[u8]) -> String {
        check_frame(bytes).expect_err("refused").to_string()
    }

    /// Returns a package and the place of the main header in it.
    fn package() -> (Vec<u8>, usize) {
        let bytes = fixture::bytes(&mut fixture::builder("toy"));
        let at = check_frame(&bytes).expect("good").header.start;
        (bytes, at)
    }

    fn with_word(at: usize, value: u32) -> Vec<u8> {
        let (mut bytes, header) = package();
        bytes[header + at..header + at + 4].copy_from_slice(&value.to_be_bytes());
        bytes
    }

    #[test]
    fn parts_are_where_the_rpm_crate_sees_them() {
        let (bytes, _) = package();
        let frame = check_frame(&bytes).expect("good");
        let offsets = rpm::PackageMetadata::parse(&mut &bytes[..]).expect("good").get_package_segment_offsets();
        assert_eq!((frame.header.start as u64, frame.payload as u64), (offsets.header, offsets.payload));
        assert_eq!(frame.signature.start as u64, offsets.signature_header);
    }

    #[test]
    fn every_truncation_of_the_headers_is_refused() {
        let (bytes, _) = package();
        let frame = check_frame(&bytes).expect("good");
        for length in 0..frame.payload {
            assert!(check_frame(&bytes[..length]).is_err(), "{length} bytes");
        }
        assert!(check_frame(&bytes[..frame.payload]).is_ok());
    }

    #[test]
    fn broken_magic_is_refused() {
        let (mut bytes, header) = package();
        bytes[header] ^= 1;
        assert!(rule(&bytes).contains("header: magic"));
        bytes[0] ^= 1;
        assert!(rule(&bytes).contains("lead: magic"));
    }

    #[test]
    fn impossible_counts_and_sizes_are_refused() {
        assert!(rule(&with_word(8, 0)).contains("0 tags"));
        assert!(rule(&with_word(8, u32::MAX)).contains("4294967295 tags"));
        assert!(rule(&with_word(12, u32::MAX)).contains("bytes of data"));
        assert!(rule(&with_word(16 + 16 + 12, 0)).contains("number of values"));
        assert!(rule(&with_word(16 + 16 + 12, u32::MAX)).contains("number of values"));
    }

    #[test]
    fn region_must_cover_everything() {
        assert!(rule(&with_word(16, 64)).contains("region tag"));
        assert!(rule(&with_word(16 + 8, i32::MIN as u32)).contains("negative region offset"));
        assert!(rule(&with_word(16 + 8, 0)).contains("does not cover all data"));
        let (mut bytes, header) = package();
        let end = check_frame(&bytes).expect("good").header.end;
        bytes[end - 8..end - 4].copy_from_slice(&(-16i32).to_be_bytes());
        assert!(header < end && rule(&bytes).contains("does not cover all tags"));
    }

    #[test]
    fn entries_must_ascend_and_lie_inside() {
        assert!(rule(&with_word(16 + 32, 1)).contains("ascend"));
        assert!(rule(&with_word(16 + 16 + 8, -5i32 as u32)).contains("negative offset"));
        assert!(rule(&with_word(16 + 16 + 8, 1 << 27)).contains("outside"));
        assert!(rule(&with_word(16 + 16 + 4, 0)).contains("unknown type"));
        assert!(rule(&with_word(16 + 16 + 4, 10)).contains("unknown type"));
    }

    #[test]
    fn padding_must_be_zero() {
        for extra in 0..8 {
            let mut bytes = fixture::bytes(
                fixture::builder("toy").using_config(rpm::BuildConfig::v4().reserved_space(Some(extra + 1))),
            );
            let frame = check_frame(&bytes).expect("good");
            if frame.signature.end < frame.header.start {
                bytes[frame.signature.end] = 1;
                assert!(rule(&bytes).contains("padding is not zero"));
                return;
            }
        }
        panic!("one of eight sizes needs padding");
    }
}
