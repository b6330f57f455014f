//! Where the bytes of an image come from: sizes by package and by file.

use std::cmp::Reverse;

use crate::tree::{Node, NodeKind, Tree};

/// What one package adds to an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageSize {
    /// The package, as its NEVRA is written.
    pub package: String,
    /// Number of regular files.
    pub files: u64,
    /// Their bytes, before compression and without filesystem overhead.
    pub bytes: u64,
}

/// One regular file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSize {
    /// Absolute path.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
}

impl Tree<'_> {
    /// Returns the size of each package, largest first. A file that several packages own counts for the first; files
    /// of the image itself count for none.
    pub fn package_sizes(&self) -> Vec<PackageSize> {
        let mut sizes = self.sizes_in_order();
        sizes.sort_by_key(|size| Reverse(size.bytes));
        sizes
    }

    /// As [`Tree::package_sizes`], in the order of the packages.
    pub(crate) fn sizes_in_order(&self) -> Vec<PackageSize> {
        let empty = |nevra: String| PackageSize { package: nevra, files: 0, bytes: 0 };
        let mut sizes: Vec<_> = self.packages.iter().map(|header| empty(header.nevra.to_string())).collect();
        for node in self.entries.values().filter(|node| is_file(node)) {
            if let Some(owner) = node.owners.first() {
                sizes[*owner].files += 1;
                sizes[*owner].bytes += node.size();
            }
        }
        sizes
    }

    /// Returns the size of each regular file, largest first.
    pub fn file_sizes(&self) -> Vec<FileSize> {
        let files = self.iter().filter(|(_, node)| is_file(node));
        let mut sizes: Vec<_> =
            files.map(|(path, node)| FileSize { path: path.to_owned(), bytes: node.size() }).collect();
        sizes.sort_by_key(|size| Reverse(size.bytes));
        sizes
    }

    /// Returns the bytes of all regular files.
    pub fn content_bytes(&self) -> u64 {
        self.entries.values().map(Node::size).sum()
    }
}

fn is_file(node: &Node<'_>) -> bool {
    matches!(node.kind, NodeKind::File { .. })
}
