//! Trees of files by digest: the input root that is sent, the outputs that come back. Pure.
//!
//! A tree carries names, content and the executable bit, no owners, links of files or capabilities. So a root is never
//! sent as a tree, but as the packages it is composed of.

use std::collections::BTreeMap;

use crate::api;
use crate::blobs::{Payload, parsed};
use crate::error::RemoteError;

/// Whether a file of the input root can be executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Program,
    Data,
}

/// Makes a directory; names are in the order the interface demands, by bytes.
pub(crate) fn directory(
    files: &BTreeMap<String, (api::Digest, Kind)>,
    directories: &BTreeMap<String, api::Digest>,
) -> api::Directory {
    let file = |(name, (digest, kind)): (&String, &(api::Digest, Kind))| api::FileNode {
        name: name.clone(),
        digest: Some(digest.clone()),
        is_executable: *kind == Kind::Program,
        node_properties: None,
    };
    let child = |(name, digest): (&String, &api::Digest)| api::DirectoryNode {
        name: name.clone(),
        digest: Some(digest.clone()),
    };
    api::Directory {
        files: files.iter().map(file).collect(),
        directories: directories.iter().map(child).collect(),
        ..api::Directory::default()
    }
}

/// Returns the files of an output tree by path.
pub(crate) fn files(tree: &api::Tree) -> Result<BTreeMap<String, api::Digest>, RemoteError> {
    let children: BTreeMap<String, &api::Directory> =
        tree.children.iter().map(|child| (Payload::message(child).digest.hash, child)).collect();
    let mut found = BTreeMap::new();
    let mut open = vec![(String::new(), tree.root.as_ref().ok_or_else(|| malformed("it has no root"))?, 0)];
    while let Some((prefix, directory, depth)) = open.pop() {
        if let Some(link) = directory.symlinks.first() {
            return Err(malformed(&format!("output `{prefix}{}` is not a regular file", link.name)));
        }
        for file in &directory.files {
            let digest = file.digest.clone().ok_or_else(|| malformed("a file has no digest"))?;
            parsed(&digest)?;
            if found.insert(format!("{prefix}{}", sound(&file.name)?), digest).is_some() {
                return Err(malformed(&format!("it has two files `{prefix}{}`", file.name)));
            }
        }
        for below in &directory.directories {
            let hash = below.digest.as_ref().map_or("", |digest| digest.hash.as_str());
            let child = children.get(hash).ok_or_else(|| malformed("a directory is not among its children"))?;
            if depth == MAX_DEPTH {
                return Err(malformed("it is too deep"));
            }
            open.push((format!("{prefix}{}/", sound(&below.name)?), child, depth + 1));
        }
    }
    Ok(found)
}

/// A tree cannot hold itself, but it can be made to look endless.
const MAX_DEPTH: usize = 64;

fn sound(name: &str) -> Result<&str, RemoteError> {
    let odd = name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']);
    if odd { Err(malformed(&format!("`{}` is no file name", name.escape_debug()))) } else { Ok(name) }
}

fn malformed(problem: &str) -> RemoteError {
    RemoteError::Dishonest(format!("the tree of outputs cannot be used: {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(content: &str) -> api::Digest {
        Payload::of(content.as_bytes().to_vec()).digest
    }

    fn tree(name: &str, below: &str) -> api::Tree {
        let child = directory(&BTreeMap::from([("f".to_owned(), (digest("f"), Kind::Data))]), &BTreeMap::new());
        let child_digest = Payload::message(&child).digest;
        let files = BTreeMap::from([(name.to_owned(), (digest("g"), Kind::Data))]);
        let root = directory(&files, &BTreeMap::from([(below.to_owned(), child_digest)]));
        api::Tree { root: Some(root), children: vec![child] }
    }

    #[test]
    fn files_of_a_tree_are_named_by_their_path() {
        let found = files(&tree("g", "d")).expect("a tree");
        assert_eq!(found, BTreeMap::from([("d/f".to_owned(), digest("f")), ("g".to_owned(), digest("g"))]));
    }

    #[test]
    fn names_that_lead_elsewhere_links_and_lost_directories_are_refused() {
        for odd in ["..", ".", "", "a/b", "/etc"] {
            assert!(files(&tree(odd, "d")).is_err() && files(&tree("g", odd)).is_err(), "{odd}");
        }
        assert!(files(&api::Tree { children: Vec::new(), ..tree("g", "d") }).is_err());
        let mut linked = tree("g", "d");
        let link = api::SymlinkNode { name: "l".to_owned(), target: "/etc/passwd".to_owned(), node_properties: None };
        linked.children[0].symlinks.push(link);
        linked.root.as_mut().expect("a root").directories[0].digest =
            Some(Payload::message(&linked.children[0]).digest);
        assert!(files(&linked).expect_err("a link").to_string().contains("`d/l` is not a regular file"));
    }
}
