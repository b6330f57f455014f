//! Ways to get a file, one per kind of origin.

mod debian_pool;
mod url;

use std::path::PathBuf;
use std::time::Duration;

use azl_action::Wanted;
use azl_digest::Digest;
use azl_host::files;

pub(crate) use debian_pool::{DebianPool, apt_environment};
pub(crate) use url::UrlBackend;

use crate::verify::{Mismatch, verify};

/// A file to get from one place.
#[derive(Debug, Clone)]
pub(crate) struct Request<'a> {
    /// A URL, or a path in the pool.
    pub(crate) location: &'a str,
    /// Where to put it; nothing is there yet.
    pub(crate) to: PathBuf,
    /// What it must be.
    pub(crate) wanted: &'a Wanted,
}

/// Largest file whose size nobody wrote down, in bytes; no tarball of a distribution comes near.
const LARGEST: u64 = 16 << 30;

/// Slowest transfer that is waited for.
const BYTES_PER_SECOND: u64 = 50_000;
/// Time for a transfer whose size is not known.
const UNKNOWN: Duration = Duration::from_secs(2 * 60 * 60);

impl Request<'_> {
    /// Returns the most bytes that are taken.
    pub(crate) fn most(&self) -> u64 {
        self.wanted.size.unwrap_or(LARGEST)
    }

    /// Returns how long its bytes may take.
    pub(crate) fn time(&self) -> Duration {
        self.wanted.size.map_or(UNKNOWN, |size| Duration::from_secs(size / BYTES_PER_SECOND))
    }
}

/// A place that was tried in vain.
#[derive(Debug)]
pub(crate) struct Tried {
    /// The full address.
    pub(crate) origin: String,
    /// What went wrong there.
    pub(crate) problem: String,
    /// Whether it had a file, but not this one.
    pub(crate) wrong_bytes: bool,
}

impl Tried {
    pub(crate) fn unavailable(origin: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { origin: origin.into(), problem: problem.into(), wrong_bytes: false }
    }
}

/// Ending of a file that came with other bytes than asked for, until the store puts it into quarantine.
pub(crate) const REFUSED: &str = ".refused";

/// Checks the file that came from `origin`; a wrong one is moved aside, so that it is not taken for the next origin's.
///
/// # Errors
/// What was expected and what was got.
pub(crate) fn accept(origin: &str, request: &Request<'_>) -> Result<Digest, Tried> {
    verify(&request.to, request.wanted).map_err(|mismatch| {
        let wrong_bytes = !matches!(mismatch, Mismatch::File(_));
        let mut aside = request.to.clone().into_os_string();
        aside.push(REFUSED);
        if !wrong_bytes || files::rename(&request.to, aside).is_err() {
            let _ = files::remove_file(&request.to);
        }
        Tried { origin: origin.to_owned(), problem: mismatch.to_string(), wrong_bytes }
    })
}

/// A way to get files.
pub(crate) trait Backend: Sync {
    /// Tries every request and returns, in their order, the verified digest or the places tried in vain.
    fn get(&self, requests: &[Request<'_>]) -> Vec<Result<Digest, Vec<Tried>>>;
}

/// Calls `work` on every item, at most `threads` at a time, and returns the results in the items' order.
pub(crate) fn parallel<T: Sync, R: Send>(items: &[T], threads: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..threads.min(items.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { return };
                    let result = work(item);
                    results.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((index, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
