//! Tarballs, entry by entry.

use std::io::{self, Read};

use crate::ArchiveError;
use crate::compression;
use crate::paths::{Node, Paths, Repeats};

/// A file, directory or link of an archive.
pub struct Entry<'a> {
    /// Where it goes, relative to the top, without `.` and `..`, e.g. `usr/bin/cat`.
    pub path: String,
    /// Permission bits, set-id and sticky bits; links carry what the archive says, usually 0o777.
    pub mode: u32,
    /// What it is.
    pub kind: Kind<'a>,
}

/// The kinds of entry that are handed out; all others are refused.
pub enum Kind<'a> {
    /// A regular file.
    File {
        /// Bytes that `content` gives.
        size: u64,
        /// The content; what is left unread is skipped.
        content: &'a mut dyn Read,
    },
    /// A directory.
    Directory,
    /// A symbolic link and its target as written, which may be absolute or dangling.
    Symlink(String),
    /// A second name of an earlier regular file, given by its path.
    HardLink(String),
}

/// What is done with each entry.
pub type Visit<'v> = dyn FnMut(Entry<'_>) -> io::Result<()> + 'v;

/// Hands every entry of an uncompressed tarball to `visit`, in archive order; the top directory is left out.
///
/// # Errors
/// [`ArchiveError`] for malformed and unsafe archives; [`ArchiveError::Visit`] with the visitor's error.
pub fn walk(stream: impl Read, visit: &mut Visit<'_>) -> Result<(), ArchiveError> {
    walk_paths(stream, Paths::new(Repeats::Refused), visit)
}

/// As [`walk`], with its own rule for repeated files.
pub(crate) fn walk_paths(stream: impl Read, mut paths: Paths, visit: &mut Visit<'_>) -> Result<(), ArchiveError> {
    let mut archive = tar::Archive::new(stream);
    for entry in archive.entries().map_err(ArchiveError::Read)? {
        let mut entry = entry.map_err(ArchiveError::Read)?;
        step(&mut paths, &mut entry, visit)?;
    }
    // Reading on to the end makes the decoder check its own checksum.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(ArchiveError::Read)?;
    Ok(())
}

/// As [`walk`], for a stream compressed with gzip, xz, zstd or not at all.
///
/// # Errors
/// As [`walk`].
pub fn walk_compressed(stream: impl Read, visit: &mut Visit<'_>) -> Result<(), ArchiveError> {
    walk(compression::decompress(stream)?, visit)
}

fn step<R: Read>(paths: &mut Paths, entry: &mut tar::Entry<'_, R>, visit: &mut Visit<'_>) -> Result<(), ArchiveError> {
    let raw = entry.path_bytes().into_owned();
    let kind = entry.header().entry_type();
    if kind.is_pax_global_extensions() {
        return Ok(());
    }
    let mode = entry.header().mode().map_err(ArchiveError::Read)? & 0o7777;
    let node = node_of(kind).map_err(|what| ArchiveError::unsafe_entry(&raw, format!("is {what}")))?;
    let Some(path) = paths.admit(&raw, node)? else { return Ok(()) };
    if kind.is_hard_link() {
        let target = paths.hard_link(&raw, &link_target(entry, &raw)?)?;
        return visit(Entry { path, mode, kind: Kind::HardLink(target) }).map_err(ArchiveError::Visit);
    }
    let kind = match node {
        Node::Directory => Kind::Directory,
        Node::Link => Kind::Symlink(symlink_target(entry, &raw)?),
        Node::File => Kind::File { size: entry.size(), content: entry },
    };
    visit(Entry { path, mode, kind }).map_err(ArchiveError::Visit)
}

fn node_of(kind: tar::EntryType) -> Result<Node, &'static str> {
    use tar::EntryType;
    match kind {
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse | EntryType::Link => Ok(Node::File),
        EntryType::Directory => Ok(Node::Directory),
        EntryType::Symlink => Ok(Node::Link),
        EntryType::Char | EntryType::Block => Err("a device"),
        EntryType::Fifo => Err("a named pipe"),
        _ => Err("of an unknown kind"),
    }
}

fn link_target<R: Read>(entry: &tar::Entry<'_, R>, raw: &[u8]) -> Result<Vec<u8>, ArchiveError> {
    match entry.link_name_bytes() {
        Some(target) if !target.is_empty() => Ok(target.into_owned()),
        _ => Err(ArchiveError::unsafe_entry(raw, "is a link to nothing")),
    }
}

fn symlink_target<R: Read>(entry: &tar::Entry<'_, R>, raw: &[u8]) -> Result<String, ArchiveError> {
    String::from_utf8(link_target(entry, raw)?)
        .ok()
        .filter(|target| !target.contains(char::is_control))
        .ok_or_else(|| ArchiveError::unsafe_entry(raw, "is a link whose target is not plain text"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Tarball;

    fn names(tarball: &[u8]) -> Result<Vec<String>, ArchiveError> {
        let mut names = Vec::new();
        walk(tarball, &mut |entry| {
            names.push(match entry.kind {
                Kind::File { size, .. } => format!("{} {size}", entry.path),
                Kind::Directory => format!("{}/", entry.path),
                Kind::Symlink(target) => format!("{} -> {target}", entry.path),
                Kind::HardLink(target) => format!("{} = {target}", entry.path),
            });
            Ok(())
        })?;
        Ok(names)
    }

    #[test]
    fn every_kind_is_handed_out_in_archive_order() {
        let tarball = Tarball::new()
            .directory("./")
            .directory("./d/")
            .file("./d/f", b"abc")
            .link("l", "/dev/null")
            .hard_link("h", "./d/f");
        assert_eq!(names(&tarball.bytes()).expect("a good archive"), ["d/", "d/f 3", "l -> /dev/null", "h = d/f"]);
    }

    #[test]
    fn devices_and_pipes_are_refused() {
        for (kind, word) in [(tar::EntryType::Char, "a device"), (tar::EntryType::Fifo, "a named pipe")] {
            let error = names(&Tarball::new().special("dev/x", kind).bytes()).expect_err("refused");
            assert!(error.to_string().contains(word), "{error}");
        }
    }

    #[test]
    fn a_truncated_archive_is_refused() {
        let bytes = Tarball::new().file("f", &[7; 4000]).bytes();
        assert!(matches!(names(&bytes[..2000]), Err(ArchiveError::Read(_))));
    }

    #[test]
    fn the_visitors_error_comes_back() {
        let bytes = Tarball::new().file("f", b"").bytes();
        let error = walk(&*bytes, &mut |_| Err(io::Error::other("disk full"))).expect_err("fails");
        assert!(matches!(&error, ArchiveError::Visit(_)) && error.to_string() == "disk full");
    }
}
