//! The document that says how a component was built.

use std::collections::BTreeMap;
use std::sync::Arc;

use azl_action::ports::{BlobStore, PortError};
use azl_action::{Blob, RootLock, Run, Work};
use azl_attest::{BUILDINFO_SCHEMA, Buildinfo, BuiltPackage, File, Input, Step};
use azl_digest::Digest;
use azl_plan::buildinfo::Parameters;

use super::{Call, input_error, parameters, role};

/// Writes `<component>.buildinfo.json`.
pub(super) fn buildinfo(call: &Call, store: &dyn BlobStore) -> Result<BTreeMap<String, Digest>, PortError> {
    let Parameters { component, release, spec, steps } = parameters(call)?;
    let signed: BTreeMap<&str, Digest> =
        role(call, "signed").iter().map(|blob| (blob.name.as_str(), blob.digest)).collect();
    let mut outputs = Vec::new();
    let mut epoch = 0;
    for blob in role(call, "built") {
        let bytes = store.read(blob.digest)?;
        let signed = signed.get(blob.name.as_str());
        let signed = *signed.ok_or_else(|| input_error(format!("`{}` was not signed", blob.name)))?;
        outputs.push(BuiltPackage::of(&blob.name, &bytes, signed).map_err(input_error)?);
        let header = azl_rpm::read_header(&bytes).map_err(input_error)?;
        epoch = header.build_time.max(epoch);
    }
    outputs.sort_by(|one, other| one.name.cmp(&other.name));
    let files = self::files(role(call, "files"), store)?;
    let sources = self::files(role(call, "sources"), store)?;
    let steps = steps.into_iter().map(|(name, run)| step(call, name, &run, store)).collect::<Result<_, _>>()?;
    let schema = BUILDINFO_SCHEMA.to_owned();
    let name = format!("{component}.buildinfo.json");
    let source_date_epoch = epoch;
    let info = Buildinfo { schema, component, release, spec, files, sources, source_date_epoch, steps, outputs };
    Ok(BTreeMap::from([(name, store.put(&info.to_bytes())?)]))
}

fn files(blobs: &[Blob], store: &dyn BlobStore) -> Result<Vec<File>, PortError> {
    blobs.iter().map(|blob| Ok(File::of(&blob.name, &store.read(blob.digest)?))).collect()
}

/// Puts the inputs back into a run: it is then the very action that was done, with its digest.
fn step(call: &Call, name: String, run: &Run<String>, store: &dyn BlobStore) -> Result<Step, PortError> {
    let blobs = |name: &String| role(call, name).to_vec();
    let run = Run {
        arch: run.arch,
        command: run.command.clone(),
        env: run.env.clone(),
        root: blobs(&run.root),
        inputs: run.inputs.iter().map(|(directory, name)| (directory.clone(), blobs(name))).collect(),
        timeout: run.timeout,
        as_root: run.as_root,
        sandbox_revision: run.sandbox_revision,
    };
    let header = |digest| {
        let bytes = store.read(digest).map_err(|error| error.to_string())?;
        azl_rpm::read_header(&bytes).map(Arc::new).map_err(|error| error.to_string())
    };
    let root = RootLock::of(&run, &header).map_err(PortError::Input)?.layers;
    let input = |blob: &Blob| Input { name: blob.name.clone(), sha256: blob.digest };
    Ok(Step {
        name,
        action: Work::Run(run.clone()).digest(),
        arch: run.arch.to_string(),
        command: run.command,
        environment: run.env,
        root,
        inputs: run.inputs.iter().map(|(name, blobs)| (name.clone(), blobs.iter().map(input).collect())).collect(),
        user: if run.as_root { 0 } else { azl_exec::BUILD_USER },
        umask: format!("{:04o}", azl_exec::UMASK),
        build_path: azl_exec::BUILD_PATH.to_owned(),
        network: "none".to_owned(),
        timeout: run.timeout,
        sandbox_revision: run.sandbox_revision,
    })
}
