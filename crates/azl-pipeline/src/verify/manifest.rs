//! The signed manifest, and that the directory holds exactly what it lists.

use std::collections::BTreeSet;

use azl_attest::{Artifact, ReleaseManifest};
use azl_host::files;
use azl_sign::{Certificate, verify_detached};

use super::{KEY_PREFIX, Release};

const MANIFEST: &str = "release.json";
const SIGNATURE: &str = "release.json.asc";
const SUMS: &str = "SHA256SUMS";

/// Checks the manifest and all files; `None` if there is no manifest to go by.
pub(super) fn check(release: &mut Release<'_>) -> Option<ReleaseManifest> {
    let bytes = release.read(MANIFEST)?;
    check_signature(release, &bytes);
    let manifest = match ReleaseManifest::parse(&bytes) {
        Ok(manifest) => manifest,
        Err(error) => {
            release.problem(MANIFEST, "manifest-format", error);
            return None;
        }
    };
    release.report.version = manifest.version.clone();
    if !manifest.certificate.eq_ignore_ascii_case(&release.certificate.fingerprint()) {
        let message =
            format!("names key `{}`, trusted is `{}`", manifest.certificate, release.certificate.fingerprint());
        release.problem(MANIFEST, "manifest-key", message);
    }
    release.artifacts = manifest.artifacts.iter().map(|artifact| (artifact.path.clone(), artifact.clone())).collect();
    for artifact in &manifest.artifacts {
        check_file(release, artifact);
    }
    check_nothing_else(release);
    check_sums(release, &manifest);
    check_key(release);
    Some(manifest)
}

fn check_signature(release: &mut Release<'_>, manifest: &[u8]) {
    let Some(signature) = release.read(SIGNATURE) else { return };
    if let Err(error) = verify_detached(manifest, &signature, &release.certificate) {
        release.problem(MANIFEST, "manifest-signature", error);
    }
}

fn check_file(release: &mut Release<'_>, artifact: &Artifact) {
    let path = release.directory.join(&artifact.path);
    match files::size(&path) {
        None => return release.problem(&artifact.path, "missing-file", "is missing or not a regular file"),
        Some(size) if size != artifact.size => {
            let message = format!("has {size} bytes, the manifest says {}", artifact.size);
            return release.problem(&artifact.path, "wrong-size", message);
        }
        Some(size) => release.report.bytes += size,
    }
    release.report.files += 1;
    match files::digest(&path) {
        Ok(digest) if digest == artifact.sha256 => {}
        Ok(digest) => {
            let message = format!("has digest {digest}, the manifest says {}", artifact.sha256);
            release.problem(&artifact.path, "wrong-digest", message);
        }
        Err(error) => release.problem(&artifact.path, "unreadable-file", error),
    }
}

fn check_nothing_else(release: &mut Release<'_>) {
    let found = match files::walk_files(release.directory) {
        Ok(found) => found,
        Err(error) => return release.problem(".", "unreadable-file", error),
    };
    let outside: BTreeSet<&str> = ReleaseManifest::OUTSIDE.into_iter().collect();
    for path in found {
        if !outside.contains(path.as_str()) && !release.artifacts.contains_key(&path) {
            release.problem(&path, "unlisted-file", "is not in the manifest");
        }
    }
}

fn check_sums(release: &mut Release<'_>, manifest: &ReleaseManifest) {
    let Some(sums) = release.read(SUMS) else { return };
    if sums != manifest.sha256sums().as_bytes() {
        release.problem(SUMS, "sums-differ", "does not say the same as release.json");
    }
}

/// The key people import must be the one that is trusted here.
fn check_key(release: &mut Release<'_>) {
    let keys = release.listed(KEY_PREFIX);
    if keys.is_empty() {
        release.problem(KEY_PREFIX, "missing-file", "the release has no public key file");
    }
    for file in keys {
        let Some(bytes) = release.read(&file) else { continue };
        match Certificate::from_bytes(&bytes) {
            Err(error) => release.problem(&file, "wrong-key", error),
            Ok(found) if found.fingerprint() != release.certificate.fingerprint() => {
                release.problem(&file, "wrong-key", format!("is key `{}`", found.fingerprint()));
            }
            Ok(_) => {}
        }
    }
}
