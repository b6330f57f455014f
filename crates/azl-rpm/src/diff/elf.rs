//! ELF files: their sections by name, as far as a comparison needs them.
//!
//! Format: ELF-64, little endian, which both machines we build for use; of other kinds only bytes are compared.

use std::collections::BTreeMap;

use super::content::Comparison;
use super::{Cause, Difference, Guess, How};

/// `\x7fELF`, 64-bit, little endian.
const MAGIC: &[u8] = b"\x7fELF\x02\x01";
const SECTION_HEADER: usize = 64;
/// Section types with no bytes of their own in the file: none, and zeroes.
const EMPTY: [u32; 2] = [0, 8];

/// One section.
pub(super) struct Section<'a> {
    name: String,
    /// Address and alignment; nothing else of the header says more than the content does.
    layout: (u64, u64),
    content: &'a [u8],
}

/// Returns the sections of an ELF file, or nothing if these bytes are none.
pub(super) fn sections(bytes: &[u8]) -> Option<Vec<Section<'_>>> {
    bytes.starts_with(MAGIC).then_some(())?;
    let table = usize::try_from(number(bytes, 0x28, 8)?).ok()?;
    let (count, names) = (number(bytes, 0x3c, 2)? as usize, number(bytes, 0x3e, 2)? as usize);
    let header = |index: usize| bytes.get(table.checked_add(index * SECTION_HEADER)?..)?.get(..SECTION_HEADER);
    let names = content(bytes, header(names)?)?;
    let sections: Vec<_> =
        (0..count).map(header).map(|header| section(bytes, header?, names)).collect::<Option<_>>()?;
    // Sections of a linker do not overlap; those of a hostile file could make us compare it thousands of times.
    let size: usize = sections.iter().map(|section: &Section<'_>| section.content.len()).sum();
    (size <= bytes.len()).then_some(sections)
}

fn section<'a>(bytes: &'a [u8], header: &[u8], names: &[u8]) -> Option<Section<'a>> {
    let name = names.get(number(header, 0, 4)? as usize..)?;
    let end = name.iter().position(|&byte| byte == 0)?;
    let content = content(bytes, header)?;
    let layout = (number(header, 0x10, 8)?, number(header, 0x30, 8)?);
    Some(Section { name: String::from_utf8_lossy(&name[..end]).into_owned(), layout, content })
}

fn content<'a>(bytes: &'a [u8], header: &[u8]) -> Option<&'a [u8]> {
    if EMPTY.contains(&(number(header, 4, 4)? as u32)) {
        return Some(&[]);
    }
    let (offset, size) = (number(header, 0x18, 8)?, number(header, 0x20, 8)?);
    bytes.get(usize::try_from(offset).ok()?..)?.get(..usize::try_from(size).ok()?)
}

/// Reads a little-endian number of `width` bytes, at most 8.
fn number(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let part = bytes.get(at..at.checked_add(width)?)?;
    Some(part.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Sections that are digests of the rest, or of a file beside this one.
const DERIVED: [&str; 2] = [".note.gnu.build-id", ".gnu_debuglink"];

/// Compares two files section by section; nothing if only what is between sections differs.
pub(super) fn diff(one: &[Section<'_>], other: &[Section<'_>], comparison: Comparison<'_>) -> Vec<Difference> {
    let (left, right) = (by_name(one), by_name(other));
    let mut differences = Vec::new();
    for (key, one) in &left {
        match right.get(key) {
            Some(other) => differences.extend(compare(one, other, comparison)),
            None => differences.push(Difference::new(place(one), How::OnlyInOne)),
        }
    }
    let added = right.iter().filter(|(key, _)| !left.contains_key(*key));
    differences.extend(added.map(|(_, other)| Difference::new(place(other), How::OnlyInOther)));
    differences
}

/// Names may be there more than once; the second element counts them.
fn by_name<'a, 'b>(sections: &'a [Section<'b>]) -> BTreeMap<(&'a str, usize), &'a Section<'b>> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut all = BTreeMap::new();
    for section in sections {
        let count = seen.entry(&section.name).or_default();
        all.insert((section.name.as_str(), *count), section);
        *count += 1;
    }
    all
}

fn place(section: &Section<'_>) -> String {
    format!("section {}", super::window::shorten(&section.name))
}

fn compare(one: &Section<'_>, other: &Section<'_>, comparison: Comparison<'_>) -> Option<Difference> {
    if one.content == other.content {
        let told = |layout: (u64, u64)| format!("at {:#x}, aligned to {}", layout.0, layout.1);
        let moved = Guess::new(Cause::Consequence, "moved by a section before it");
        return (one.layout != other.layout)
            .then(|| Difference::values(place(one), &told(one.layout), &told(other.layout)).because([moved]));
    }
    if DERIVED.contains(&one.name.as_str()) {
        let digest = Guess::new(Cause::Consequence, "is a digest of the program or of its debugging information");
        return Some(Difference::new(place(one), super::window::bytes(one.content, other.content)).because([digest]));
    }
    let mut inside = comparison.content(one.content, other.content);
    match (inside.len(), inside.pop()) {
        (1, Some(only)) if only.place == "content" => Some(Difference { place: place(one), ..only }),
        (_, last) => {
            inside.extend(last);
            Some(Difference::within(place(one), inside))
        }
    }
}
