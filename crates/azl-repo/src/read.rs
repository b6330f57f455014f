//! Reads metadata back, for the outsider's check.
//!
//! **Invariant:** document types and named entities other than XML's own five are refused, nesting is
//! bounded, and decompression stops at the size `repomd.xml` states.

use std::collections::BTreeMap;
use std::io::Read;

use azl_digest::Digest;
use azl_rpm::{Evr, Nevra};
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use crate::build::is_plain;
use crate::repomd::DataFile;

/// Says what is wrong with a metadata file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bad repository metadata: {problem}")]
pub struct ReadError {
    problem: String,
}

impl ReadError {
    pub(crate) fn new(problem: impl Into<String>) -> Self {
        Self { problem: problem.into() }
    }
}

/// One package as `primary.xml` tells it, as far as checking needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrimaryPackage {
    /// Identity.
    pub nevra: Nevra,
    /// Digest of the package file.
    pub sha256: Digest,
    /// Size of the package file in bytes.
    pub size: u64,
    /// Path relative to the repository.
    pub location: String,
}

/// Reads `primary.xml.zst`, described by `file`.
///
/// # Errors
/// If it does not decompress to what `file` says, is not such a document, or a location leaves the repository.
pub fn read_primary(compressed: &[u8], file: &DataFile) -> Result<Vec<PrimaryPackage>, ReadError> {
    let xml = decompress(compressed, file)?;
    let mut packages: Vec<PrimaryPackage> = Vec::new();
    walk(&xml, &mut |element| match element.path {
        ["metadata", "package"] if element.is_start() => {
            let sha256 = Digest::from_bytes([0; 32]);
            packages.push(PrimaryPackage { nevra: Nevra::default(), sha256, size: 0, location: String::new() });
            Ok(())
        }
        ["metadata", "package", field] => match packages.last_mut() {
            Some(package) => read_field(package, field, element),
            None => Ok(()),
        },
        _ => Ok(()),
    })?;
    Ok(packages)
}

fn read_field(package: &mut PrimaryPackage, field: &str, element: &Element<'_>) -> Result<(), ReadError> {
    match (field, element.is_start()) {
        ("name", false) => package.nevra.name = element.text.to_owned(),
        ("arch", false) => package.nevra.arch = element.text.to_owned(),
        ("checksum", false) => package.sha256 = element.sha256()?,
        ("version", true) => {
            let epoch = element.attribute("epoch")?.parse().map_err(|_| ReadError::new("epoch is not a number"))?;
            package.nevra.evr = Evr::new(epoch, element.attribute("ver")?, element.attribute("rel")?);
        }
        ("size", true) => {
            package.size = element.attribute("package")?.parse().map_err(|_| ReadError::new("size is not a number"))?;
        }
        ("location", true) => {
            package.location = element.attribute("href")?.to_owned();
            if !is_plain(&package.location) || element.attributes.contains_key("xml:base") {
                return Err(ReadError::new(format!("location leaves the repository: `{}`", package.location)));
            }
        }
        _ => {}
    }
    Ok(())
}

fn decompress(compressed: &[u8], file: &DataFile) -> Result<Vec<u8>, ReadError> {
    let bad = |problem: &str| ReadError::new(format!("`{}` {problem}", file.location));
    let stream = zstd::stream::read::Decoder::with_buffer(compressed).map_err(|_| bad("is not zstd"))?;
    let mut xml = Vec::new();
    stream.take(file.open_size + 1).read_to_end(&mut xml).map_err(|_| bad("is not zstd"))?;
    match xml.len() as u64 == file.open_size && Digest::of(&xml) == file.open_sha256 {
        true => Ok(xml),
        false => Err(bad("does not hold what repomd.xml says")),
    }
}

/// What a visitor sees: each element twice, when it starts (attributes) and when it ends (text).
pub(crate) struct Element<'a> {
    /// Names from the root to this element, without prefixes.
    pub(crate) path: &'a [&'a str],
    attributes: &'a BTreeMap<String, String>,
    /// Text directly inside; empty when it starts.
    pub(crate) text: &'a str,
    edge: Edge,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    Start,
    End,
}

