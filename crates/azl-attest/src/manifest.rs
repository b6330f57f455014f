//! `release.json`: what a release consists of; the one document that is signed for all of it.
//!
//! **Invariant:** paths are plain, sorted and unique, so that equal releases have equal manifests and no
//! path leads out of the release.

use std::collections::BTreeSet;

use azl_digest::Digest;
use serde::{Deserialize, Serialize};

use crate::sorted::pretty;

/// The manifest's format. A reader refuses all others.
pub const MANIFEST_SCHEMA: &str = "azurelinux-release/v1";

/// The manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ReleaseManifest {
    /// [`MANIFEST_SCHEMA`].
    pub schema: String,
    /// Version of the release, e.g. `4.0.20260101`.
    pub version: String,
    /// Date of the release, seconds since 1970.
    pub timestamp: u64,
    /// Fingerprint of the certificate that signs everything, upper-case hexadecimal.
    pub certificate: String,
    /// Capabilities that packages of this release require, none provides, and its makers know of, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumed: Vec<String>,
    /// Every file of the release but `release.json`, `release.json.asc` and `SHA256SUMS`.
    pub artifacts: Vec<Artifact>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Artifact {
    /// Path relative to the release directory.
    pub path: String,
    /// Digest of its bytes.
    pub sha256: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// What it is.
    pub kind: ArtifactKind,
}

/// What a file of a release is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArtifactKind {
    /// A binary package.
    Rpm,
    /// A source package.
    SourceRpm,
    /// Repository metadata or its signature.
    Repodata,
    /// A disk or container image, or a part of one.
    Image,
    /// A software bill of materials.
    Sbom,
    /// Provenance.
    Provenance,
    /// What it takes to build a component again.
    Buildinfo,
    /// A boot report.
    Boot,
    /// A log.
    Log,
    /// The public key.
    Certificate,
    /// Anything else.
    Other,
}

impl ArtifactKind {
    /// Returns the kind a path of the release layout has.
    pub fn of(path: &str) -> Self {
        let top = path.split('/').next().unwrap_or_default();
        match top {
            _ if path.starts_with("RPM-GPG-KEY-") => Self::Certificate,
            "repo" if path.ends_with(".src.rpm") => Self::SourceRpm,
            "repo" if path.ends_with(".rpm") => Self::Rpm,
            "repo" if path.contains("/repodata/") => Self::Repodata,
            "images" => Self::Image,
            "sbom" => Self::Sbom,
            "provenance" => Self::Provenance,
            "buildinfo" => Self::Buildinfo,
            "boot" => Self::Boot,
            "logs" => Self::Log,
            _ => Self::Other,
        }
    }
}

/// Says why a manifest is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bad release manifest: {0}")]
pub struct ManifestError(String);

impl ReleaseManifest {
    /// Makes a manifest; the artifacts may come in any order.
    ///
    /// # Errors
    /// If a path is not plain or occurs twice.
    pub fn new(
        version: &str,
        timestamp: u64,
        certificate: &str,
        mut artifacts: Vec<Artifact>,
    ) -> Result<Self, ManifestError> {
        artifacts.sort();
        let manifest = Self {
            schema: MANIFEST_SCHEMA.to_owned(),
            version: version.to_owned(),
            timestamp,
            certificate: certificate.to_owned(),
            assumed: Vec::new(),
            artifacts,
        };
        manifest.check()?;
        Ok(manifest)
    }

    /// States capabilities that are required and not provided.
    #[must_use]
    pub fn assuming(mut self, assumed: impl IntoIterator<Item = String>) -> Self {
        self.assumed = assumed.into_iter().collect();
        self.assumed.sort();
        self.assumed.dedup();
        self
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// If it is malformed, of another schema, or its paths are not plain, sorted and unique.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let manifest: Self = serde_json::from_slice(bytes).map_err(|error| ManifestError(error.to_string()))?;
        if manifest.schema != MANIFEST_SCHEMA {
            return Err(ManifestError(format!("schema is `{}`, expected `{MANIFEST_SCHEMA}`", manifest.schema)));
        }
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), ManifestError> {
        let mut seen = BTreeSet::new();
        let mut last = "";
        for artifact in &self.artifacts {
            let path = artifact.path.as_str();
            if !is_plain(path) || Self::OUTSIDE.contains(&path) {
                return Err(ManifestError(format!("not a path of the release: `{}`", path.escape_debug())));
            }
            if !seen.insert(path.to_lowercase()) {
                return Err(ManifestError(format!("listed twice: `{path}`")));
            }
            if path < last {
                return Err(ManifestError(format!("not sorted: `{path}`")));
            }
            last = path;
        }
        Ok(())
    }

