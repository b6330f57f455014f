//! The pure functions a graph can name, applied to blobs.
//!
//! Each function lives in its core crate; here its inputs are read from the store and its outputs kept.
//!
//! **Invariant:** nothing but the action decides what is written.

mod archives;
mod attestations;
mod buildinfo;
mod images;
mod repodata;

use azl_action::ports::{BlobStore, PortError};
use azl_action::{ActionResult, Blob, Compute, Function};
use serde::de::DeserializeOwned;

/// A function and its inputs.
pub(crate) type Call = Compute<Vec<Blob>>;

/// Applies the function of `call`.
///
/// # Errors
/// [`PortError::Input`] if the inputs are not what the function takes.
pub(crate) fn compute(call: &Call, store: &dyn BlobStore) -> Result<ActionResult, PortError> {
    let outputs = match call.function {
        Function::Repack => archives::repack(call, store),
        Function::Repodata => repodata::repodata(call, store),
        Function::Programs => images::programs(call, store),
        Function::DiskImage => images::disk(call, store),
        Function::OciImage => images::oci(call, store),
        Function::Spdx => attestations::spdx(call, store),
        Function::Provenance => attestations::provenance(call, store),
        Function::Buildinfo => buildinfo::buildinfo(call, store),
    }?;
    Ok(ActionResult { outputs, log: None, millis: 0, usage: azl_action::Usage::default() })
}

/// Returns the blobs of a role; an absent role has none.
fn role<'a>(call: &'a Call, name: &str) -> &'a [Blob] {
    call.inputs.get(name).map_or(&[], Vec::as_slice)
}

fn parameters<T: DeserializeOwned>(call: &Call) -> Result<T, PortError> {
    serde_json::from_value(call.parameters.clone()).map_err(|error| PortError::Input(error.to_string()))
}

fn input_error(error: impl std::fmt::Display) -> PortError {
    PortError::Input(error.to_string())
}
