//! SBOMs and provenance: signed, about files of this release, and complete.

use std::collections::{BTreeMap, BTreeSet};

use azl_attest::{ArtifactKind, IN_TOTO_TYPE, read_statement};
use azl_digest::Digest;
use azl_rpm::Universe;
use serde::Deserialize;

use super::Release;
use super::images::is_image;

/// Checks all documents, and that nothing that needs one is without.
pub(super) fn check(release: &mut Release<'_>) {
    check_provenance(release);
    check_sboms(release);
}

fn check_provenance(release: &mut Release<'_>) {
    let mut covered = BTreeSet::new();
    for path in release.listed("provenance/") {
        let Some(bytes) = release.read(&path) else { continue };
        let Ok(text) = String::from_utf8(bytes) else {
            release.problem(&path, "provenance-format", "is not UTF-8");
            continue;
        };
        if text.trim().is_empty() {
            release.problem(&path, "provenance-format", "has no statement");
        }
        for line in text.lines() {
            covered.extend(check_statement(release, &path, line));
        }
    }
    for artifact in release.artifacts.values().cloned().collect::<Vec<_>>() {
        if needs_provenance(&artifact.path, artifact.kind) && !covered.contains(&artifact.sha256) {
            release.problem(&artifact.path, "provenance-missing", "no provenance statement is about it");
        }
    }
}

fn needs_provenance(path: &str, kind: ArtifactKind) -> bool {
    match kind {
        ArtifactKind::Rpm | ArtifactKind::SourceRpm => true,
        ArtifactKind::Image => is_image(path),
        _ => path.ends_with("/repodata/repomd.xml"),
    }
}

/// Returns the digests a good statement is about.
fn check_statement(release: &mut Release<'_>, path: &str, line: &str) -> Vec<Digest> {
    let signed = match azl_sign::verify_dsse(line, &release.certificate) {
        Ok(signed) => signed,
        Err(error) => {
            release.problem(path, "provenance-signature", error);
            return Vec::new();
        }
    };
    release.report.statements += 1;
    let statement = match read_statement(&signed.payload) {
        Ok(statement) if signed.payload_type == IN_TOTO_TYPE => statement,
        Ok(_) => {
            release.problem(path, "provenance-format", format!("payload is `{}`", signed.payload_type));
            return Vec::new();
        }
        Err(error) => {
            release.problem(path, "provenance-format", error);
            return Vec::new();
        }
    };
    for subject in &statement.subjects {
        let same =
            |path: &&String, sha256: Digest| base_name(path) == base_name(&subject.name) && sha256 == subject.sha256;
        if !release.artifacts.iter().any(|(path, artifact)| same(&path, artifact.sha256)) {
            release.problem(
                path,
                "provenance-subject",
                format!("is about `{}`, which the release has not", subject.name),
            );
        }
    }
    statement.subjects.into_iter().map(|subject| subject.sha256).collect()
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The members of an SPDX document that say what it is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    spdx_version: String,
    packages: Vec<Element>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Element {
    #[serde(rename = "SPDXID")]
    id: String,
    #[serde(default)]
    package_file_name: String,
    #[serde(default)]
    checksums: Vec<Checksum>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Checksum {
    algorithm: String,
    checksum_value: String,
}

impl Element {
    fn sha256(&self) -> Option<Digest> {
        let checksum = self.checksums.iter().find(|checksum| checksum.algorithm == "SHA256")?;
        checksum.checksum_value.parse().ok()
    }
}

fn check_sboms(release: &mut Release<'_>) {
    let mut described = BTreeSet::new();
    for path in release.listed("sbom/") {
        let Some(bytes) = release.read(&path) else { continue };
        match serde_json::from_slice::<Document>(&bytes) {
            Ok(document) if document.spdx_version == "SPDX-2.3" => {
                release.report.documents += 1;
                described.extend(check_document(release, &path, &document));
                if path.starts_with("sbom/image-") {
                    check_image_closure(release, &path, &document);
                }
            }
            Ok(document) => release.problem(&path, "sbom-format", format!("is `{}`", document.spdx_version)),
            Err(error) => release.problem(&path, "sbom-format", error),
        }
    }
    for repository in release.repositories() {
        check_repository_sbom(release, &repository);
    }
    for artifact in release.artifacts.values().cloned().collect::<Vec<_>>() {
        if is_image(&artifact.path) && !described.contains(&artifact.sha256) {
            release.problem(&artifact.path, "sbom-missing", "no SBOM is about it");
        }
    }
}

const SUBJECT: &str = "SPDXRef-Subject";

/// Checks that what a document lists is in the release; returns the digest of its subject, if it is one file.
fn check_document(release: &mut Release<'_>, path: &str, document: &Document) -> Option<Digest> {
    let packages: BTreeMap<String, Digest> =
        release.packages.iter().map(|package| (base_name(&package.path).to_owned(), package.sha256)).collect();
    let mut subject = None;
    for element in &document.packages {
        let name = &element.package_file_name;
        if element.id == SUBJECT {
            subject = element.sha256();
            if !name.is_empty() && !release.artifacts.values().any(|artifact| Some(artifact.sha256) == subject) {
                release.problem(path, "sbom-subject", format!("is about `{name}`, which the release has not"));
            }
            continue;
        }
        match (packages.get(name), element.sha256()) {
            (None, _) => release.problem(path, "sbom-package", format!("lists `{name}`, which no repository has")),
            (Some(there), Some(told)) if *there != told => {
                release.problem(path, "sbom-package", format!("lists another `{name}` than the repositories have"));
            }
            (Some(_), None) if !name.ends_with(".src.rpm") => {
                release.problem(path, "sbom-package", format!("`{name}` has no SHA-256"));
            }
            (Some(_), _) => {}
        }
    }
    subject
}

/// An image's packages need nothing that the image has not; here nothing may be left open.
fn check_image_closure(release: &mut Release<'_>, path: &str, document: &Document) {
    let listed: BTreeSet<&str> = document.packages.iter().map(|element| element.package_file_name.as_str()).collect();
    let mut universe = Universe::default();
    for package in release.packages.iter().filter(|package| listed.contains(base_name(&package.path))) {
        universe.add(&package.header, package.sha256);
    }
    for missing in universe.unprovided(&|_| false) {
        release.problem(path, "image-closure", missing);
    }
}

/// A repository's SBOM lists every package of it.
fn check_repository_sbom(release: &mut Release<'_>, repository: &str) {
    let path = format!("sbom/repo-{repository}.spdx.json");
    let Some(bytes) = release.read(&path) else { return };
    let Ok(document) = serde_json::from_slice::<Document>(&bytes) else { return };
    let listed: BTreeSet<&str> = document.packages.iter().map(|element| element.package_file_name.as_str()).collect();
    let absent: Vec<String> = release
        .packages
        .iter()
        .filter(|package| package.repository == repository)
        .map(|package| base_name(&package.path).to_owned())
        .filter(|name| !listed.contains(name.as_str()))
        .collect();
    for name in absent {
        release.problem(&path, "sbom-package", format!("does not list `{name}`"));
    }
}
