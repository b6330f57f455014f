//! What an image holds, as a value that outlives its tree: for reports, and to tell two images apart.
//!
//! **Invariant:** two listings are equal exactly if the trees have the same files, but for their times.

use std::collections::BTreeMap;

use azl_digest::Digest;
use serde::{Deserialize, Serialize};

use crate::tree::{Node, NodeKind, Tree};

/// The packages and files of an image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Packages by name.
    pub packages: BTreeMap<String, ListedPackage>,
    /// Files by path.
    pub files: BTreeMap<String, ListedFile>,
}

/// A package of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedPackage {
    /// Version, release and architecture.
    pub version: String,
    /// Regular files that count for it.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A file of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedFile {
    /// What it is.
    pub kind: ListedKind,
    /// Permission bits, in octal.
    pub mode: String,
    /// Numeric owner.
    pub uid: u32,
    /// Numeric group.
    pub gid: u32,
    /// Bytes of a regular file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Digest of a regular file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
    /// Target of a symbolic link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// SELinux label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// `security.capability`, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<String>,
    /// Names of the packages that own it; none for what belongs to the image itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<String>,
}

/// The kinds of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListedKind {
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A regular file.
    File,
}

impl Tree<'_> {
    /// Returns what the tree holds.
    pub fn listing(&self) -> Listing {
        let mut packages: BTreeMap<String, ListedPackage> = BTreeMap::new();
        for (header, size) in self.packages.iter().zip(self.sizes_in_order()) {
            let (evr, arch) = (&header.nevra.evr, &header.nevra.arch);
            let version = format!("{}-{}.{arch}", evr.version, evr.release);
            packages.insert(header.nevra.name.clone(), ListedPackage { version, files: size.files, bytes: size.bytes });
        }
        let files = self.iter().map(|(path, node)| (path.to_owned(), self.listed(node)));
        Listing { packages, files: files.collect() }
    }

    fn listed(&self, node: &Node<'_>) -> ListedFile {
        let (kind, content, target) = match &node.kind {
            NodeKind::Directory => (ListedKind::Directory, None, None),
            NodeKind::Symlink { target } => (ListedKind::Link, None, Some(target.to_string())),
            NodeKind::File { content } => (ListedKind::File, Some(content), None),
        };
        let label = node.xattrs.get("security.selinux");
        let label = label.map(|label| String::from_utf8_lossy(label).trim_end_matches('\0').to_owned());
        ListedFile {
            kind,
            mode: format!("{:04o}", node.mode),
            uid: node.uid,
            gid: node.gid,
            bytes: content.map(|content| content.len() as u64),
            sha256: content.map(|content| Digest::of(content)),
            target,
            label,
            capabilities: node.xattrs.get("security.capability").map(hex::encode),
            packages: node.owners.iter().map(|owner| self.packages[*owner].nevra.name.clone()).collect(),
        }
    }
}