    /// The files a manifest does not list.
    pub const OUTSIDE: [&'static str; 3] = ["release.json", "release.json.asc", "SHA256SUMS"];

    /// Returns the bytes of `release.json`.
    pub fn to_bytes(&self) -> Vec<u8> {
        pretty(self)
    }

    /// Returns the text of `SHA256SUMS`, as `sha256sum --check` reads it.
    pub fn sha256sums(&self) -> String {
        self.artifacts.iter().map(|artifact| format!("{}  {}\n", artifact.sha256, artifact.path)).collect()
    }
}

/// Returns whether a path stays below its root and survives every tool's quoting.
fn is_plain(path: &str) -> bool {
    !path.is_empty()
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
        && path.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '\\' | '"' | '*' | '?'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(path: &str) -> Artifact {
        Artifact { path: path.into(), sha256: Digest::of(path.as_bytes()), size: 1, kind: ArtifactKind::of(path) }
    }

    fn manifest(paths: &[&str]) -> Result<ReleaseManifest, ManifestError> {
        ReleaseManifest::new("4.0", 1, "AB", paths.iter().map(|path| artifact(path)).collect())
    }

    #[test]
    fn manifest_round_trips_whatever_the_order() {
        let one = manifest(&["b", "a/c"]).expect("good");
        assert_eq!(one, manifest(&["a/c", "b"]).expect("good"));
        assert_eq!(ReleaseManifest::parse(&one.to_bytes()).expect("good"), one);
        assert_eq!(one.sha256sums(), format!("{}  a/c\n{}  b\n", Digest::of(b"a/c"), Digest::of(b"b")));
    }

    #[test]
    fn open_dependencies_are_stated_only_where_there_are_any() {
        let plain = manifest(&["a"]).expect("good");
        assert!(!String::from_utf8(plain.to_bytes()).expect("UTF-8").contains("assumed"));
        let open = plain.assuming(["b".to_owned(), "a".to_owned(), "b".to_owned()]);
        assert_eq!(ReleaseManifest::parse(&open.to_bytes()).expect("good").assumed, ["a", "b"]);
    }

    #[test]
    fn paths_that_mislead_are_refused() {
        for path in ["", "/a", "../a", "a/../b", "a//b", "./a", "a\nb", "a b", "a\\b", "release.json", "SHA256SUMS"] {
            assert!(manifest(&[path]).is_err(), "{path:?}");
        }
        assert!(manifest(&["a", "a"]).is_err());
        assert!(manifest(&["a", "A"]).is_err(), "one file on some file systems");
    }

    #[test]
    fn changed_documents_are_refused() {
        let text = String::from_utf8(manifest(&["a", "b"]).expect("good").to_bytes()).expect("UTF-8");
        let rows = [
            text.replace("release/v1", "release/v2"),
            text.replace("\"version\"", "\"verzion\""),
            text.replace("\"size\": 1", "\"size\": 1, \"size\": 2"),
            text.replace("\"path\": \"a\"", "\"path\": \"c\""),
            text.replace("\"size\": 1", "\"size\": -1"),
            String::new(),
        ];
        for row in rows {
            assert!(ReleaseManifest::parse(row.as_bytes()).is_err(), "{row}");
        }
    }

    #[test]
    fn kinds_follow_the_layout() {
        for (path, kind) in [
            ("repo/base/Packages/b/bash-5.3-1.azl4.x86_64.rpm", ArtifactKind::Rpm),
            ("repo/srpms/Packages/b/bash-5.3-1.azl4.src.rpm", ArtifactKind::SourceRpm),
            ("repo/base/repodata/repomd.xml.asc", ArtifactKind::Repodata),
            ("images/core.tar", ArtifactKind::Image),
            ("RPM-GPG-KEY-azurelinux-4.0", ArtifactKind::Certificate),
            ("README", ArtifactKind::Other),
        ] {
            assert_eq!(ArtifactKind::of(path), kind, "{path}");
        }
    }
}
