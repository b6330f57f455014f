//! The root filesystem, written by the crate `mkext4`.
//!
//! That crate streams, takes every identifier and time as input and sets owners, modes, links and extended
//! attributes, which is all a root filesystem needs; `e2fsck` judges the result in the tests. Its bytes may change
//! between versions, therefore the workspace pins one.
//!
//! `/lost+found` is that crate's own directory, which takes no attributes; its label is written into the inode on the way
//! out (`lost_found`).
//!
//! Not here: growing (the booted system does it) and any other filesystem.
//!
//! **Invariant:** entries are declared in the tree's order, the only order that reaches the bytes.

mod lost_found;

use std::collections::BTreeMap;
use std::io;

use mkext4::{FsBuilder, InodeCount, InodeHandle, Meta, Options, ROOT, RegionSink};

use super::sink::Window;
use super::{DiskError, MIB};
use crate::seed::Uuid;
use crate::tree::{Node, NodeKind, Tree, split};

const BLOCK: u64 = 4096;
const LOST_AND_FOUND: &str = "/lost+found";
const LABEL: &str = "security.selinux";
/// One inode for so many bytes, mke2fs's default ratio.
const BYTES_PER_INODE: u64 = 16_384;
/// Blocks kept back for root, in percent; mke2fs's 5 would cost a grown disk gigabytes.
const RESERVED_PERCENT: u8 = 1;

/// A filesystem to be written.
pub(super) struct Volume<'v> {
    /// Bytes; whole MiB.
    pub(super) size: u64,
    pub(super) uuid: Uuid,
    pub(super) label: &'v str,
}

impl Volume<'_> {
    /// Writes the filesystem with all files of `tree` and returns the bytes in use, metadata and journal included.
    pub(super) fn write(&self, tree: &Tree<'_>, window: &mut Window<'_>) -> Result<u64, DiskError> {
        let refused = |error: mkext4::Error| match error {
            mkext4::Error::Io(error) => DiskError::Write(error),
            error => DiskError::Root {
                size_mib: self.size / MIB,
                content_mib: tree.content_bytes() / MIB,
                why: error.to_string(),
            },
        };
        let mut builder = FsBuilder::new(self.options(tree)).map_err(refused)?;
        let files = declare(tree, &mut builder).map_err(refused)?;
        let layout = builder.seal().map_err(refused)?;
        let label = tree.get(LOST_AND_FOUND).and_then(|node| node.xattrs.get(LABEL));
        let mut regions = Regions { window, superblock: Vec::new(), label: label.map(Vec::as_slice), inodes: None };
        let mut writer = layout.writer(&mut regions).map_err(refused)?;
        for (handle, mut content) in files {
            writer.fill(handle, &mut content).map_err(refused)?;
        }
        writer.finish().map_err(refused)?;
        Ok(regions.used())
    }

    fn options(&self, tree: &Tree<'_>) -> Options {
        let mut options = Options::new(self.size, *self.uuid.as_bytes(), tree.epoch as i64);
        options.label = Some(self.label.to_owned());
        options.reserved_percent = RESERVED_PERCENT;
        let wanted = 2 * tree.len() as u64;
        if wanted > self.size / BYTES_PER_INODE {
            options.inodes = InodeCount::Exact(u32::try_from(wanted).unwrap_or(u32::MAX));
        }
        options
    }
}

/// Declares every file and returns those with content, which must be filled in this order.
fn declare<'t>(tree: &'t Tree<'_>, builder: &mut FsBuilder) -> mkext4::Result<Vec<(InodeHandle, &'t [u8])>> {
    let mut directories: BTreeMap<&str, InodeHandle> = BTreeMap::new();
    let mut files = Vec::new();
    let own = |path: &str, node: &Node<'_>| path == LOST_AND_FOUND && node.kind == NodeKind::Directory;
    for (path, node) in tree.iter().filter(|(path, node)| !own(path, node)) {
        let meta = Meta::new(node.mode as u16, node.uid, node.gid, (node.mtime as i64, 0));
        let handle = match split(path) {
            None => {
                builder.set_meta(ROOT, meta)?;
                ROOT
            }
            Some((parent, name)) => {
                let parent = directories.get(parent).copied().ok_or_else(|| orphan(path))?;
                declare_one(builder, parent, name, node, meta)?
            }
        };
        match &node.kind {
            NodeKind::Directory => _ = directories.insert(path, handle),
            NodeKind::File { content } if !content.is_empty() => files.push((handle, &**content)),
            NodeKind::File { .. } | NodeKind::Symlink { .. } => {}
        }
        for (name, value) in &node.xattrs {
            builder.set_xattr(handle, name, value)?;
        }
    }
    Ok(files)
}

fn declare_one(
    builder: &mut FsBuilder,
    parent: InodeHandle,
    name: &str,
    node: &Node<'_>,
    meta: Meta,
) -> mkext4::Result<InodeHandle> {
    match &node.kind {
        NodeKind::Directory => builder.mkdir(parent, name, meta),
        NodeKind::Symlink { target } => builder.symlink(parent, name, target, meta),
        NodeKind::File { content } => builder.file(parent, name, meta, content.len() as u64),
    }
}

fn orphan(path: &str) -> mkext4::Error {
    mkext4::Error::Invalid(format!("the directory of `{path}` is not in the tree"))
}

/// Passes regions on and keeps the primary superblock, which knows how many blocks are free.
struct Regions<'w, 's> {
    window: &'w mut Window<'s>,
    superblock: Vec<u8>,
    /// Label of `/lost+found`.
    label: Option<&'w [u8]>,
    /// First byte of the first inode table.
    inodes: Option<u64>,
}

impl Regions<'_, '_> {
    /// Returns the bytes in use by `s_blocks_count_lo` and `s_free_blocks_count_lo`.
    fn used(&self) -> u64 {
        word(&self.superblock, 0x04).saturating_sub(word(&self.superblock, 0x0c)) * BLOCK
    }
}

fn word(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..at + 4) {
        Some(&[a, b, c, d]) => u64::from(u32::from_le_bytes([a, b, c, d])),
        _ => 0,
    }
}

impl RegionSink for Regions<'_, '_> {
    fn data(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if offset == 0 {
            self.superblock = bytes.get(1024..2048).unwrap_or_default().to_vec();
        }
        // The first group descriptor begins the second block; `bg_inode_table_lo`.
        if let Some(descriptor) = BLOCK.checked_sub(offset).and_then(|at| bytes.get(at as usize..)?.get(..32)) {
            self.inodes = Some(word(descriptor, 8) * BLOCK);
        }
        match self.label.filter(|_| self.inodes == Some(offset)) {
            Some(label) => {
                let labelled = lost_found::with_label(bytes, label, &self.superblock).map_err(io::Error::other)?;
                self.window.write_at(offset, &labelled)
            }
            None => self.window.write_at(offset, bytes),
        }
    }

    fn zeros(&mut self, _offset: u64, _len: u64) -> io::Result<()> {
        Ok(())
    }
}
