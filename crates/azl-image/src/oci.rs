//! A container image as an OCI image layout (image-spec 1.1) of one layer.
//!
//! ```text
//! oci-layout    index.json ──▶ blobs/sha256/<manifest> ──▶ blobs/sha256/<config>, blobs/sha256/<layer>
//! ```
//!
//! The layer is gzip: every registry, scanner and runtime reads it, also those that do not know zstd, and base images
//! are small enough that its slowness does not matter. One layer, because the whole image comes from one package set.
//!
//! Not here: pushing, multi-architecture indexes, and Docker's own archive form.
//!
//! **Invariant:** digests in the layout are computed from the bytes beside them, never given.

mod layer;

use std::collections::BTreeMap;
use std::io;

use azl_digest::Digest;
use serde::Serialize;
use thiserror::Error;

use crate::calendar::Moment;
use crate::model::{ImageKind, ImageModel, Oci};
use crate::tree::Tree;
use layer::Layer;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const REFERENCE: &str = "org.opencontainers.image.ref.name";
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Why a container image cannot be written.
#[derive(Debug, Error)]
pub enum OciError {
    /// The model describes another kind of image.
    #[error("image `{0}` is not a container")]
    NotAContainer(String),
    /// A file does not fit the archive format.
    #[error("cannot archive `{path}`: {source}")]
    Archive {
        /// The file.
        path: String,
        /// What the archive writer says.
        source: io::Error,
    },
}

/// A written image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OciImage {
    /// The layout: relative path → content.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Digest of the manifest, which names the image in a registry.
    pub manifest: Digest,
    /// Digest of the configuration, the image's identifier for runtimes.
    pub config: Digest,
    /// Digest of the compressed layer.
    pub layer: Digest,
    /// Bytes of the compressed layer.
    pub layer_size: u64,
    /// Digest of the layer before compression.
    pub diff_id: Digest,
    /// Bytes of the layer before compression.
    pub unpacked_size: u64,
}

impl OciImage {
    /// Returns the layout as one tar, the `oci-archive` form of container tools.
    ///
    /// # Errors
    /// If the archive cannot be written, which memory never refuses.
    pub fn archive(&self) -> Result<Vec<u8>, OciError> {
        layer::archive(&self.files)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: &'static str,
    digest: String,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<Platform>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Platform {
    architecture: &'static str,
    os: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    schema_version: u32,
    media_type: &'static str,
    manifests: Vec<Descriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u32,
    media_type: &'static str,
    config: Descriptor,
    layers: Vec<Descriptor>,
    annotations: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Config<'a> {
    created: String,
    architecture: &'static str,
    os: &'static str,
    config: Execution<'a>,
    rootfs: RootFs,
    history: [History<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Execution<'a> {
    env: Vec<String>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    entrypoint: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    cmd: &'a [String],
    working_dir: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct RootFs {
    r#type: &'static str,
    diff_ids: [String; 1],
}

#[derive(Serialize)]
struct History<'a> {
    created: String,
    created_by: &'a str,
}

/// Writes the container image that `model` describes with the files of `tree`.
///
/// # Errors
/// If the model is no container, or a file does not fit the archive format.
pub fn write_oci(model: &ImageModel, tree: &Tree<'_>) -> Result<OciImage, OciError> {
    let ImageKind::Oci(oci) = &model.kind else {
        return Err(OciError::NotAContainer(model.name.clone()));
    };
    let layer = layer::layer(tree)?;
    let created = Moment::from_epoch(tree.epoch).rfc3339();
    let mut blobs = Blobs(BTreeMap::new());
    let config_descriptor = blobs.json(CONFIG, &config(oci, tree, &created, layer.diff_id));
    let layer_descriptor = blobs.add(LAYER, layer.compressed);
    let (config, layer_digest, layer_size) = (config_descriptor.0, layer_descriptor.0, layer_descriptor.1.size);
    let manifest = Manifest {
        schema_version: 2,
        media_type: MANIFEST,
        config: config_descriptor.1,
        layers: vec![layer_descriptor.1],
        annotations: BTreeMap::from([("org.opencontainers.image.created", created)]),
    };
    let (manifest, descriptor) = blobs.json(MANIFEST, &manifest);
    let mut files = blobs.0;
    files.insert("index.json".to_owned(), json(&index(oci, tree, &descriptor)));
    files.insert("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec());
    let Layer { diff_id, unpacked_size, .. } = layer;
    Ok(OciImage { files, manifest, config, layer: layer_digest, layer_size, diff_id, unpacked_size })
}

fn config<'a>(oci: &'a Oci, tree: &Tree<'_>, created: &str, diff_id: Digest) -> Config<'a> {
    let mut env = BTreeMap::from([("PATH", SEARCH_PATH)]);
    env.extend(oci.env.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    Config {
        created: created.to_owned(),
        architecture: crate::model::oci_arch(tree.arch),
        os: "linux",
        config: Execution {
            env: env.iter().map(|(name, value)| format!("{name}={value}")).collect(),
            entrypoint: &oci.entrypoint,
            cmd: &oci.cmd,
            working_dir: oci.working_dir.as_deref().unwrap_or("/"),
            labels: &oci.labels,
        },
        rootfs: RootFs { r#type: "layers", diff_ids: [format!("sha256:{diff_id}")] },
        history: [History { created: created.to_owned(), created_by: "azl-image" }],
    }
}

fn index(oci: &Oci, tree: &Tree<'_>, manifest: &Descriptor) -> Index {
    let tagged = |tag: &String| Descriptor {
        media_type: MANIFEST,
        digest: manifest.digest.clone(),
        size: manifest.size,
        platform: Some(Platform { architecture: crate::model::oci_arch(tree.arch), os: "linux" }),
        annotations: BTreeMap::from([(REFERENCE, tag.clone())]),
    };
    Index { schema_version: 2, media_type: INDEX, manifests: oci.tags.iter().map(tagged).collect() }
}

/// The content-addressed part of the layout.
struct Blobs(BTreeMap<String, Vec<u8>>);

impl Blobs {
    fn json<T: Serialize>(&mut self, media_type: &'static str, value: &T) -> (Digest, Descriptor) {
        self.add(media_type, json(value))
    }

    fn add(&mut self, media_type: &'static str, bytes: Vec<u8>) -> (Digest, Descriptor) {
        let digest = Digest::of(&bytes);
        let size = bytes.len() as u64;
        self.0.insert(format!("blobs/sha256/{digest}"), bytes);
        let digest_text = format!("sha256:{digest}");
        (digest, Descriptor { media_type, digest: digest_text, size, platform: None, annotations: BTreeMap::new() })
    }
}

fn json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("string keys and plain values are always JSON")
}

#[cfg(test)]
mod tests;
