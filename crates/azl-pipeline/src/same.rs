//! `verify --same-as`: whether two releases hold the same bytes.
//!
//! Boot reports and logs are left out: they carry timings. Signatures are deterministic for one key, so signed
//! packages are compared as they are; with another key every one of them differs.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use azl_attest::{Artifact, ArtifactKind, ReleaseManifest};
use azl_host::files;
use serde::Serialize;

use crate::error::Failure;

/// How two releases compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Files with equal bytes.
    pub same: usize,
    /// Files that differ or are in one release only, and how.
    pub different: BTreeMap<String, &'static str>,
}

/// Compares two release directories by what their manifests list.
///
/// # Errors
/// If a manifest cannot be read; whether it tells the truth about its directory is `verify`'s to say.
pub fn compare(one: &Path, other: &Path) -> Result<Comparison, Failure> {
    Ok(compare_manifests(&read(one)?, &read(other)?))
}

fn read(directory: &Path) -> Result<ReleaseManifest, Failure> {
    let bytes = files::read(directory.join("release.json"))?;
    ReleaseManifest::parse(&bytes).map_err(|error| Failure::Verification(format!("{}: {error}", directory.display())))
}

fn compare_manifests(one: &ReleaseManifest, other: &ReleaseManifest) -> Comparison {
    let (one, other) = (reproducible(one), reproducible(other));
    let mut comparison = Comparison { same: 0, different: BTreeMap::new() };
    for (path, artifact) in &one {
        match other.get(path) {
            Some(twin) if twin.sha256 == artifact.sha256 => comparison.same += 1,
            Some(_) => drop(comparison.different.insert((*path).to_owned(), "other bytes")),
            None => drop(comparison.different.insert((*path).to_owned(), "only in the first")),
        }
    }
    for path in other.keys().filter(|path| !one.contains_key(*path)) {
        comparison.different.insert((*path).to_owned(), "only in the second");
    }
    comparison
}

fn reproducible(manifest: &ReleaseManifest) -> BTreeMap<&str, &Artifact> {
    let timed = |kind| matches!(kind, ArtifactKind::Boot | ArtifactKind::Log);
    manifest.artifacts.iter().filter(|artifact| !timed(artifact.kind)).map(|a| (a.path.as_str(), a)).collect()
}

impl Comparison {
    /// Fails if any file differs.
    ///
    /// # Errors
    /// [`Failure::Verification`] with every file that differs.
    pub fn into_result(self) -> Result<(), Failure> {
        if self.different.is_empty() {
            Ok(())
        } else {
            Err(Failure::Verification(self.to_string().trim_end().to_owned()))
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (path, how) in &self.different {
            writeln!(f, "{path}: {how}")?;
        }
        writeln!(f, "{} files are the same, {} differ", self.same, self.different.len())
    }
}

#[cfg(test)]
mod tests {
    use azl_digest::Digest;

    use super::*;

    fn manifest(files: &[(&str, &str)]) -> ReleaseManifest {
        let artifacts = files.iter().map(|(path, content)| Artifact {
            path: (*path).to_owned(),
            sha256: Digest::of(content.as_bytes()),
            size: 1,
            kind: ArtifactKind::of(path),
        });
        ReleaseManifest::new("1", 1, "F", artifacts.collect()).expect("a manifest")
    }

    #[test]
    fn every_difference_is_named_and_timings_do_not_count() {
        let one =
            manifest(&[("images/a.vhd", "1"), ("images/b.vhd", "1"), ("boot/a/report.json", "1"), ("logs/x.log", "1")]);
        let other =
            manifest(&[("images/a.vhd", "2"), ("images/c.vhd", "1"), ("boot/a/report.json", "2"), ("logs/x.log", "2")]);
        let comparison = compare_manifests(&one, &other);
        assert_eq!(comparison.same, 0);
        let names: Vec<&str> = comparison.different.keys().map(String::as_str).collect();
        assert_eq!(names, ["images/a.vhd", "images/b.vhd", "images/c.vhd"]);
        assert!(compare_manifests(&one, &one).into_result().is_ok());
    }
}
