//! Unpacked packages, each once per store: `trees/<digest>/` with its listing in `trees/<digest>.json`.
//!
//! **Invariant:** the listing appears last, in one step; a tree without one is unfinished and made again.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use azl_action::Blob;
use azl_action::ports::{BlobStore, PortError};
use azl_host::{FileError, files};

use crate::merge::{Entry, LayerFiles, Listing};

/// Returns the listing of a layer, unpacking it first if the store does not have it yet; the caller sees to it that no
/// other process does so at the same time.
///
/// # Errors
/// If the blob is not a package this program can unpack, or the store cannot be written.
pub fn listing(trees: &Path, layer: &Blob, store: &dyn BlobStore) -> Result<Listing, PortError> {
    let name = layer.digest.to_string();
    let index = trees.join(format!("{name}.json"));
    if let Ok(bytes) = files::read(&index)
        && let Ok(listing) = serde_json::from_slice(&bytes)
    {
        files::touch(&index).map_err(file_error)?;
        return Ok(listing);
    }
    let bytes = store.read(layer.digest)?;
    let mut writer =
        TreeWriter { directory: store.scratch("unpack")?, tree: name.clone(), files: 0, listing: Listing::new() };
    unpack(layer, &bytes, &mut writer)?;
    let tree = trees.join(&name);
    files::remove_dir_all(&tree).map_err(file_error)?;
    files::rename(&writer.directory, &tree).map_err(file_error)?;
    let json = serde_json::to_vec(&writer.listing).map_err(|error| PortError::Infrastructure(error.to_string()))?;
    files::write_atomic(&index, &json).map_err(file_error)?;
    Ok(writer.listing)
}

pub(crate) fn file_error(error: FileError) -> PortError {
    let hint =
        if error.is_full() { "\n  hint: the disk of the store is full; free space or set AZL_STORE" } else { "" };
    PortError::Infrastructure(format!("{error}{hint}"))
}

/// Writes the regular files of a package, numbered, so that no name of the package is ever a host path.
struct TreeWriter {
    directory: PathBuf,
    tree: String,
    files: usize,
    listing: Listing,
}

impl TreeWriter {
    fn add(&mut self, path: &str, entry: Entry) {
        self.listing.insert(path.trim_start_matches('/').to_owned(), entry);
    }

    /// Set-id bits are dropped: nothing in a sandbox may change its user.
    fn file(&mut self, path: &str, mode: u32, content: &mut dyn Read) -> Result<(), FileError> {
        let number = self.files.to_string();
        self.files += 1;
        files::copy_new(content, self.directory.join(&number), (mode & 0o755) | 0o444)?;
        let source = format!("{}/{number}", self.tree);
        self.add(path, Entry::File { source });
        Ok(())
    }
}

fn unpack(layer: &Blob, bytes: &[u8], writer: &mut TreeWriter) -> Result<(), PortError> {
    let malformed = |error: String| PortError::Input(format!("cannot unpack `{}`: {error}", layer.name));
    if layer.name.ends_with(".deb") {
        return unpack_deb(bytes, writer).map_err(malformed);
    }
    if layer.name.ends_with(".rpm") {
        return unpack_rpm(bytes, writer).map_err(malformed);
    }
    if layer.name.ends_with(".layer.json") {
        return unpack_fixups(bytes, writer).map_err(malformed);
    }
    Err(malformed("a layer is a .deb, a .rpm or a .layer.json".to_owned()))
}

fn unpack_deb(bytes: &[u8], writer: &mut TreeWriter) -> Result<(), String> {
    let mut visit = |entry: azl_deb::Entry<'_>| -> io::Result<()> {
        match entry.kind {
            azl_deb::Kind::Directory => writer.add(&entry.path, Entry::Directory),
            azl_deb::Kind::Symlink(target) => writer.add(&entry.path, Entry::Link { target }),
            azl_deb::Kind::HardLink(target) => {
                if let Some(same) = writer.listing.get(&target).cloned() {
                    writer.add(&entry.path, same);
                }
            }
            azl_deb::Kind::File { content, .. } => {
                writer.file(&entry.path, entry.mode, content).map_err(io::Error::other)?;
            }
        }
        Ok(())
    };
    azl_deb::unpack(bytes, &mut visit).map(drop).map_err(|error| error.to_string())
}

fn unpack_rpm(bytes: &[u8], writer: &mut TreeWriter) -> Result<(), String> {
    for file in azl_rpm::read_files(bytes).map_err(|error| error.to_string())? {
        let path = file.entry.path;
        match file.entry.kind {
            _ if file.entry.ghost => {}
            azl_rpm::FileKind::Directory => writer.add(&path, Entry::Directory),
            azl_rpm::FileKind::Symlink { target } => writer.add(&path, Entry::Link { target }),
            azl_rpm::FileKind::Regular => {
                writer.file(&path, file.entry.mode, &mut file.content.as_slice()).map_err(|error| error.to_string())?;
            }
            other => return Err(format!("`{path}` is a {other:?}, which a root cannot hold")),
        }
    }
    Ok(())
}

fn unpack_fixups(bytes: &[u8], writer: &mut TreeWriter) -> Result<(), String> {
    let layer: LayerFiles = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    for path in &layer.directories {
        writer.add(path, Entry::Directory);
    }
    for (path, content) in &layer.files {
        writer.file(path, 0o644, &mut content.as_bytes()).map_err(|error| error.to_string())?;
    }
    for (path, target) in layer.links {
        writer.add(&path, Entry::Link { target });
    }
    Ok(())
}
