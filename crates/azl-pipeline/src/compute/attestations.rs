//! Documents about artifacts: SPDX and provenance.

use std::collections::BTreeMap;

use azl_action::Blob;
use azl_action::ports::{BlobStore, PortError};
use azl_attest::{BuildFacts, Purpose, ResolvedDependency, SbomFacts, SbomPackage, SbomSubject, Subject};
use azl_digest::Digest;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Call, input_error, parameters, role};

/// Who says that a statement is true: this toolchain, run by whoever holds the signing key.
const BUILDER: &str = "https://github.com/microsoft/azurelinux/toolchain/v1";
/// Prefix of the build types; the rest is `rpm`, `image` or `repository`.
const BUILD_TYPE: &str = "https://github.com/microsoft/azurelinux/toolchain/build/";
/// Prefix of the names of SPDX documents.
const NAMESPACE: &str = "https://github.com/microsoft/azurelinux/toolchain/spdx";

#[derive(Deserialize)]
struct SpdxParameters {
    name: String,
    version: String,
    epoch: u64,
}

/// Writes `<name>.spdx.json`.
pub(super) fn spdx(call: &Call, store: &dyn BlobStore) -> Result<BTreeMap<String, Digest>, PortError> {
    let parameters: SpdxParameters = parameters(call)?;
    let mut headers = Vec::new();
    for blob in role(call, "packages") {
        headers.push((blob.digest, azl_rpm::read_header(&store.read(blob.digest)?).map_err(input_error)?));
    }
    let packages: Vec<SbomPackage<'_>> =
        headers.iter().map(|(sha256, header)| SbomPackage { header, sha256: *sha256 }).collect();
    let sources = role(call, "sources").iter().map(|blob| (blob.name.clone(), blob.digest)).collect();
    let facts = SbomFacts {
        epoch: parameters.epoch,
        namespace: NAMESPACE.to_owned(),
        supplier: "Azure Linux".to_owned(),
        distro: "azurelinux-4.0".to_owned(),
        sources,
    };
    let file = role(call, "subject").first().map(|blob| (blob.name.clone(), blob.digest));
    let purpose = match &file {
        Some((name, _)) if name.ends_with(".vhd") => Purpose::OperatingSystem,
        Some(_) => Purpose::Container,
        None => Purpose::Archive,
    };
    let subject = SbomSubject { name: parameters.name.clone(), version: parameters.version, purpose, file };
    let json = azl_attest::spdx(&subject, &packages, &facts);
    Ok(BTreeMap::from([(format!("{}.spdx.json", parameters.name), store.put(&json)?)]))
}

#[derive(Deserialize)]
struct ProvenanceParameters {
    build_type: String,
    #[serde(default)]
    seed_derived: bool,
    #[serde(flatten)]
    external: BTreeMap<String, Value>,
}

/// Writes one statement for each subject, `<subject>.intoto.jsonl`.
pub(super) fn provenance(call: &Call, store: &dyn BlobStore) -> Result<BTreeMap<String, Digest>, PortError> {
    let parameters: ProvenanceParameters = parameters(call)?;
    let materials: Vec<ResolvedDependency> = call
        .inputs
        .iter()
        .filter(|(name, _)| *name != "subjects")
        .flat_map(|(name, blobs)| blobs.iter().map(|blob| dependency(name, blob)))
        .collect();
    let facts = BuildFacts {
        build_type: format!("{BUILD_TYPE}{}", parameters.build_type),
        external_parameters: json!(parameters.external),
        internal_parameters: json!({ "sandbox-revision": azl_plan::SANDBOX_REVISION }),
        resolved_dependencies: materials,
        builder_id: BUILDER.to_owned(),
        invocation: None,
        seed_derived: parameters.seed_derived,
    };
    let mut outputs = BTreeMap::new();
    for blob in role(call, "subjects") {
        let subject = Subject { name: blob.name.clone(), sha256: blob.digest };
        let statement = azl_attest::statement(&[subject], &facts).map_err(input_error)?;
        let name = match blob.name.as_str() {
            // Each repository has one; the file name alone would clash.
            "repomd.xml" => format!("{}-repomd.xml", parameters.external["name"].as_str().unwrap_or_default()),
            other => other.to_owned(),
        };
        outputs.insert(format!("{name}.intoto.jsonl"), store.put(&statement)?);
    }
    Ok(outputs)
}

fn dependency(role: &str, blob: &Blob) -> ResolvedDependency {
    ResolvedDependency {
        uri: format!("file:{role}/{}", blob.name),
        sha256: blob.digest,
        annotations: BTreeMap::from([("role".to_owned(), role.to_owned())]),
    }
}
