//! The tags of the two headers.

use std::collections::BTreeMap;

use num_traits::FromPrimitive;
use rpm::{IndexData, IndexSignatureTag, IndexTag, PackageMetadata};

use super::cause::of_text;
use super::{Cause, Clue, Difference, Guess};
use crate::{Frame, RpmError};

type Entries = BTreeMap<u32, IndexData>;

/// Compares the signature headers, then the main headers; regions are not compared, they are what holds the rest.
pub(super) fn diff(one: (&[u8], &Frame), other: (&[u8], &Frame), clues: &[Clue]) -> Result<Vec<Difference>, RpmError> {
    let (one, other) = (metadata(one)?, metadata(other)?);
    let signature = (entries(one.signature.get_all_entries()?), entries(other.signature.get_all_entries()?));
    let header = (entries(one.header.get_all_entries()?), entries(other.header.get_all_entries()?));
    let mut differences = compare("signature header", &signature, &signature_name, clues);
    differences.extend(compare("header", &header, &header_name, clues));
    Ok(differences)
}

fn metadata((bytes, frame): (&[u8], &Frame)) -> Result<PackageMetadata, RpmError> {
    Ok(PackageMetadata::parse(&mut &bytes[..frame.payload])?)
}

fn entries(entries: Vec<(u32, IndexData)>) -> Entries {
    entries.into_iter().filter(|(tag, _)| !matches!(tag, 61..=64)).collect()
}

fn signature_name(tag: u32) -> String {
    name(IndexSignatureTag::from_u32(tag).map(|tag| tag.to_string()), tag)
}

fn header_name(tag: u32) -> String {
    name(IndexTag::from_u32(tag).map(|tag| tag.to_string()), tag)
}

fn name(known: Option<String>, tag: u32) -> String {
    let known = known.unwrap_or_else(|| format!("tag {tag}"));
    known.trim_start_matches("RPMTAG_").trim_start_matches("RPMSIGTAG_").to_owned()
}

fn compare(
    part: &str,
    (one, other): &(Entries, Entries),
    name: &dyn Fn(u32) -> String,
    clues: &[Clue],
) -> Vec<Difference> {
    let mut tags: Vec<&u32> = one.keys().chain(other.keys()).collect();
    tags.sort();
    tags.dedup();
    let differing = tags.into_iter().filter(|tag| one.get(tag) != other.get(tag));
    differing
        .map(|tag| {
            let name = name(*tag);
            let place = format!("{part} {name}");
            let empty = IndexData::Null;
            let values = (values(one.get(tag).unwrap_or(&empty)), values(other.get(tag).unwrap_or(&empty)));
            let (left, right) = first_differing(&values);
            Difference::values(place, &left, &right).because(guess(&name, &values, (&left, &right), clues))
        })
        .collect()
}

fn values(data: &IndexData) -> Vec<String> {
    fn all<T: ToString>(numbers: &[T]) -> Vec<String> {
        numbers.iter().map(T::to_string).collect()
    }
    match data {
        IndexData::Null => Vec::new(),
        IndexData::Char(numbers) | IndexData::Int8(numbers) => all(numbers),
        IndexData::Int16(numbers) => all(numbers),
        IndexData::Int32(numbers) => all(numbers),
        IndexData::Int64(numbers) => all(numbers),
        IndexData::StringTag(text) => vec![text.clone()],
        IndexData::Bin(bytes) => vec![bytes.iter().map(|byte| format!("{byte:02x}")).collect()],
        IndexData::StringArray(texts) | IndexData::I18NString(texts) => texts.clone(),
    }
}

/// Returns what is shown of two lists: the first members that differ, with their place if there are several.
fn first_differing((one, other): &(Vec<String>, Vec<String>)) -> (String, String) {
    let at = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let show = |list: &[String]| match list.get(at) {
        None if list.is_empty() => "none".to_owned(),
        None => format!("{} values", list.len()),
        Some(value) if list.len() > 1 => format!("[{at}] {value}"),
        Some(value) => value.clone(),
    };
    (show(one), show(other))
}

/// Tags that are computed from the rest of the package.
const DERIVED: [&str; 29] = [
    "ARCHIVESIZE",
    "DIRINDEXES",
    "DIRNAMES",
    "BASENAMES",
    "CLASSDICT",
    "FILECLASS",
    "FILECOLORS",
    "FILEDEPENDSN",
    "FILEDEPENDSX",
    "FILEDIGESTS",
    "FILEFLAGS",
    "FILEINODES",
    "FILELINKTOS",
    "FILEMODES",
    "FILEMTIMES",
    "FILESIZES",
    "LONGARCHIVESIZE",
    "LONGSIZE",
    "MD5",
    "OPENPGP",
    "RSA",
    "SHA1",
    "SHA256",
    "SIZE",
    "SIGSIZE",
    "RESERVEDSPACE",
    "COOKIE",
    "FILEGROUPNAME",
    "FILEUSERNAME",
];

/// Whether what is shown of a value ends in a build identifier.
fn is_build_id(shown: &str) -> bool {
    let value = shown.rsplit(' ').next().unwrap_or_default();
    value.len() == 40 && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn guess(
    name: &str,
    (all_one, all_other): &(Vec<String>, Vec<String>),
    (one, other): (&str, &str),
    clues: &[Clue],
) -> Option<Guess> {
    if DERIVED.contains(&name) || name.starts_with("PAYLOAD") || name.starts_with("SHA3") {
        return Some(Guess::new(Cause::Consequence, "computed from the rest of the package"));
    }
    if name == "PROVIDEVERSION" && is_build_id(one) && is_build_id(other) {
        return Some(Guess::new(Cause::Consequence, "is the digest of a program"));
    }
    if name == "BUILDTIME" {
        return Some(Guess::new(Cause::Time, "is the time of the build"));
    }
    if name == "BUILDHOST" {
        return Some(Guess::new(Cause::Host, "is the name of the build host"));
    }
    let sorted = |list: &[String]| {
        let mut list = list.to_vec();
        list.sort();
        list
    };
    if sorted(all_one) == sorted(all_other) {
        return Some(Guess::new(Cause::Order, "the same values in another order"));
    }
    of_text(one, other, clues)
}
