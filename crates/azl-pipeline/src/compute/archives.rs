//! Source archives that overlays change from inside.

use std::collections::BTreeMap;

use azl_action::ports::{BlobStore, PortError};
use azl_digest::{Digest, Sha512};
use azl_overlay::{Overlay, archive};
use serde::Deserialize;

use super::{Call, input_error, parameters, role};

#[derive(Deserialize)]
struct Parameters {
    file: String,
    overlays: Vec<String>,
    sha512: String,
}

/// Writes the changed archive, under the name of the old one.
pub(super) fn repack(call: &Call, store: &dyn BlobStore) -> Result<BTreeMap<String, Digest>, PortError> {
    let Parameters { file, overlays, sha512 } = parameters(call)?;
    let [original] = role(call, "archive") else {
        return Err(input_error(format!("`{file}` is not one archive")));
    };
    let mut bytes = store.read(original.digest)?;
    let read = |text: &String| Overlay::parse(&file, text).map_err(|found| input_error(messages(&found)));
    let overlays: Vec<Overlay> = overlays.iter().map(read).collect::<Result<_, _>>()?;
    for group in archive::groups(&overlays) {
        bytes = group.apply(&bytes).map_err(|problem| input_error(messages(&[problem])))?.bytes;
    }
    let found = Sha512::of(&bytes).to_string();
    if found != sha512 {
        let message = format!("`{file}` with its overlays has another hash than its `source-files` entry says");
        return Err(input_error(format!("{message}\n  written: {sha512}\n  has:     {found}")));
    }
    Ok(BTreeMap::from([(file, store.put(&bytes)?)]))
}

fn messages(problems: &[azl_diagnostics::Diagnostic]) -> String {
    problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
