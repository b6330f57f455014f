//! The adapters of one run, put together.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use azl_action::ports::{BlobStore, Executor, Fetcher, Hypervisor, PortError, SharedCache, Signer};
use azl_digest::Digest;
use azl_rpm::PackageHeader;
use azl_store::LocalStore;

/// Everything the realise loop may ask for an effect.
pub struct Ports {
    /// Blobs and results.
    pub store: Arc<LocalStore>,
    /// Results that other machines share, if there is such a place.
    pub shared: Option<Box<dyn SharedCache>>,
    /// Does fetches.
    pub fetcher: Box<dyn Fetcher>,
    /// Does runs.
    pub executor: Box<dyn Executor>,
    /// Does signatures.
    pub signer: Box<dyn Signer>,
    /// Does boots.
    pub hypervisor: Box<dyn Hypervisor>,
    /// Package headers read so far: closures ask for the same ones again and again.
    pub headers: Mutex<BTreeMap<Digest, Arc<PackageHeader>>>,
}

impl Ports {
    /// Returns a package's header, read once per process.
    ///
    /// # Errors
    /// If the blob is lost or no package.
    pub fn header(&self, digest: Digest) -> Result<Arc<PackageHeader>, PortError> {
        if let Some(header) = self.headers.lock().ok().and_then(|headers| headers.get(&digest).cloned()) {
            return Ok(header);
        }
        let bytes = self.store.read(digest)?;
        let header = azl_rpm::read_header(&bytes).map_err(|error| PortError::Input(error.to_string()))?;
        let header = Arc::new(header);
        if let Ok(mut headers) = self.headers.lock() {
            headers.insert(digest, Arc::clone(&header));
        }
        Ok(header)
    }
}
