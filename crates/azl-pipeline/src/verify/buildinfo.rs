//! Buildinfo: signed, about packages of this release as they are, and one for each.

use std::collections::BTreeSet;

use azl_attest::{ArtifactKind, BUILDINFO_TYPE, Buildinfo, BuiltPackage};
use azl_digest::Digest;

use super::Release;

/// Checks all documents, and that no package is without.
pub(super) fn check(release: &mut Release<'_>) {
    let mut covered = BTreeSet::new();
    for path in release.listed("buildinfo/") {
        let Some(bytes) = release.read(&path) else { continue };
        match read(release, &bytes) {
            Ok(info) => {
                release.report.buildinfos += 1;
                for package in &info.outputs {
                    covered.insert(package.signed_sha256);
                    check_package(release, &path, package);
                }
            }
            Err((rule, problem)) => release.problem(&path, rule, problem),
        }
    }
    for artifact in release.artifacts.values().cloned().collect::<Vec<_>>() {
        let is_package = matches!(artifact.kind, ArtifactKind::Rpm | ArtifactKind::SourceRpm);
        if is_package && !covered.contains(&artifact.sha256) {
            release.problem(&artifact.path, "buildinfo-missing", "no buildinfo says how it was built");
        }
    }
}

fn read(release: &Release<'_>, bytes: &[u8]) -> Result<Buildinfo, (&'static str, String)> {
    let line = std::str::from_utf8(bytes).map_err(|_| ("buildinfo-format", "is not UTF-8".to_owned()))?;
    let signed = azl_sign::verify_dsse(line.trim_end(), &release.certificate)
        .map_err(|error| ("buildinfo-signature", error.to_string()))?;
    if signed.payload_type != BUILDINFO_TYPE {
        return Err(("buildinfo-format", format!("payload is `{}`", signed.payload_type)));
    }
    Buildinfo::parse(&signed.payload).map_err(|error| ("buildinfo-format", error.to_string()))
}

/// Compares what is said of a package with the package: the signed file, and the parts that signing leaves alone.
fn check_package(release: &mut Release<'_>, path: &str, told: &BuiltPackage) {
    let named = |package: &&super::Package| package.path.rsplit('/').next() == Some(told.name.as_str());
    let Some(package) = release.packages.iter().find(named) else {
        return release.problem(
            path,
            "buildinfo-package",
            format!("is about `{}`, which no repository has", told.name),
        );
    };
    let rows: [(&str, Digest, Digest); 3] = [
        ("file", package.sha256, told.signed_sha256),
        ("header", package.parts.0, told.header_sha256),
        ("payload", package.parts.1, told.payload_sha256),
    ];
    let wrong: Vec<&str> = rows.into_iter().filter(|(_, there, told)| there != told).map(|(part, _, _)| part).collect();
    if !wrong.is_empty() {
        let parts = wrong.join(" and ");
        release.problem(path, "buildinfo-package", format!("tells of another {parts} of `{}`", told.name));
    }
}
