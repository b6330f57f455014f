//! The file lists: what was added, removed, and what the packages say of a file both have.

use std::collections::BTreeMap;

use super::{Cause, Clue, Difference, Guess, content};
use crate::{FileEntry, FileKind, PackageFile};

/// Compares the files of two packages, by path.
pub(super) fn diff(one: &[PackageFile], other: &[PackageFile], clues: &[Clue]) -> Vec<Difference> {
    let (one, other) = (by_path(one), by_path(other));
    let mut paths: Vec<&str> = one.keys().chain(other.keys()).copied().collect();
    paths.sort_unstable();
    paths.dedup();
    paths
        .into_iter()
        .filter_map(|path| match (one.get(path), other.get(path)) {
            (Some(one), Some(other)) => file(path, one, other, clues),
            (Some(_), None) => Some(alone(path, super::How::OnlyInOne)),
            (None, _) => Some(alone(path, super::How::OnlyInOther)),
        })
        .collect()
}

fn by_path(files: &[PackageFile]) -> BTreeMap<&str, &PackageFile> {
    files.iter().map(|file| (file.entry.path.as_str(), file)).collect()
}

/// Programs and their debugging information are linked to by build identifiers, which are digests.
const BUILD_IDS: &str = "/.build-id/";

fn alone(path: &str, how: super::How) -> Difference {
    let named_by_digest = path.contains(BUILD_IDS);
    let guess = named_by_digest.then(|| Guess::new(Cause::Consequence, "named by the digest of a program"));
    Difference::new(path, how).because(guess)
}

fn file(path: &str, one: &PackageFile, other: &PackageFile, clues: &[Clue]) -> Option<Difference> {
    let mut inside = entry(&one.entry, &other.entry);
    inside.extend(content::diff(&one.content, &other.content, clues));
    (!inside.is_empty()).then(|| Difference::within(path, inside))
}

/// Compares all that is said of a file but its size and digest, which its content explains.
fn entry(one: &FileEntry, other: &FileEntry) -> Vec<Difference> {
    let flags = |entry: &FileEntry| {
        let all = [(entry.ghost, "ghost"), (entry.config, "config"), (entry.doc, "doc"), (entry.license, "license")];
        let set: Vec<&str> = all.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect();
        set.join(" ")
    };
    let rows = [
        ("kind", kind(&one.kind), kind(&other.kind), None),
        ("mode", format!("{:04o}", one.mode), format!("{:04o}", other.mode), Some(Cause::User)),
        ("owner", format!("{}:{}", one.user, one.group), format!("{}:{}", other.user, other.group), Some(Cause::User)),
        ("time", one.mtime.to_string(), other.mtime.to_string(), Some(Cause::Time)),
        ("capabilities", one.caps.clone().unwrap_or_default(), other.caps.clone().unwrap_or_default(), None),
        ("flags", flags(one), flags(other), None),
        ("size", size(one), size(other), None),
    ];
    let evidence = |cause| match cause {
        Cause::Time => "is a time of the build",
        _ => "follows the umask or the user of the build",
    };
    rows.into_iter()
        .filter(|(_, one, other, _)| one != other)
        .map(|(name, one, other, cause)| {
            Difference::values(name, &one, &other).because(cause.map(|cause| Guess::new(cause, evidence(cause))))
        })
        .collect()
}

/// Returns the size where no content explains it: a directory's is that of the file system of the build.
fn size(entry: &FileEntry) -> String {
    if entry.kind == FileKind::Regular && !entry.ghost { String::new() } else { entry.size.to_string() }
}

fn kind(kind: &FileKind) -> String {
    match kind {
        FileKind::Regular => "file".to_owned(),
        FileKind::Directory => "directory".to_owned(),
        FileKind::Symlink { target } => format!("link to {target}"),
        FileKind::Device { block, major, minor } => {
            format!("{} device {major}:{minor}", if *block { "block" } else { "character" })
        }
        FileKind::Fifo => "pipe".to_owned(),
        FileKind::Socket => "socket".to_owned(),
    }
}
