//! OCI image layouts (image-spec 1.1), read and checked.
//!
//! ```text
//! index.json ──▶ blobs/sha256/<manifest> ─┬▶ blobs/sha256/<config>  entry point, environment, diff ids
//!                                         └▶ blobs/sha256/<layer>…  tarballs of changes
//! ```
//!
//! Pure: bytes come through a function, changes go to a visitor.
//!
//! **Invariant:** every digest on the way is compared with the bytes it names: descriptors, layers and diff ids.

use std::io::{self, Read};

use azl_digest::{Digest, Hasher};
use serde::Deserialize;

/// Why a layout is refused.
#[derive(Debug, thiserror::Error)]
pub enum OciError {
    /// A file of the layout is absent or unreadable.
    #[error("the layout has no readable `{path}`: {reason}")]
    Absent {
        /// Path in the layout.
        path: String,
        /// What went wrong.
        reason: String,
    },
    /// Bytes and digest do not agree.
    #[error("`{what}` has the digest {got}, its descriptor says {expected}")]
    Digest {
        /// What was looked at.
        what: String,
        /// Declared.
        expected: Digest,
        /// Computed.
        got: Digest,
    },
    /// A document is not what the specification asks for.
    #[error("malformed image: {0}")]
    Malformed(String),
    /// A layer cannot be unpacked.
    #[error("layer {layer}: {source}")]
    Layer {
        /// Its digest.
        layer: Digest,
        /// Why.
        source: azl_deb::ArchiveError,
    },
}

/// An image, checked up to its layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OciImage {
    /// Layers, lowest first.
    pub layers: Vec<OciLayer>,
    /// Entry point and command, joined: what is run when nothing else is said.
    pub command: Vec<String>,
    /// Environment, as `NAME=value`.
    pub env: Vec<String>,
    /// Working directory.
    pub working_dir: String,
}

/// A layer of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OciLayer {
    /// Digest of the compressed tarball, which names its file.
    pub digest: Digest,
    /// Digest of the uncompressed tarball.
    pub diff_id: Digest,
}

impl OciLayer {
    /// Returns the path of the layer's file in the layout.
    pub fn path(&self) -> String {
        blob_path(self.digest)
    }
}

