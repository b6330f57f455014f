//! The file list of a header, checked so that every path may be joined to a root.
//!
//! **Invariant:** no path leaves its root: absolute (or a bare name in a source package), no `.`, `..`,
//! empty component or control character.

use std::collections::BTreeSet;

use azl_digest::Digest;
use rpm::{DigestAlgorithm, FileFlags, FileType, IndexTag, PackageMetadata};

use crate::{FileEntry, FileKind, RpmError};

/// A file entry and the hard link set it belongs to.
pub(crate) struct Listed {
    pub(crate) entry: FileEntry,
    /// Device and inode at build time; equal pairs are one file.
    pub(crate) inode: Option<(u32, u32)>,
}

/// Reads the list in header order.
pub(crate) fn read_listing(metadata: &PackageMetadata) -> Result<Vec<Listed>, RpmError> {
    let source = metadata.is_source_package();
    let inodes = inodes(metadata)?;
    let mut seen = BTreeSet::new();
    let mut result = Vec::new();
    for (at, raw) in metadata.get_file_entries()?.iter().enumerate() {
        let entry = read_entry(raw, source)?;
        if !seen.insert(entry.path.clone()) {
            return Err(RpmError::file(&entry.path, "is listed twice"));
        }
        result.push(Listed { entry, inode: inodes.get(at).copied() });
    }
    Ok(result)
}

fn inodes(metadata: &PackageMetadata) -> Result<Vec<(u32, u32)>, RpmError> {
    let array = |tag| match metadata.header.get_entry_data_as_u32_array(tag) {
        Err(rpm::Error::TagNotFound(_)) => Ok(Vec::new()),
        other => other,
    };
    Ok(array(IndexTag::RPMTAG_FILEDEVICES)?.into_iter().zip(array(IndexTag::RPMTAG_FILEINODES)?).collect())
}

fn read_entry(raw: &rpm::FileEntry<'_>, source: bool) -> Result<FileEntry, RpmError> {
    let path = format!("{}{}", raw.dirname(), raw.basename());
    check_path(raw, &path, source)?;
    let flags = raw.flags();
    Ok(FileEntry {
        kind: kind(raw, &path)?,
        mode: u32::from(raw.permissions()),
        user: raw.user().to_owned(),
        group: raw.group().to_owned(),
        mtime: raw.modified_at().0,
        size: raw.size() as u64,
        digest: digest(raw, &path)?,
        caps: raw.caps().filter(|caps| !caps.is_empty()).map(str::to_owned),
        ghost: flags.contains(FileFlags::GHOST),
        config: flags.contains(FileFlags::CONFIG),
        doc: flags.contains(FileFlags::DOC),
        license: flags.contains(FileFlags::LICENSE),
        path,
    })
}

fn check_path(raw: &rpm::FileEntry<'_>, path: &str, source: bool) -> Result<(), RpmError> {
    let bad = |problem| Err(RpmError::file(path, problem));
    if path.chars().any(char::is_control) {
        return bad("path has control characters");
    }
    if raw.basename().contains('/') {
        return bad("base name has a `/`");
    }
    if source && raw.dirname().is_empty() {
        return match path {
            "" | "." | ".." => bad("not a file name"),
            _ => Ok(()),
        };
    }
    if !path.starts_with('/') {
        return bad("path is not absolute");
    }
    if path != "/" && path[1..].split('/').any(|part| matches!(part, "" | "." | "..")) {
        return bad("path has an empty component, `.` or `..`");
    }
    Ok(())
}

fn kind(raw: &rpm::FileEntry<'_>, path: &str) -> Result<FileKind, RpmError> {
    let device =
        |block| FileKind::Device { block, major: u32::from(raw.rdev_major()), minor: u32::from(raw.rdev_minor()) };
    Ok(match raw.file_type() {
        FileType::Regular => FileKind::Regular,
        FileType::Dir => FileKind::Directory,
        FileType::SymbolicLink => FileKind::Symlink { target: raw.linkto().unwrap_or_default().to_owned() },
        FileType::Fifo => FileKind::Fifo,
        FileType::Socket => FileKind::Socket,
        FileType::CharacterDevice => device(false),
        FileType::BlockDevice => device(true),
        _ => {
            return Err(RpmError::file(path, format!("mode {:o} has no known file type", raw.mode().raw_mode())));
        }
    })
}

fn digest(raw: &rpm::FileEntry<'_>, path: &str) -> Result<Option<Digest>, RpmError> {
    match raw.digest() {
        Some(digest) if digest.algorithm() == DigestAlgorithm::Sha2_256 => {
            digest.as_hex().parse().map(Some).map_err(|_| RpmError::file(path, "digest is not hexadecimal"))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    /// Builds a package whose only file has the given directory and base name, which the builder itself would refuse.
    fn listing(dir: &str, base: &str) -> Result<Vec<Listed>, RpmError> {
        assert!(dir.len() == 9 && base.len() == 3, "same length as what is replaced");
        let bytes = fixture::bytes(
            fixture::builder("toy")
                .with_file_contents("x", rpm::FileOptions::new("/usr/bin/toy"))
                .expect("fixture file"),
        );
        let bytes = replace(
            replace(bytes, b"/usr/bin/\0", format!("{dir}\0").as_bytes()),
            b"\0toy\0",
            format!("\0{base}\0").as_bytes(),
        );
        read_listing(&rpm::PackageMetadata::parse(&mut &bytes[..])?)
    }

    fn replace(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
        let places: Vec<usize> = (0..bytes.len() - from.len()).filter(|&at| bytes[at..].starts_with(from)).collect();
        assert!(!places.is_empty());
        for at in places {
            bytes[at..at + to.len()].copy_from_slice(to);
        }
        bytes
    }

    #[test]
    fn ordinary_path_is_accepted() {
        assert_eq!(listing("/usr/bin/", "abc").expect("good")[0].entry.path, "/usr/bin/abc");
    }

    #[test]
    fn paths_that_leave_the_root_or_lie_are_refused() {
        let rows = [
            ("/usr/bin/", "/ab", "`/`"),
            ("/usr/../.", "/ab", "`/`"),
            ("/usr/../x", "abc", ""),
            ("/../bin//", "abc", "`..`"),
            ("usr/bin0/", "abc", "not absolute"),
            ("/usr//bin", "abc", "empty component"),
            ("/usr/b\x1bn/", "abc", "control"),
            ("/usr/bin/", "a\nc", "control"),
        ];
        for (dir, base, rule) in rows {
            match listing(dir, base) {
                Err(error) => assert!(error.to_string().contains(rule), "{dir:?} {base:?}: {error}"),
                Ok(_) => panic!("{dir:?} {base:?} was accepted"),
            }
        }
    }
}
