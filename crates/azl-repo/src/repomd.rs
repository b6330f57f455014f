//! `repomd.xml`: the index of the metadata files, and the one file that is signed.

use azl_digest::Digest;

use crate::build::is_plain;
use crate::read::{Element, ReadError, walk};
use crate::xml;

/// One metadata file as `repomd.xml` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFile {
    /// `primary`, `filelists` or `other`.
    pub kind: String,
    /// Path relative to the repository.
    pub location: String,
    /// Digest of the compressed file.
    pub sha256: Digest,
    /// Size of the compressed file in bytes.
    pub size: u64,
    /// Digest of the XML in it.
    pub open_sha256: Digest,
    /// Size of the XML in bytes.
    pub open_size: u64,
    /// Seconds since 1970.
    pub timestamp: u64,
}

impl DataFile {
    /// A file of which nothing but the kind is known; its digests are those of no bytes in the world.
    pub(crate) fn unknown(kind: &str) -> Self {
        let none = Digest::from_bytes([0; 32]);
        let (kind, location) = (kind.to_owned(), String::new());
        Self { kind, location, sha256: none, size: 0, open_sha256: none, open_size: 0, timestamp: 0 }
    }

    pub(crate) fn describe(kind: &str, xml: &[u8], compressed: &[u8], epoch: u64) -> Self {
        let sha256 = Digest::of(compressed);
        Self {
            kind: kind.to_owned(),
            location: format!("repodata/{sha256}-{kind}.xml.zst"),
            sha256,
            size: compressed.len() as u64,
            open_sha256: Digest::of(xml),
            open_size: xml.len() as u64,
            timestamp: epoch,
        }
    }
}

/// A parsed `repomd.xml`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repomd {
    /// The publisher's revision.
    pub revision: String,
    /// The metadata files in the order listed.
    pub data: Vec<DataFile>,
}

pub(crate) fn write(data: &[DataFile], epoch: u64) -> Vec<u8> {
    xml::document(|xml| {
        xml.create_element("repomd")
            .with_attribute(("xmlns", "http://linux.duke.edu/metadata/repo"))
            .with_attribute(("xmlns:rpm", "http://linux.duke.edu/metadata/rpm"))
            .write_inner_content(|xml| {
                xml::text(xml, "revision", &epoch.to_string())?;
                data.iter().try_for_each(|file| write_data(xml, file))
            })
            .map(drop)
    })
}

fn write_data(xml: &mut xml::Xml, file: &DataFile) -> std::io::Result<()> {
    let checksum = |xml: &mut xml::Xml, name: &str, digest: Digest| {
        xml.create_element(name)
            .with_attribute(("type", "sha256"))
            .write_text_content(quick_xml::events::BytesText::new(&digest.to_string()))
            .map(drop)
    };
    xml.create_element("data").with_attribute(("type", file.kind.as_str())).write_inner_content(|xml| {
        checksum(xml, "checksum", file.sha256)?;
        checksum(xml, "open-checksum", file.open_sha256)?;
        xml.create_element("location").with_attribute(("href", file.location.as_str())).write_empty()?;
        xml::text(xml, "timestamp", &file.timestamp.to_string())?;
        xml::text(xml, "size", &file.size.to_string())?;
        xml::text(xml, "open-size", &file.open_size.to_string())
    })?;
    Ok(())
}

/// Reads `repomd.xml`; only SHA-256 is accepted, and only locations inside the repository.
///
/// # Errors
/// If it is not such a document.
pub fn read_repomd(bytes: &[u8]) -> Result<Repomd, ReadError> {
    let mut repomd = Repomd::default();
    walk(bytes, &mut |element| match element.path {
        ["repomd", "revision"] => {
            repomd.revision = element.text.to_owned();
            Ok(())
        }
        ["repomd", "data"] if element.is_start() => {
            repomd.data.push(DataFile::unknown(element.attribute("type")?));
            Ok(())
        }
        ["repomd", "data", field] => match repomd.data.last_mut() {
            Some(file) => read_field(file, field, element),
            None => Ok(()),
        },
        _ => Ok(()),
    })?;
    match repomd.data.iter().find(|file| file.location.is_empty()) {
        Some(file) => Err(ReadError::new(format!("`{}` has no location", file.kind))),
        None => Ok(repomd),
    }
}

fn read_field(file: &mut DataFile, field: &str, element: &Element<'_>) -> Result<(), ReadError> {
    match field {
        "checksum" if element.is_end() => file.sha256 = element.sha256()?,
        "open-checksum" if element.is_end() => file.open_sha256 = element.sha256()?,
        "timestamp" if element.is_end() => file.timestamp = element.number()?,
        "size" if element.is_end() => file.size = element.number()?,
        "open-size" if element.is_end() => file.open_size = element.number()?,
        "location" if element.is_start() => {
            file.location = element.attribute("href")?.to_owned();
            if !is_plain(&file.location) {
                return Err(ReadError::new(format!("location leaves the repository: `{}`", file.location)));
            }
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Repomd, ReadError> {
        read_repomd(text.as_bytes())
    }

    #[test]
    fn weak_checksums_and_foreign_locations_are_refused() {
        let rows = [
            (
                r#"<repomd><data type="primary"><checksum type="sha">aa</checksum><location href="a"/></data></repomd>"#,
                "sha256",
            ),
            (r#"<repomd><data type="primary"><location href="../../x"/></data></repomd>"#, "leaves"),
            (r#"<repomd><data type="primary"><location href="https://evil/x"/></data></repomd>"#, "leaves"),
            (r#"<repomd><data type="primary"></data></repomd>"#, "no location"),
            (r#"<repomd><data><location href="x"/></data></repomd>"#, "type"),
            (r#"<repomd><data type="p"><size>x</size><location href="x"/></data></repomd>"#, "number"),
        ];
        for (text, rule) in rows {
            let error = read(text).expect_err("refused").to_string();
            assert!(error.contains(rule), "{error}");
        }
    }

    #[test]
    fn entities_and_document_types_are_refused() {
        let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><repomd><revision>&b;</revision></repomd>"#;
        assert!(read(bomb).is_err());
        assert!(read("<repomd><revision>&b;</revision></repomd>").is_err());
        assert!(read("<repomd><revision>1</revision>").is_err(), "unfinished");
        assert_eq!(read("<repomd><revision>&lt;&#49;</revision></repomd>").expect("plain references").revision, "<1");
    }
}
