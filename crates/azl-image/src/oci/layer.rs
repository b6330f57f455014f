//! The layer: a POSIX pax tar of the tree, sorted by path, numeric owners only, compressed with gzip.
//!
//! Names or link targets that a ustar header cannot hold, and extended attributes, go into pax records; nothing else
//! does, so that two writers of the same tree agree.
//!
//! **Invariant:** no user or group name, no device number, no access or change time and no gzip time is written.

use std::collections::BTreeMap;
use std::io::{self, Write};

use azl_digest::{Digest, Hasher};
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use super::OciError;
use crate::tree::{Node, NodeKind, Tree};

/// zlib's default; 9 costs twice the time for one percent.
const GZIP_LEVEL: u32 = 6;
/// The gzip header's operating system field for "unknown".
const GZIP_OS_UNKNOWN: u8 = 255;
/// Bytes a ustar header has for a name and for a link target.
const USTAR_FIELD: usize = 100;
/// pax records of extended attributes, as GNU tar, libarchive and container runtimes read them.
const PAX_XATTR: &str = "SCHILY.xattr.";

/// A finished layer.
pub(super) struct Layer {
    pub(super) compressed: Vec<u8>,
    pub(super) diff_id: Digest,
    pub(super) unpacked_size: u64,
}

/// Archives and compresses all files of `tree`.
pub(super) fn layer(tree: &Tree<'_>) -> Result<Layer, OciError> {
    let encoder =
        GzBuilder::new().mtime(0).operating_system(GZIP_OS_UNKNOWN).write(Vec::new(), Compression::new(GZIP_LEVEL));
    let mut builder = Builder::new(Measured { inner: encoder, hasher: Hasher::new(), size: 0 });
    for (path, node) in tree.iter() {
        append(&mut builder, path, node).map_err(|source| OciError::Archive { path: path.to_owned(), source })?;
    }
    finish(builder).map_err(|source| OciError::Archive { path: "/".to_owned(), source })
}

/// Archives files of a layout, without compression.
pub(super) fn archive(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, OciError> {
    let mut builder = Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = Header::new_ustar();
        header.set_mode(0o644);
        let entry = Entry { header, kind: EntryType::Regular, name: path, target: None, records: Vec::new() };
        append_entry(&mut builder, entry, content)
            .map_err(|source| OciError::Archive { path: path.clone(), source })?;
    }
    builder.into_inner().map_err(|source| OciError::Archive { path: "oci-layout".to_owned(), source })
}

fn finish(builder: Builder<Measured<GzEncoder<Vec<u8>>>>) -> io::Result<Layer> {
    let measured = builder.into_inner()?;
    let compressed = measured.inner.finish()?;
    Ok(Layer { compressed, diff_id: measured.hasher.finish().0, unpacked_size: measured.size })
}

fn append<W: Write>(builder: &mut Builder<W>, path: &str, node: &Node<'_>) -> io::Result<()> {
    let relative = path.trim_start_matches('/');
    let (kind, name, target, content) = match &node.kind {
        NodeKind::Directory => (EntryType::Directory, format!("./{relative}/").replace("//", "/"), None, &[][..]),
        NodeKind::Symlink { target } => (EntryType::Symlink, format!("./{relative}"), Some(&**target), &[][..]),
        NodeKind::File { content } => (EntryType::Regular, format!("./{relative}"), None, &content[..]),
    };
    let name = if path == "/" { "./" } else { name.trim_start_matches("./") };
    let mut header = Header::new_ustar();
    header.set_mode(node.mode);
    header.set_uid(node.uid.into());
    header.set_gid(node.gid.into());
    header.set_mtime(node.mtime);
    let records = node.xattrs.iter().map(|(name, value)| (format!("{PAX_XATTR}{name}"), value.clone())).collect();
    append_entry(builder, Entry { header, kind, name, target, records }, content)
}

struct Entry<'e> {
    header: Header,
    kind: EntryType,
    name: &'e str,
    target: Option<&'e str>,
    records: Vec<(String, Vec<u8>)>,
}

/// Appends one entry, with a pax header before it if it needs one.
fn append_entry<W: Write>(builder: &mut Builder<W>, entry: Entry<'_>, content: &[u8]) -> io::Result<()> {
    let Entry { mut header, kind, name, target, mut records } = entry;
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    let fields = header.as_ustar_mut().ok_or_else(|| io::Error::other("not a ustar header"))?;
    for (field, record, text) in [(&mut fields.name, "path", Some(name)), (&mut fields.linkname, "linkpath", target)] {
        let bytes = text.unwrap_or_default().as_bytes();
        let kept = bytes.len().min(USTAR_FIELD);
        field[..kept].copy_from_slice(&bytes[..kept]);
        if kept < bytes.len() {
            records.push((record.to_owned(), bytes.to_vec()));
        }
    }
    header.set_cksum();
    records.sort();
    builder.append_pax_extensions(records.iter().map(|(key, value)| (key.as_str(), value.as_slice())))?;
    builder.append(&header, content)
}

/// Counts and hashes what passes through.
struct Measured<W> {
    inner: W,
    hasher: Hasher,
    size: u64,
}

impl<W: Write> Write for Measured<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
