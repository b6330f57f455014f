//! The image's files as one sorted value: what every writer streams.
//!
//! Not a place on disk: nothing is extracted, so ownership, modes and capabilities need no privileges.
//!
//! **Invariant:** paths are absolute, canonical (no component is a symbolic link of the tree) and clean; the parent
//! of every path is in the tree and is a directory; iteration yields a parent before its children.

use std::borrow::Cow;
use std::collections::BTreeMap;

use azl_rpm::PackageHeader;

use crate::model::Arch;

/// All files of an image.
#[derive(Debug, Clone)]
pub struct Tree<'a> {
    /// Architecture of the packages.
    pub arch: Arch,
    /// Seconds since 1970 that no time in the image exceeds.
    pub epoch: u64,
    /// The packages in the order of their names; owners are indices into it.
    pub packages: Vec<&'a PackageHeader>,
    pub(crate) entries: BTreeMap<String, Node<'a>>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node<'a> {
    /// What it is.
    pub kind: NodeKind<'a>,
    /// Permission bits, 0o7777 at most.
    pub mode: u32,
    /// Numeric owner.
    pub uid: u32,
    /// Numeric group.
    pub gid: u32,
    /// Seconds since 1970, not later than the epoch.
    pub mtime: u64,
    /// Extended attributes, e.g. `security.capability`.
    pub xattrs: BTreeMap<String, Vec<u8>>,
    /// Indices of the packages that own the file; empty for directories nobody owns and for files of the image itself.
    pub owners: Vec<usize>,
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeKind<'a> {
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink {
        /// Its text, unresolved.
        target: Cow<'a, str>,
    },
    /// A regular file.
    File {
        /// Its bytes.
        content: Cow<'a, [u8]>,
    },
}

impl<'a> Tree<'a> {
    /// Returns all files, parents before children.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Node<'a>)> {
        self.entries.iter().map(|(path, node)| (path.as_str(), node))
    }

    /// Returns the file at a canonical path; symbolic links are not followed.
    pub fn get(&self, path: &str) -> Option<&Node<'a>> {
        self.entries.get(path)
    }

    /// Returns the bytes of the regular file at a canonical path.
    pub fn content(&self, path: &str) -> Option<&[u8]> {
        match &self.get(path)?.kind {
            NodeKind::File { content } => Some(content),
            NodeKind::Directory | NodeKind::Symlink { .. } => None,
        }
    }

    /// Returns how many files there are, `/` included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether nothing is there, which [`compose`](crate::compose) never returns.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the paths that `pattern` matches; `*` stands for any characters within one component.
    pub fn matching(&self, pattern: &str) -> Vec<&str> {
        self.entries.keys().filter(|path| path_matches(pattern, path)).map(String::as_str).collect()
    }
}

impl Node<'_> {
    /// Returns the size of a regular file in bytes, 0 for anything else.
    pub fn size(&self) -> u64 {
        match &self.kind {
            NodeKind::File { content } => content.len() as u64,
            NodeKind::Directory | NodeKind::Symlink { .. } => 0,
        }
    }
}

/// Returns the directory of an absolute path and the last component; `/` has none.
pub(crate) fn split(path: &str) -> Option<(&str, &str)> {
    let (parent, name) = path.rsplit_once('/')?;
    let parent = if parent.is_empty() { "/" } else { parent };
    (!name.is_empty()).then_some((parent, name))
}

/// Joins a directory and a name.
pub(crate) fn join(parent: &str, name: &str) -> String {
    if parent == "/" { format!("/{name}") } else { format!("{parent}/{name}") }
}

/// Returns whether a path is absolute and every component is a plain name a filesystem can hold.
pub(crate) fn is_clean_path(path: &str) -> bool {
    let plain = |name: &str| !matches!(name, "" | "." | "..") && name.len() <= 255 && !name.contains('\0');
    path == "/" || path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(plain))
}

/// Returns whether a pattern matches a path; `*` stands for any characters within one component.
pub(crate) fn path_matches(pattern: &str, path: &str) -> bool {
    let (mut patterns, mut names) = (pattern.split('/'), path.split('/'));
    loop {
        match (patterns.next(), names.next()) {
            (None, None) => return true,
            (Some(pattern), Some(name)) if name_matches(pattern, name) => {}
            _ => return false,
        }
    }
}

fn name_matches(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(name) = name.strip_prefix(head) else {
        return false;
    };
    name.char_indices().map(|(at, _)| &name[at..]).chain([""]).any(|tail| name_matches(rest, tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn star_stays_within_one_component() {
        for (pattern, path, expected) in [
            ("/usr/lib/modules/*/vmlinuz", "/usr/lib/modules/6.18.1-1.azl4/vmlinuz", true),
            ("/usr/lib/modules/*/vmlinuz", "/usr/lib/modules/vmlinuz", false),
            ("/usr/lib/modules/*/vmlinuz", "/usr/lib/modules/a/b/vmlinuz", false),
            ("/boot/vmlinuz-*-azl", "/boot/vmlinuz-6-azl", true),
            ("/boot/vmlinuz-*-azl", "/boot/vmlinuz-6-azl2", false),
            ("/*", "/", true),
        ] {
            assert_eq!(path_matches(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn clean_paths_have_plain_components() {
        assert!(is_clean_path("/") && is_clean_path("/usr/bin/["));
        for path in ["", "usr", "/usr/", "/usr//bin", "/../etc", "/./a", "/a\0b"] {
            assert!(!is_clean_path(path), "{path}");
        }
    }
}
