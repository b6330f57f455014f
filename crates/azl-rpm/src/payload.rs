//! The files of a package with their content.
//!
//! **Invariant:** exactly the listed files come back, each with the content whose digest the header
//! names; nothing in the archive is believed that the header does not confirm.

use std::collections::BTreeMap;
use std::io::{self, Read};

use azl_digest::Digest;
use rpm::PackageMetadata;

use crate::cpio::{Member, Reader};
use crate::listing::{Listed, read_listing};
use crate::{FileKind, PackageFile, RpmError, check_frame};

/// Content of one package that we are ready to hold in memory, in bytes.
const CONTENT_LIMIT: u64 = 16 << 30;

/// Reads all files of a package in header order; members of a hard link set all get the content.
///
/// # Errors
/// If the headers are malformed, the archive is, or a file is missing, doubled, unlisted, a ghost with
/// data, of another size, or has another digest than listed.
pub fn read_files(bytes: &[u8]) -> Result<Vec<PackageFile>, RpmError> {
    let frame = check_frame(bytes)?;
    let metadata = PackageMetadata::parse(&mut &bytes[..frame.payload])?;
    let mut archive = Archive::new(read_listing(&metadata)?)?;
    if archive.listed.is_empty() && bytes.len() == frame.payload {
        return Ok(Vec::new());
    }
    archive.read(decompress(&bytes[frame.payload..]).map_err(unreadable)?)?;
    archive.share_links()?;
    archive.finish()
}

/// Opens the payload; the compressor is told by its magic, as rpm's own tools do.
fn decompress(payload: &[u8]) -> io::Result<Box<dyn Read + '_>> {
    Ok(match payload {
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(zstd::stream::read::Decoder::with_buffer(payload)?),
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(payload)),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Box::new(liblzma::bufread::XzDecoder::new(payload)),
        [b'0', b'7', b'0', b'7', b'0', ..] => Box::new(payload),
        _ => return Err(io::Error::new(io::ErrorKind::InvalidData, "unknown compressor")),
    })
}

fn unreadable(error: io::Error) -> RpmError {
    RpmError::malformed("payload", error.to_string())
}

struct Archive {
    listed: Vec<Listed>,
    /// Path to index.
    places: BTreeMap<String, usize>,
    /// Content by index, once met.
    contents: Vec<Option<Vec<u8>>>,
    /// Sets of more than one regular file with the same inode, and the set of each member.
    links: BTreeMap<(u32, u32), Vec<usize>>,
}

impl Archive {
    fn new(listed: Vec<Listed>) -> Result<Self, RpmError> {
        let declared = listed.iter().filter(|l| has_content(l)).try_fold(0u64, |sum, l| sum.checked_add(l.entry.size));
        if declared.is_none_or(|sum| sum > CONTENT_LIMIT) {
            return Err(RpmError::malformed("payload", format!("declares more than {CONTENT_LIMIT} bytes of content")));
        }
        let mut links: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (at, file) in listed.iter().enumerate().filter(|(_, file)| has_content(file)) {
            if let Some(inode) = file.inode {
                links.entry(inode).or_default().push(at);
            }
        }
        links.retain(|_, members| members.len() > 1);
        let places = listed.iter().enumerate().map(|(at, file)| (file.entry.path.clone(), at)).collect();
        let contents = listed.iter().map(|_| None).collect();
        Ok(Self { listed, places, contents, links })
    }

    fn read(&mut self, stream: impl Read) -> Result<(), RpmError> {
        let mut reader = Reader::new(stream);
        loop {
            let (at, size) = match reader.next().map_err(unreadable)? {
                Member::Trailer => break,
                Member::Named { name, size } => (self.find(&name)?, Some(size)),
                Member::Indexed(index) => (self.index(index)?, None),
            };
            let size = self.member_size(at, size)?;
            let content = reader.content(size).map_err(unreadable)?;
            self.take(at, content)?;
        }
        reader.finish().map_err(unreadable)
    }

    fn find(&self, name: &str) -> Result<usize, RpmError> {
        let path = name.strip_prefix('.').filter(|rest| rest.starts_with('/')).unwrap_or(name);
        self.places.get(path).copied().ok_or_else(|| RpmError::file(name, "is in the archive and not in the file list"))
    }

    fn index(&self, index: u32) -> Result<usize, RpmError> {
        let at = index as usize;
        match at < self.listed.len() {
            true => Ok(at),
            false => Err(RpmError::malformed("payload", format!("file index {index} is beyond the file list"))),
        }
    }

    /// Returns how much content follows; the archive may only confirm what the header says.
    fn member_size(&self, at: usize, declared: Option<u64>) -> Result<u64, RpmError> {
        let Listed { entry, .. } = &self.listed[at];
        let expected = match &entry.kind {
            FileKind::Regular => entry.size,
            FileKind::Symlink { target } => target.len() as u64,
            _ => 0,
        };
        match declared {
            // All members of a hard link set but the last are empty in the archive.
            Some(0) if self.is_linked(at) => Ok(0),
            None if self.is_linked(at) && self.links[&self.inode(at)].last() != Some(&at) => Ok(0),
            Some(size) if size != expected => {
                Err(RpmError::file(&entry.path, format!("has {size} bytes in the archive, {expected} in the header")))
            }
            _ => Ok(expected),
        }
    }

    fn inode(&self, at: usize) -> (u32, u32) {
        self.listed[at].inode.unwrap_or_default()
    }

    fn is_linked(&self, at: usize) -> bool {
        self.listed[at].inode.and_then(|inode| self.links.get(&inode)).is_some_and(|members| members.contains(&at))
    }

