//! Files as values: path to bytes.
//!
//! **Invariant:** paths are relative, use `/`, and have no empty, `.` or `..` part.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The content of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// Bytes.
    pub bytes: Arc<[u8]>,
    /// Whether the file may be executed.
    pub executable: bool,
}

impl FileEntry {
    /// Makes an ordinary file.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { bytes: bytes.into(), executable: false }
    }

    /// Returns the file with other bytes and the same mode.
    #[must_use]
    pub fn with_bytes(&self, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { bytes: bytes.into(), executable: self.executable }
    }
}

/// A set of files by path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileSet(BTreeMap<String, FileEntry>);

impl FileSet {
    /// Makes an empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a file.
    pub fn get(&self, path: &str) -> Option<&FileEntry> {
        self.0.get(path)
    }

    /// Returns whether there is such a file.
    pub fn contains(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// Adds or replaces a file.
    pub fn insert(&mut self, path: impl Into<String>, entry: FileEntry) {
        self.0.insert(path.into(), entry);
    }

    /// Takes a file out.
    pub fn remove(&mut self, path: &str) -> Option<FileEntry> {
        self.0.remove(path)
    }

    /// Keeps the files `wanted` says.
    pub fn retain(&mut self, wanted: impl Fn(&str) -> bool) {
        self.0.retain(|path, _| wanted(path));
    }

    /// Returns all files in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &FileEntry)> {
        self.0.iter().map(|(path, entry)| (path.as_str(), entry))
    }

    /// Returns the files below a directory, with paths relative to it.
    #[must_use]
    pub fn below(&self, directory: &str) -> Self {
        if directory.is_empty() {
            return self.clone();
        }
        let prefix = format!("{directory}/");
        let range = self.0.range(prefix.clone()..).take_while(|(path, _)| path.starts_with(&prefix));
        range.map(|(path, entry)| (path[prefix.len()..].to_owned(), entry.clone())).collect()
    }

    /// Returns a file as text, if it is there and is UTF-8.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(path).and_then(|entry| std::str::from_utf8(&entry.bytes).ok())
    }

    /// Returns how many files there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(String, FileEntry)> for FileSet {
    fn from_iter<T: IntoIterator<Item = (String, FileEntry)>>(files: T) -> Self {
        Self(files.into_iter().collect())
    }
}

/// A path that is absolute or leaves the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidPath(
    /// The path as written.
    pub String,
);

impl fmt::Display for InvalidPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "path leaves the tree: `{}`", self.0)
    }
}

impl std::error::Error for InvalidPath {}

/// Returns `path`, which is relative to `directory`, as a path of the tree; `.` and `..` are resolved.
pub fn join(directory: &str, path: &str) -> Result<String, InvalidPath> {
    let invalid = || InvalidPath(path.to_owned());
    if path.starts_with('/') {
        return Err(invalid());
    }
    let mut parts: Vec<&str> = directory.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop().ok_or_else(invalid)?),
            _ => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// Returns the directory part of a path; empty at the root of the tree.
pub fn directory_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_inside_the_tree_only() {
        assert_eq!(join("base/comps", "../x/./y").as_deref(), Ok("base/x/y"));
        assert_eq!(join("", "a").as_deref(), Ok("a"));
        assert!(join("a", "../../b").is_err());
        assert!(join("a", "/etc/passwd").is_err());
    }

    #[test]
    fn below_takes_whole_directory_names() {
        let files: FileSet =
            ["a/x", "a/b/y", "ab/z"].map(|path| (path.to_owned(), FileEntry::new(*b""))).into_iter().collect();
        assert_eq!(files.below("a").iter().map(|(path, _)| path.to_owned()).collect::<Vec<_>>(), ["b/y", "x"]);
    }
}