impl Element<'_> {
    pub(crate) fn is_start(&self) -> bool {
        self.edge == Edge::Start
    }

    pub(crate) fn is_end(&self) -> bool {
        self.edge == Edge::End
    }

    fn name(&self) -> &str {
        self.path.last().copied().unwrap_or_default()
    }

    pub(crate) fn attribute(&self, name: &str) -> Result<&str, ReadError> {
        let value = self.attributes.get(name).map(String::as_str);
        value.ok_or_else(|| ReadError::new(format!("`<{}>` has no `{name}`", self.name())))
    }

    pub(crate) fn number(&self) -> Result<u64, ReadError> {
        self.text.trim().parse().map_err(|_| ReadError::new(format!("`<{}>` is not a number", self.name())))
    }

    pub(crate) fn sha256(&self) -> Result<Digest, ReadError> {
        if self.attribute("type")? != "sha256" {
            return Err(ReadError::new(format!("`<{}>` is not a sha256", self.name())));
        }
        self.text.trim().parse().map_err(|error| ReadError::new(format!("`<{}>`: {error}", self.name())))
    }
}

/// How deep elements may nest; rpm-md needs five.
const MAX_DEPTH: usize = 16;

/// An element that has started.
#[derive(Default)]
struct Open {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
}

/// Walks a document.
pub(crate) fn walk(
    bytes: &[u8],
    visit: &mut dyn FnMut(&Element<'_>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ReadError::new("not UTF-8"))?;
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Open> = Vec::new();
    loop {
        match reader.read_event().map_err(|error| ReadError::new(error.to_string()))? {
            Event::Start(start) => {
                open.push(start_element(&start)?);
                if open.len() > MAX_DEPTH {
                    return Err(ReadError::new("elements nest too deep"));
                }
                tell(&open, Edge::Start, visit)?;
            }
            Event::End(_) => {
                tell(&open, Edge::End, visit)?;
                open.pop();
            }
            Event::Text(piece) => add_text(&mut open, &piece),
            Event::CData(piece) => add_text(&mut open, &piece),
            Event::GeneralRef(reference) => add_text(&mut open, &resolve(&reference)?),
            Event::DocType(_) => return Err(ReadError::new("document types are not accepted")),
            Event::Eof if open.is_empty() => return Ok(()),
            Event::Eof => return Err(ReadError::new("document ends early")),
            _ => {}
        }
    }
}

fn start_element(start: &BytesStart<'_>) -> Result<Open, ReadError> {
    let mut attributes = BTreeMap::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| ReadError::new(error.to_string()))?;
        let value =
            attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| ReadError::new(error.to_string()))?;
        attributes.insert(attribute.key.as_ref().to_owned(), value.into_owned());
    }
    Ok(Open { name: start.local_name().as_ref().to_owned(), attributes, text: String::new() })
}

fn tell(
    open: &[Open],
    edge: Edge,
    visit: &mut dyn FnMut(&Element<'_>) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let path: Vec<&str> = open.iter().map(|element| element.name.as_str()).collect();
    match open.last() {
        Some(Open { attributes, text, .. }) => visit(&Element { path: &path, attributes, text, edge }),
        None => Ok(()),
    }
}

fn add_text(open: &mut [Open], piece: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(piece);
    }
}

fn resolve(reference: &str) -> Result<String, ReadError> {
    quick_xml::escape::unescape(&format!("&{reference};"))
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| ReadError::new(format!("unknown entity `{}`", reference.escape_debug())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_bounded() {
        let deep = "<a>".repeat(100_000);
        assert_eq!(walk(deep.as_bytes(), &mut |_| Ok(())), Err(ReadError::new("elements nest too deep")));
    }

    #[test]
    fn decompression_stops_at_the_stated_size() {
        let bomb = zstd::bulk::compress(&vec![b' '; 50_000_000], 3).expect("compresses");
        let file = DataFile { open_size: 1000, ..DataFile::unknown("primary") };
        assert!(read_primary(&bomb, &file).expect_err("refused").to_string().contains("does not hold"));
    }

    #[test]
    fn foreign_base_is_refused() {
        let xml = br#"<metadata><package><location xml:base="https://evil" href="a.rpm"/></package></metadata>"#;
        let compressed = zstd::bulk::compress(xml, 1).expect("compresses");
        let file =
            DataFile { open_size: xml.len() as u64, open_sha256: Digest::of(xml), ..DataFile::unknown("primary") };
        assert!(read_primary(&compressed, &file).expect_err("refused").to_string().contains("leaves"));
    }
}