#[derive(Deserialize)]
struct Index {
    manifests: Vec<Descriptor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    config: Descriptor,
    layers: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Descriptor {
    digest: String,
    size: u64,
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    config: Execution,
    rootfs: RootFs,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Execution {
    entrypoint: Option<Vec<String>>,
    cmd: Option<Vec<String>>,
    env: Option<Vec<String>>,
    working_dir: Option<String>,
}

#[derive(Deserialize)]
struct RootFs {
    diff_ids: Vec<String>,
}

/// Reads the image of a layout with one manifest; `read` gives the bytes of a file of the layout.
///
/// # Errors
/// [`OciError`] if a document is absent, malformed, or not the one its descriptor names.
pub fn read_image(read: &dyn Fn(&str) -> io::Result<Vec<u8>>) -> Result<OciImage, OciError> {
    let get =
        |path: &str| read(path).map_err(|error| OciError::Absent { path: path.to_owned(), reason: error.to_string() });
    let marker: serde_json::Value = document("oci-layout", &get("oci-layout")?)?;
    if marker.get("imageLayoutVersion").and_then(serde_json::Value::as_str) != Some("1.0.0") {
        return Err(OciError::Malformed("`oci-layout` does not say version 1.0.0".to_owned()));
    }
    let index: Index = document("index.json", &get("index.json")?)?;
    let [manifest] = index.manifests.as_slice() else {
        return Err(OciError::Malformed(format!(
            "`index.json` names {} manifests, expected one",
            index.manifests.len()
        )));
    };
    let manifest: Manifest = document("manifest", &checked("manifest", manifest, &get)?)?;
    let config: Config = document("config", &checked("config", &manifest.config, &get)?)?;
    if manifest.layers.len() != config.rootfs.diff_ids.len() {
        return Err(OciError::Malformed("manifest and config do not agree on the number of layers".to_owned()));
    }
    let layers = manifest.layers.iter().zip(&config.rootfs.diff_ids);
    let layers =
        layers.map(|(layer, diff_id)| Ok(OciLayer { digest: parse(&layer.digest)?, diff_id: parse(diff_id)? }));
    let execution = config.config;
    Ok(OciImage {
        layers: layers.collect::<Result<_, OciError>>()?,
        command: [execution.entrypoint.unwrap_or_default(), execution.cmd.unwrap_or_default()].concat(),
        env: execution.env.unwrap_or_default(),
        working_dir: execution.working_dir.filter(|path| path.starts_with('/')).unwrap_or_else(|| "/".to_owned()),
    })
}

fn document<T: for<'d> Deserialize<'d>>(what: &str, bytes: &[u8]) -> Result<T, OciError> {
    serde_json::from_slice(bytes).map_err(|error| OciError::Malformed(format!("`{what}`: {error}")))
}

fn checked(
    what: &str,
    descriptor: &Descriptor,
    get: &dyn Fn(&str) -> Result<Vec<u8>, OciError>,
) -> Result<Vec<u8>, OciError> {
    let expected = parse(&descriptor.digest)?;
    let bytes = get(&blob_path(expected))?;
    let got = Digest::of(&bytes);
    if got != expected {
        return Err(OciError::Digest { what: what.to_owned(), expected, got });
    }
    if bytes.len() as u64 != descriptor.size {
        return Err(OciError::Malformed(format!(
            "{what} has {} bytes, its descriptor says {}",
            bytes.len(),
            descriptor.size
        )));
    }
    Ok(bytes)
}

fn parse(text: &str) -> Result<Digest, OciError> {
    let hex =
        text.strip_prefix("sha256:").ok_or_else(|| OciError::Malformed(format!("`{text}` is no SHA-256 digest")))?;
    hex.parse().map_err(|error: azl_digest::ParseDigestError| OciError::Malformed(error.to_string()))
}

fn blob_path(digest: Digest) -> String {
    format!("blobs/sha256/{digest}")
}

/// What a layer does to the tree below it.
pub(crate) enum Change<'a> {
    /// Puts an entry, in the place of what was there.
    Put(azl_deb::Entry<'a>),
    /// Removes what lower layers had at a path.
    Remove(String),
    /// Removes what lower layers had in a directory.
    Empty(String),
}

/// Hands the changes of a layer to `visit` and checks its diff id at the end.
///
/// # Errors
/// [`OciError::Layer`] for unsafe tarballs and the visitor's errors, [`OciError::Digest`] if it is another tarball.
pub(crate) fn read_layer(
    layer: OciLayer,
    compressed: impl Read,
    visit: &mut dyn FnMut(Change<'_>) -> io::Result<()>,
) -> Result<(), OciError> {
    let failed = |source| OciError::Layer { layer: layer.digest, source };
    let mut hasher = Hasher::new();
    let plain = azl_deb::decompress(compressed).map_err(failed)?;
    azl_deb::walk(Hashing { stream: plain, hasher: &mut hasher }, &mut |entry| visit(change(entry))).map_err(failed)?;
    let got = hasher.finish().0;
    if got != layer.diff_id {
        return Err(OciError::Digest {
            what: format!("uncompressed layer {}", layer.digest),
            expected: layer.diff_id,
            got,
        });
    }
    Ok(())
}

/// Deletions are files with a marked name (image-spec, layer.md, "Whiteouts").
fn change(entry: azl_deb::Entry<'_>) -> Change<'_> {
    let (directory, name) = entry.path.rsplit_once('/').unwrap_or(("", &entry.path));
    match name.strip_prefix(".wh.") {
        Some(".wh..opq") => Change::Empty(directory.to_owned()),
        Some(removed) if directory.is_empty() => Change::Remove(removed.to_owned()),
        Some(removed) => Change::Remove(format!("{directory}/{removed}")),
        None => Change::Put(entry),
    }
}

struct Hashing<'h, R> {
    stream: R,
    hasher: &'h mut Hasher,
}

impl<R: Read> Read for Hashing<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use super::*;

    pub(crate) type Files = BTreeMap<String, Vec<u8>>;

    fn add(files: &mut Files, bytes: &[u8]) -> serde_json::Value {
        let digest = Digest::of(bytes);
        files.insert(blob_path(digest), bytes.to_vec());
        serde_json::json!({ "digest": format!("sha256:{digest}"), "size": bytes.len() })
    }

    /// A layout of uncompressed layers.
    pub(crate) fn layout(layers: &[Vec<u8>]) -> Files {
        let mut files = Files::new();
        let diff_ids: Vec<String> = layers.iter().map(|layer| format!("sha256:{}", Digest::of(layer))).collect();
        let config = serde_json::json!({
            "config": { "Entrypoint": ["/bin/sh"], "Cmd": ["-c", "true"], "Env": ["A=b"] }, "rootfs": { "diff_ids": diff_ids },
        });
        let config = add(&mut files, config.to_string().as_bytes());
        let layers: Vec<_> = layers.iter().map(|layer| add(&mut files, layer)).collect();
        let manifest = serde_json::json!({ "config": config, "layers": layers });
        let manifest = add(&mut files, manifest.to_string().as_bytes());
        files.insert("index.json".to_owned(), serde_json::json!({ "manifests": [manifest] }).to_string().into_bytes());
        files.insert("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec());
        files
    }

    /// A tarball of regular files.
    pub(crate) fn tarball(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, content) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o755);
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            builder.append(&header, *content).expect("memory takes every write");
        }
        builder.into_inner().expect("memory takes every write")
    }

