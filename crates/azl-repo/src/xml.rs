//! Small shapes that all metadata files share.

use std::io;

use azl_rpm::{Evr, FileEntry, FileKind};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

/// An XML document in the making.
pub(crate) type Xml = Writer<Vec<u8>>;

/// Writes a document whose content `write` adds.
pub(crate) fn document(write: impl FnOnce(&mut Xml) -> io::Result<()>) -> Vec<u8> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    let result =
        xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None))).and_then(|()| write(&mut xml));
    result.expect("writing to memory does not fail");
    let mut bytes = xml.into_inner();
    bytes.push(b'\n');
    bytes
}

/// Writes `<name>text</name>`, or `<name/>` for no text.
pub(crate) fn text(xml: &mut Xml, name: &str, text: &str) -> io::Result<()> {
    let element = xml.create_element(name);
    match text {
        "" => element.write_empty(),
        text => element.write_text_content(BytesText::new(&printable(text))),
    }
    .map(drop)
}

/// Writes `<version epoch ver rel/>`.
pub(crate) fn version(xml: &mut Xml, evr: &Evr) -> io::Result<()> {
    xml.create_element("version")
        .with_attribute(("epoch", evr.epoch.to_string().as_str()))
        .with_attribute(("ver", evr.version.as_str()))
        .with_attribute(("rel", evr.release.as_str()))
        .write_empty()
        .map(drop)
}

/// Writes `<file>path</file>`, typed if it is a directory or a ghost.
pub(crate) fn file(xml: &mut Xml, file: &FileEntry) -> io::Result<()> {
    let element = xml.create_element("file");
    let element = match (&file.kind, file.ghost) {
        (FileKind::Directory, _) => element.with_attribute(("type", "dir")),
        (_, true) => element.with_attribute(("type", "ghost")),
        _ => element,
    };
    element.write_text_content(BytesText::new(&printable(&file.path))).map(drop)
}

/// Replaces characters that XML 1.0 cannot carry even when escaped.
pub(crate) fn printable(text: &str) -> String {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r') || (c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}'));
    text.chars().map(|c| if allowed(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}
