//! Files by URL: `https`, `http` and `file`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use azl_digest::Digest;
use azl_host::files;
use azl_host::http::{self, HttpError};

use super::{Backend, Request, Tried, accept, parallel};

/// Downloads at once.
const PARALLEL: usize = 4;
/// Attempts when a server answers with an error or stops in the middle.
const ATTEMPTS: u32 = 2;
/// Time for a download besides what its size takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Gets files over the network or from the file system.
#[derive(Default)]
pub(crate) struct UrlBackend {
    /// Hosts that could not be reached, and why; on a closed network every further file there would cost a time-out.
    unreachable: Mutex<BTreeMap<String, String>>,
}

impl Backend for UrlBackend {
    fn get(&self, requests: &[Request<'_>]) -> Vec<Result<Digest, Vec<Tried>>> {
        parallel(requests, PARALLEL, |request| self.get_one(request.location, request).map_err(|tried| vec![tried]))
    }
}

impl UrlBackend {
    /// Gets the file of a request from `url`.
    pub(crate) fn get_one(&self, url: &str, request: &Request<'_>) -> Result<Digest, Tried> {
        // A fragment names the file the bytes are kept under, as in spec files; it is not the server's business.
        let url = url.split('#').next().unwrap_or(url);
        let result = match url.strip_prefix("file://") {
            Some(path) => copy(Path::new(path), request),
            None if url.starts_with("https://") || url.starts_with("http://") => self.download(url, request),
            None => Err("only https, http and file URLs are supported".to_owned()),
        };
        if let Err(problem) = result {
            let _ = files::remove_file(&request.to);
            return Err(Tried::unavailable(url, problem));
        }
        accept(url, request)
    }

    fn download(&self, url: &str, request: &Request<'_>) -> Result<(), String> {
        let host = host_of(url);
        if let Some(reason) = self.unreachable().get(host) {
            return Err(format!("cannot reach `{host}`: {reason} (tried before)"));
        }
        let mut attempt = 1;
        loop {
            match http::download(url, &request.to, request.most(), PATIENCE + request.time()) {
                Ok(_) => return Ok(()),
                Err(HttpError::Unreachable { reason, .. }) => {
                    self.unreachable().insert(host.to_owned(), reason.clone());
                    return Err(format!("cannot reach `{host}`: {reason}"));
                }
                Err(HttpError::Unavailable { .. } | HttpError::Truncated { .. }) if attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    fn unreachable(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.unreachable.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn copy(from: &Path, request: &Request<'_>) -> Result<(), String> {
    match files::size(from) {
        None => Err("no such file".to_owned()),
        Some(size) if size > request.most() => Err(format!("has {size} bytes, expected {}", request.most())),
        Some(_) => files::copy(from, &request.to).map_err(|error| error.to_string()),
    }
}

fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}