    fn read(files: &Files) -> Result<OciImage, OciError> {
        read_image(&|path| files.get(path).cloned().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound)))
    }

    #[test]
    fn command_environment_and_layers_are_found() {
        let layer = tarball(&[("f", b"x")]);
        let image = read(&layout(std::slice::from_ref(&layer))).expect("a good layout");
        assert_eq!((image.command.join(" ").as_str(), image.working_dir.as_str()), ("/bin/sh -c true", "/"));
        assert_eq!(image.layers, [OciLayer { digest: Digest::of(&layer), diff_id: Digest::of(&layer) }]);
    }

    #[test]
    fn a_changed_document_is_refused() {
        let mut files = layout(&[]);
        let path = files.keys().find(|path| path.starts_with("blobs/")).cloned().expect("a blob");
        files.get_mut(&path).expect("the blob").push(b' ');
        assert!(matches!(read(&files), Err(OciError::Digest { .. })));
        files.remove(&path);
        assert!(matches!(read(&files), Err(OciError::Absent { .. })));
    }

    #[test]
    fn whiteouts_remove_and_empty() {
        let bytes = tarball(&[("a/.wh.old", b""), ("b/.wh..wh..opq", b""), (".wh.top", b""), ("new", b"1")]);
        let layer = OciLayer { digest: Digest::of(&bytes), diff_id: Digest::of(&bytes) };
        let mut seen = Vec::new();
        let mut visit = |change: Change<'_>| {
            seen.push(match change {
                Change::Put(entry) => format!("put {}", entry.path),
                Change::Remove(path) => format!("remove {path}"),
                Change::Empty(path) => format!("empty {path}"),
            });
            Ok(())
        };
        read_layer(layer, &*bytes, &mut visit).expect("a good layer");
        assert_eq!(seen, ["remove a/old", "empty b", "remove top", "put new"]);
    }

    #[test]
    fn layers_that_climb_or_are_not_the_declared_ones_are_refused() {
        let bytes = tarball(&[("../f", b"")]);
        let layer = OciLayer { digest: Digest::of(&bytes), diff_id: Digest::of(&bytes) };
        assert!(matches!(read_layer(layer, &*bytes, &mut |_| Ok(())), Err(OciError::Layer { .. })));
        let bytes = tarball(&[("f", b"")]);
        assert!(matches!(read_layer(layer, &*bytes, &mut |_| Ok(())), Err(OciError::Digest { .. })));
    }
}