    fn take(&mut self, at: usize, content: Vec<u8>) -> Result<(), RpmError> {
        let entry = &self.listed[at].entry;
        if entry.ghost {
            return Err(RpmError::file(&entry.path, "is a ghost and in the archive"));
        }
        if matches!(&entry.kind, FileKind::Symlink { target } if target.as_bytes() != content) {
            return Err(RpmError::file(&entry.path, "points elsewhere in the archive than in the header"));
        }
        if self.contents[at].replace(content).is_some() {
            return Err(RpmError::file(&entry.path, "is in the archive twice"));
        }
        Ok(())
    }

    /// Gives every member of a hard link set the one content the archive has for it.
    fn share_links(&mut self) -> Result<(), RpmError> {
        for members in self.links.values() {
            let content =
                members.iter().find_map(|&at| self.contents[at].clone().filter(|content| !content.is_empty()));
            for &at in members {
                if self.contents[at].is_some()
                    && let Some(content) = &content
                {
                    self.contents[at] = Some(content.clone());
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<PackageFile>, RpmError> {
        let files = self.listed.into_iter().zip(self.contents);
        files.map(|(listed, content)| finish_file(listed, content)).collect()
    }
}

/// A regular file that is shipped.
fn has_content(listed: &Listed) -> bool {
    listed.entry.kind == FileKind::Regular && !listed.entry.ghost
}

fn finish_file(listed: Listed, content: Option<Vec<u8>>) -> Result<PackageFile, RpmError> {
    if !has_content(&listed) {
        return Ok(PackageFile { entry: listed.entry, content: Vec::new() });
    }
    let entry = listed.entry;
    let content = content.ok_or_else(|| RpmError::file(&entry.path, "is not in the archive"))?;
    let expected = entry.digest.ok_or_else(|| RpmError::file(&entry.path, "has no SHA-256"))?;
    if content.len() as u64 != entry.size || Digest::of(&content) != expected {
        return Err(RpmError::file(&entry.path, format!("content does not have the listed digest {expected}")));
    }
    Ok(PackageFile { entry, content })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpio::tests::member;
    use crate::fixture;
    use rpm::{BuildConfig, CompressionType, FileOptions};

    /// A package with `/usr/bin/toy` = `hello` and `/etc/toy.conf`, whose archive is replaced.
    fn with_archive(members: &[(&str, &[u8])]) -> Result<Vec<PackageFile>, RpmError> {
        let mut bytes = fixture::with_files();
        bytes.truncate(check_frame(&bytes).expect("good").payload);
        for (name, content) in members {
            bytes.extend(member(name, content));
        }
        read_files(&bytes)
    }

    const GOOD: [(&str, &[u8]); 4] =
        [("./etc/toy.conf", b""), ("./usr/bin/toy", b"hello"), ("./usr/bin/toy2", b"toy"), ("TRAILER!!!", b"")];

    fn problem(members: &[(&str, &[u8])]) -> String {
        with_archive(members).expect_err("refused").to_string()
    }

    #[test]
    fn every_compressor_and_format_gives_the_same_files() {
        let expected = read_files(&fixture::with_files()).expect("good");
        for config in [BuildConfig::v4(), BuildConfig::v6()] {
            for compression in
                [CompressionType::None, CompressionType::Gzip, CompressionType::Xz, CompressionType::Zstd]
            {
                let mut builder = fixture::builder("toy");
                builder
                    .using_config(config.source_date(fixture::TIME).compression(compression))
                    .with_file_contents("hello", FileOptions::new("/usr/bin/toy").permissions(0o755))
                    .expect("fixture file");
                let files = read_files(&fixture::bytes(&mut builder)).expect("good");
                let hello = expected.iter().find(|f| f.entry.path == "/usr/bin/toy").expect("listed");
                assert_eq!(&files[0], hello);
            }
        }
        assert_eq!(expected.len(), 5);
    }

    #[test]
    fn archive_order_does_not_matter() {
        let files = with_archive(&GOOD).expect("good");
        assert_eq!(files.iter().find(|f| f.entry.path == "/usr/bin/toy").map(|f| &f.content[..]), Some(&b"hello"[..]));
    }

    #[test]
    fn archive_that_disagrees_with_the_header_is_refused() {
        let replaced = |at: usize, with: (&'static str, &'static [u8])| {
            let mut members = GOOD.to_vec();
            members[at] = with;
            members
        };
        type Members = Vec<(&'static str, &'static [u8])>;
        let rows: [(Members, &str); 9] = [
            (replaced(1, ("./usr/bin/toy", b"hullo")), "digest"),
            (replaced(1, ("./usr/bin/toy", b"hello ")), "6 bytes in the archive, 5 in the header"),
            (replaced(1, ("./usr/bin/toy", b"")), "0 bytes in the archive"),
            (replaced(1, ("./usr/bin/../bin/toy", b"hello")), "not in the file list"),
            (replaced(1, ("../usr/bin/toy", b"hello")), "not in the file list"),
            (replaced(0, ("./var/log/toy.log", b"")), "ghost"),
            (replaced(0, ("./usr/bin/toy2", b"toy")), "twice"),
            (replaced(2, ("./usr/bin/toy2", b"bad")), "points elsewhere"),
            (vec![GOOD[0], GOOD[3]], "not in the archive"),
        ];
        for (members, rule) in rows {
            let problem = problem(&members);
            assert!(problem.contains(rule), "{problem}");
        }
        assert!(problem(&GOOD[..3]).contains("payload"), "no trailer");
        assert!(problem(&[&GOOD[..], &[GOOD[0]]].concat()).contains("after the end"));
    }

    #[test]
    fn truncated_payload_is_refused() {
        let bytes = fixture::with_files();
        let payload = check_frame(&bytes).expect("good").payload;
        for length in payload..bytes.len() {
            assert!(read_files(&bytes[..length]).is_err(), "{length} of {}", bytes.len());
        }
    }
}
