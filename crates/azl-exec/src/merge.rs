//! Merging the files of several layers into one root, as values.
//!
//! A later layer's file replaces an earlier one's. A path that leads through a directory link of an
//! earlier layer (`/bin/sh` where `/bin` is a link to `usr/bin`) lands where the link leads.
//!
//! **Invariant:** the merged root depends on the layers and their order alone; every parent of an entry
//! is a directory of the root.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What is at a path of a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// A directory.
    Directory,
    /// A regular file; its bytes lie in the layer's tree under the given relative path.
    File {
        /// Path relative to the store's `trees/`.
        source: String,
    },
    /// A symbolic link.
    Link {
        /// Its target as written.
        target: String,
    },
}

/// The entries of one layer, by path relative to the root, without leading `/`.
pub type Listing = BTreeMap<String, Entry>;

/// A layer written by hand rather than unpacked: the fix-ups of a seed. Stored as `<name>.layer.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerFiles {
    /// Symbolic links: path → target.
    #[serde(default)]
    pub links: BTreeMap<String, String>,
    /// Files: path → content.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Empty directories.
    #[serde(default)]
    pub directories: Vec<String>,
}

/// Merges layers, first to last.
pub fn merge<'a>(layers: impl IntoIterator<Item = &'a Listing>) -> Listing {
    let mut root = Listing::new();
    for layer in layers {
        for (path, entry) in layer {
            insert(&mut root, path, entry);
        }
    }
    root
}

/// Links may lead through links; more than this many is a loop.
const MAX_LINKS: usize = 16;

fn insert(root: &mut Listing, path: &str, entry: &Entry) {
    let path = resolve_parents(root, path);
    add_parents(root, &path);
    let existing = root.get(&path);
    // A directory does not replace a link to a directory: /lib64 stays a link when a package names it as directory.
    if matches!(entry, Entry::Directory) && matches!(existing, Some(Entry::Link { .. } | Entry::Directory)) {
        return;
    }
    if matches!(existing, Some(Entry::Directory)) {
        let below = format!("{path}/");
        root.retain(|other, _| !other.starts_with(&below));
    }
    root.insert(path, entry.clone());
}

fn add_parents(root: &mut Listing, path: &str) {
    for (at, _) in path.match_indices('/') {
        root.entry(path[..at].to_owned()).or_insert(Entry::Directory);
    }
}

/// Follows directory links among the parents of `path`.
fn resolve_parents(root: &Listing, path: &str) -> String {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let link = path.match_indices('/').find_map(|(at, _)| match root.get(&path[..at]) {
            Some(Entry::Link { target }) => Some((at, target.clone())),
            _ => None,
        });
        let Some((at, target)) = link else { break };
        path = format!("{}{}", join(parent(&path[..at]), &target), &path[at..]);
    }
    path
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// Joins a link's target to the directory the link is in; `..` cannot leave the root.
fn join(directory: &str, target: &str) -> String {
    let mut parts: Vec<&str> = if target.starts_with('/') { Vec::new() } else { directory.split('/').collect() };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(source: &str) -> Entry {
        Entry::File { source: source.to_owned() }
    }

    fn link(target: &str) -> Entry {
        Entry::Link { target: target.to_owned() }
    }

    fn listing(entries: &[(&str, Entry)]) -> Listing {
        entries.iter().map(|(path, entry)| ((*path).to_owned(), entry.clone())).collect()
    }

    #[test]
    fn a_path_through_a_directory_link_lands_where_the_link_leads() {
        let base = listing(&[("bin", link("usr/bin")), ("usr/bin", Entry::Directory)]);
        let package = listing(&[("bin/sh", file("1"))]);
        let root = merge([&base, &package]);
        assert_eq!(root.get("usr/bin/sh"), Some(&file("1")));
        assert_eq!(root.get("bin"), Some(&link("usr/bin")));
    }

    #[test]
    fn absolute_and_upward_links_stay_inside_the_root() {
        let base = listing(&[("a/l", link("/x")), ("b/m", link("../../../y"))]);
        let package = listing(&[("a/l/f", file("1")), ("b/m/g", file("2"))]);
        let root = merge([&base, &package]);
        assert!(root.contains_key("x/f") && root.contains_key("y/g"));
    }

    #[test]
    fn the_last_layer_wins_and_parents_appear() {
        let root = merge([&listing(&[("d/f", file("1"))]), &listing(&[("d/f", file("2")), ("e/f/g", file("3"))])]);
        assert_eq!(root.get("d/f"), Some(&file("2")));
        assert_eq!(root.get("e/f"), Some(&Entry::Directory));
    }

    #[test]
    fn a_directory_does_not_replace_a_link_to_one() {
        let root = merge([&listing(&[("lib64", link("usr/lib64"))]), &listing(&[("lib64", Entry::Directory)])]);
        assert_eq!(root.get("lib64"), Some(&link("usr/lib64")));
    }

    #[test]
    fn a_loop_of_links_ends() {
        let base = listing(&[("a", link("b")), ("b", link("a"))]);
        merge([&base, &listing(&[("a/f", file("1"))])]);
    }
}
