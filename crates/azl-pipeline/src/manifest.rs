//! The signed list of everything in a release directory, and the step that makes the directory appear.

use std::collections::BTreeMap;
use std::path::Path;

use azl_action::ports::BlobStore;
use azl_attest::{Artifact, ArtifactKind, ReleaseManifest};
use azl_digest::Digest;
use azl_host::files;
use azl_plan::Inputs;

use crate::error::Failure;
use crate::release::lay_out;
use crate::session::Session;

/// Makes `directory` hold exactly `content`, its signed manifest and SHA256SUMS; returns whether it had to be written.
///
/// # Errors
/// If the manifest cannot be signed or the directory cannot be written; the old one stays then.
pub fn publish(
    inputs: &Inputs,
    session: &Session,
    content: &BTreeMap<String, Digest>,
    directory: &Path,
) -> Result<bool, Failure> {
    let store: &dyn BlobStore = &*session.ports.store;
    let manifest = manifest(inputs, content, session)?;
    let json = manifest.to_bytes();
    if is_current(directory, &json, &manifest.artifacts) {
        return Ok(false);
    }
    let scratch = files::sibling(directory);
    files::remove_dir_all(&scratch)?;
    lay_out(content, store, &scratch)?;
    files::write_atomic(scratch.join("release.json"), &json)?;
    files::write_atomic(scratch.join("SHA256SUMS"), manifest.sha256sums().as_bytes())?;
    let signature = azl_sign::sign_detached(&json, &session.key, inputs.epoch)
        .map_err(|error| Failure::Infrastructure(error.to_string()))?;
    files::write_atomic(scratch.join("release.json.asc"), signature.as_bytes())?;
    replace(&scratch, directory)?;
    Ok(true)
}

fn manifest(
    inputs: &Inputs,
    content: &BTreeMap<String, Digest>,
    session: &Session,
) -> Result<ReleaseManifest, Failure> {
    let mut artifacts = Vec::new();
    for (path, digest) in content {
        let size = session.ports.store.size(*digest).ok_or(azl_action::ports::PortError::LostBlob(*digest))?;
        artifacts.push(Artifact { path: path.clone(), sha256: *digest, size, kind: ArtifactKind::of(path) });
    }
    let manifest = ReleaseManifest::new(&inputs.version, inputs.epoch, &inputs.signing.fingerprint, artifacts)
        .map_err(|error| Failure::Infrastructure(error.to_string()))?;
    Ok(ReleaseManifest { assumed: inputs.assumed.clone(), ..manifest })
}

/// A directory is current if its manifest says the same and every file has the listed size.
fn is_current(directory: &Path, json: &[u8], artifacts: &[Artifact]) -> bool {
    let same = files::read(directory.join("release.json")).is_ok_and(|found| found == json);
    same && artifacts.iter().all(|artifact| files::size(directory.join(&artifact.path)) == Some(artifact.size))
}

/// Puts the new directory in the old one's place; a reader sees one or the other.
fn replace(new: &Path, directory: &Path) -> Result<(), Failure> {
    if !files::exists(directory) {
        return Ok(files::rename(new, directory)?);
    }
    files::exchange(new, directory)?;
    Ok(files::remove_dir_all(new)?)
}
