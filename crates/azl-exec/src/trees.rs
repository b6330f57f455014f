//! Unpacked packages, each once per store: `trees/<digest>/` with its listing in `trees/<digest>.json`.
//!
//! **Invariant:** the listing appears last, in one step; a tree without one is unfinished and made again.

use std::path::PathBuf;

use azl_action::Blob;
use azl_action::ports::{BlobStore, PortError};
use azl_host::{FileError, files};

use crate::merge::{Entry, LayerFiles, Listing};

/// A regular file to unpack.
struct Unpacked {
    path: String,
    kind: UnpackedKind,
}

enum UnpackedKind {
    Directory,
    File { mode: u32, content: Vec<u8> },
    Link { target: String },
    /// Another name of a file that came before.
    HardLink { target: String },
}

/// Returns the listing of a layer, unpacking it first if the store does not have it yet.
///
/// # Errors
/// If the blob is not a package this program can unpack, or the store cannot be written.
pub fn listing(trees: &std::path::Path, layer: &Blob, store: &dyn BlobStore) -> Result<Listing, PortError> {
    let name = layer.digest.to_string();
    let index = trees.join(format!("{name}.json"));
    if let Ok(bytes) = files::read(&index)
        && let Ok(listing) = serde_json::from_slice(&bytes)
    {
        return Ok(listing);
    }
    let unpacked = open(layer, &store.read(layer.digest)?)?;
    let scratch = store.scratch("unpack")?;
    let listing = write(&scratch, &name, unpacked).map_err(file_error)?;
    let tree = trees.join(&name);
    files::remove_dir_all(&tree).map_err(file_error)?;
    files::rename(&scratch, &tree).map_err(file_error)?;
    let json = serde_json::to_vec(&listing).map_err(|error| PortError::Infrastructure(error.to_string()))?;
    files::write_atomic(&index, &json).map_err(file_error)?;
    Ok(listing)
}

pub(crate) fn file_error(error: FileError) -> PortError {
    let hint = if error.is_full() { "\n  hint: the disk of the store is full; free space or set AZL_STORE" } else { "" };
    PortError::Infrastructure(format!("{error}{hint}"))
}

fn open(layer: &Blob, bytes: &[u8]) -> Result<Vec<Unpacked>, PortError> {
    let malformed = |error: String| PortError::Input(format!("cannot unpack `{}`: {error}", layer.name));
    if layer.name.ends_with(".deb") {
        return open_deb(bytes).map_err(malformed);
    }
    if layer.name.ends_with(".rpm") {
        return open_rpm(bytes).map_err(malformed);
    }
    if layer.name.ends_with(".layer.json") {
        return open_fixups(bytes).map_err(malformed);
    }
    Err(malformed("a layer is a .deb, a .rpm or a .layer.json".to_owned()))
}

fn open_deb(bytes: &[u8]) -> Result<Vec<Unpacked>, String> {
    let entries = azl_deb::read(bytes).map_err(|error| error.to_string())?.entries;
    let convert = |entry: azl_deb::Entry| Unpacked {
        path: entry.path,
        kind: match entry.kind {
            azl_deb::EntryKind::Directory => UnpackedKind::Directory,
            azl_deb::EntryKind::File { content } => UnpackedKind::File { mode: entry.mode, content },
            azl_deb::EntryKind::Symlink { target } => UnpackedKind::Link { target },
            azl_deb::EntryKind::HardLink { target } => UnpackedKind::HardLink { target },
        },
    };
    Ok(entries.into_iter().map(convert).collect())
}

fn open_rpm(bytes: &[u8]) -> Result<Vec<Unpacked>, String> {
    let mut unpacked = Vec::new();
    for file in azl_rpm::read_files(bytes).map_err(|error| error.to_string())? {
        if file.entry.ghost {
            continue;
        }
        let path = file.entry.path.trim_start_matches('/').to_owned();
        let kind = match file.entry.kind {
            azl_rpm::FileKind::Directory => UnpackedKind::Directory,
            azl_rpm::FileKind::Regular => UnpackedKind::File { mode: file.entry.mode, content: file.content },
            azl_rpm::FileKind::Symlink { target } => UnpackedKind::Link { target },
            other => return Err(format!("`{path}` is a {other:?}, which a root cannot hold")),
        };
        unpacked.push(Unpacked { path, kind });
    }
    Ok(unpacked)
}

fn open_fixups(bytes: &[u8]) -> Result<Vec<Unpacked>, String> {
    let layer: LayerFiles = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let trim = |path: &str| path.trim_start_matches('/').to_owned();
    let directories = layer.directories.iter().map(|path| (trim(path), UnpackedKind::Directory));
    let files = layer.files.iter().map(|(path, content)| {
        (trim(path), UnpackedKind::File { mode: 0o644, content: content.clone().into_bytes() })
    });
    let links = layer.links.iter().map(|(path, target)| (trim(path), UnpackedKind::Link { target: target.clone() }));
    Ok(directories.chain(files).chain(links).map(|(path, kind)| Unpacked { path, kind }).collect())
}

/// Writes the regular files of a package into `scratch`, numbered, so that no name of the package is ever a host path.
fn write(scratch: &std::path::Path, tree: &str, unpacked: Vec<Unpacked>) -> Result<Listing, FileError> {
    let mut listing = Listing::new();
    for (number, item) in unpacked.into_iter().enumerate() {
        let entry = match item.kind {
            UnpackedKind::Directory => Entry::Directory,
            UnpackedKind::Link { target } => Entry::Link { target },
            UnpackedKind::HardLink { target } => match listing.get(&target) {
                Some(entry) => entry.clone(),
                None => continue,
            },
            UnpackedKind::File { mode, content } => {
                write_file(scratch.join(number.to_string()), mode, &content)?;
                Entry::File { source: format!("{tree}/{number}") }
            }
        };
        listing.insert(item.path, entry);
    }
    Ok(listing)
}

/// Set-id bits are dropped: nothing in a sandbox may change its user.
fn write_file(path: PathBuf, mode: u32, content: &[u8]) -> Result<(), FileError> {
    files::write_new(&path, content, (mode & 0o755) | 0o444)
}
