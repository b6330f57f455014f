//! Doing an errand: reads the action, runs it in the sandbox, leaves what it gave.

use std::path::Path;

use azl_action::errand;
use azl_action::ports::{BlobStore, Executor, PortError};
use azl_action::{ActionResult, Blob, Run};
use azl_exec::{Bubblewrap, Conditions, Limits};
use azl_host::files;

use crate::cache::{Cache, trouble};
use crate::staged::Staged;

/// Does the errand in directory `here`.
pub(crate) fn work(here: &Path) -> Result<(), PortError> {
    let json = files::read(here.join(errand::ACTION)).map_err(trouble)?;
    let run: Run<Vec<Blob>> = serde_json::from_slice(&json)
        .map_err(|error| PortError::Input(format!("`{}` is no action: {error}", errand::ACTION)))?;
    // Declared outputs exist even where nothing was done.
    files::create_dir_all(here.join(errand::OUT)).map_err(trouble)?;
    let cache = Cache::open()?;
    let scratch = cache.scratch(here)?;
    let store = Staged::new(here.join(errand::BLOBS), &scratch.directory)?;
    let limits = Limits::from_environment().map_err(|error| PortError::Infrastructure(error.to_string()))?;
    Bubblewrap::new(cache.roots(), Conditions::default())
        .map(|sandbox| sandbox.limited(limits))
        .and_then(|sandbox| sandbox.run(&run, &store, &here.join(errand::LOG)))
        .and_then(|result| leave(here, &result, &store))
}

fn leave(here: &Path, result: &ActionResult, store: &dyn BlobStore) -> Result<(), PortError> {
    for (name, digest) in &result.outputs {
        let path = here.join(errand::OUT).join(name);
        if let Some(parent) = path.parent() {
            files::create_dir_all(parent).map_err(trouble)?;
        }
        files::link_or_copy(store.path(*digest)?, path).map_err(trouble)?;
    }
    let usage = serde_json::to_vec(&result.usage).map_err(|error| PortError::Infrastructure(error.to_string()))?;
    files::write_atomic(here.join(errand::USAGE), &usage).map_err(trouble)
}
