//! Repodata from signed packages.

use std::collections::BTreeMap;

use azl_action::ports::{BlobStore, PortError};
use azl_digest::Digest;
use azl_repo::RepoPackage;
use serde::Deserialize;

use super::{Call, input_error, parameters, role};

#[derive(Deserialize)]
struct Parameters {
    epoch: u64,
}

/// Writes the metadata files, by their path in the repository.
pub(super) fn repodata(call: &Call, store: &dyn BlobStore) -> Result<BTreeMap<String, Digest>, PortError> {
    let Parameters { epoch } = parameters(call)?;
    let mut packages = Vec::new();
    for blob in role(call, "packages") {
        let bytes = store.read(blob.digest)?;
        let header = azl_rpm::read_header(&bytes).map_err(input_error)?;
        packages.push(RepoPackage {
            location: azl_repo::location(&header.nevra),
            time: header.build_time,
            file_sha256: blob.digest,
            file_size: bytes.len() as u64,
            header,
        });
    }
    let repository = azl_repo::build(&packages, epoch).map_err(input_error)?;
    let mut outputs = BTreeMap::new();
    for (name, bytes) in &repository.files {
        outputs.insert(name.clone(), store.put(bytes)?);
    }
    outputs.insert("repodata/repomd.xml".to_owned(), store.put(&repository.repomd)?);
    Ok(outputs)
}
