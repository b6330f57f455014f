//! Which paths an archive may use, given the entries before.
//!
//! **Invariant:** a path that was admitted stays below the directory the archive is unpacked in, whatever links the
//! archive holds, because no admitted path has a link among its parents.

use std::collections::BTreeMap;

use crate::ArchiveError;

/// Longest path; Linux's `PATH_MAX`.
const MAX_PATH: usize = 4096;
/// Most entries; the largest source we know (the kernel) has about 95,000.
const MAX_ENTRIES: usize = 4_000_000;

/// What an entry is, as far as later paths are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Node {
    Directory,
    File,
    Link,
}

/// Whether a file may come twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeats {
    /// Never: packages and layers are made by tools that write each path once.
    Refused,
    /// The later file replaces the earlier one, as tar does; appended-to tarballs of old projects have such.
    Files,
}

/// The entries seen so far.
pub(crate) struct Paths {
    nodes: BTreeMap<String, Node>,
    repeats: Repeats,
}

impl Paths {
    pub(crate) fn new(repeats: Repeats) -> Self {
        Self { nodes: BTreeMap::new(), repeats }
    }

    /// Admits an entry and returns its path in plain form (`a/b`, no leading `./`); `None` is the top directory itself.
    ///
    /// # Errors
    /// [`ArchiveError::Unsafe`] if the path could lead out of the archive or gives a second meaning to an earlier one.
    pub(crate) fn admit(&mut self, raw: &[u8], node: Node) -> Result<Option<String>, ArchiveError> {
        let refuse = |reason: &str| ArchiveError::unsafe_entry(raw, reason);
        let path = plain(raw)?;
        if path.is_empty() {
            return if node == Node::Directory { Ok(None) } else { Err(refuse("has an empty name")) };
        }
        self.refuse_linked_parent(raw, &path)?;
        match self.nodes.get(&path) {
            None => {}
            Some(Node::Directory) if node == Node::Directory => {}
            Some(Node::File) if node == Node::File && self.repeats == Repeats::Files => {}
            Some(_) => return Err(refuse("appears twice")),
        }
        if self.nodes.len() >= MAX_ENTRIES {
            return Err(refuse("is one too many: the archive has more than 4,000,000 entries"));
        }
        self.nodes.insert(path.clone(), node);
        Ok(Some(path))
    }

    /// Returns the plain path of an earlier regular file that a hard link names.
    ///
    /// # Errors
    /// [`ArchiveError::Unsafe`] if there is no such file.
    pub(crate) fn hard_link(&self, raw: &[u8], target: &[u8]) -> Result<String, ArchiveError> {
        let path = plain(target)?;
        if self.nodes.get(&path) == Some(&Node::File) {
            return Ok(path);
        }
        let target = String::from_utf8_lossy(target).escape_debug().to_string();
        Err(ArchiveError::unsafe_entry(
            raw,
            format!("is a hard link to `{target}`, which is no earlier file of the archive"),
        ))
    }

    fn refuse_linked_parent(&self, raw: &[u8], path: &str) -> Result<(), ArchiveError> {
        for (end, _) in path.match_indices('/') {
            let parent = &path[..end];
            match self.nodes.get(parent) {
                None | Some(Node::Directory) => {}
                Some(Node::Link) => {
                    return Err(ArchiveError::unsafe_entry(
                        raw,
                        format!("lies behind the link `{}`", parent.escape_debug()),
                    ));
                }
                Some(Node::File) => {
                    return Err(ArchiveError::unsafe_entry(
                        raw,
                        format!("lies below the file `{}`", parent.escape_debug()),
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Checks the form of a path and drops `./` and trailing slashes.
fn plain(raw: &[u8]) -> Result<String, ArchiveError> {
    let refuse = |reason: &str| Err(ArchiveError::unsafe_entry(raw, reason));
    if raw.len() > MAX_PATH {
        return refuse("has a name of more than 4096 bytes");
    }
    let Ok(text) = std::str::from_utf8(raw) else { return refuse("has a name that is not UTF-8") };
    if text.starts_with('/') {
        return refuse("is absolute");
    }
    if text.chars().any(|c| c.is_control()) {
        return refuse("has a control character in its name");
    }
    let parts: Vec<&str> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.contains(&"..") {
        return refuse("climbs with `..`");
    }
    Ok(parts.join("/"))
}

/// Returns whether a link at `path` leads out of the archive when it is followed from its own directory.
pub(crate) fn escapes(path: &str, target: &str) -> bool {
    if target.starts_with('/') {
        return true;
    }
    let mut depth = path.matches('/').count();
    for part in target.split('/').filter(|part| !matches!(*part, "" | ".")) {
        match (part, depth) {
            ("..", 0) => return true,
            ("..", _) => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(paths: &mut Paths, raw: &[u8]) -> String {
        paths.admit(raw, Node::File).expect_err("refused").to_string()
    }

    #[test]
    fn plain_form_drops_dots_and_slashes() {
        let mut paths = Paths::new(Repeats::Refused);
        assert_eq!(paths.admit(b"./usr//bin/", Node::Directory).expect("plain"), Some("usr/bin".to_owned()));
        assert_eq!(paths.admit(b"./", Node::Directory).expect("the top"), None);
    }

    #[test]
    fn paths_that_lead_out_are_refused_with_the_reason() {
        let mut paths = Paths::new(Repeats::Refused);
        paths.admit(b"lib", Node::Link).expect("a link");
        paths.admit(b"file", Node::File).expect("a file");
        let cases: &[(&[u8], &str)] = &[
            (b"/etc/passwd", "is absolute"),
            (b"a/../../b", "climbs with `..`"),
            (b"lib/x", "behind the link `lib`"),
            (b"file/x", "below the file `file`"),
            (b"a\nb", "control character"),
            (b"\xff", "not UTF-8"),
            (b"file", "appears twice"),
            (b"", "empty name"),
            (&[b'a'; 5000], "more than 4096"),
        ];
        for (raw, expected) in cases {
            let message = reason(&mut paths, raw);
            assert!(message.contains(expected), "{message} lacks {expected}");
        }
    }

    #[test]
    fn repeated_files_are_for_sources_only() {
        let mut paths = Paths::new(Repeats::Files);
        paths.admit(b"f", Node::File).expect("a file");
        paths.admit(b"f", Node::File).expect("the same file again");
        assert!(paths.admit(b"f", Node::Link).is_err());
    }

    #[test]
    fn hard_links_name_earlier_files_only() {
        let mut paths = Paths::new(Repeats::Refused);
        paths.admit(b"a", Node::File).expect("a file");
        assert_eq!(paths.hard_link(b"b", b"./a").expect("an earlier file"), "a");
        assert!(paths.hard_link(b"b", b"c").is_err() && paths.hard_link(b"b", b"../a").is_err());
    }

    #[test]
    fn a_link_escapes_when_it_climbs_above_the_top() {
        assert!(!escapes("a/b/link", "../../x") && !escapes("a/link", "b/../c"));
        assert!(escapes("a/link", "../../x") && escapes("link", "..") && escapes("a/link", "/etc/passwd"));
    }
}
