//! Downloads over HTTP and HTTPS.
//!
//! Not here: what a file should contain; the caller checks digests.
//!
//! **Invariant:** never writes more than the stated limit, never follows a redirect to another scheme than http(s).

use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use crate::files::{self, FileError};

/// A failed download.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// No connection to the server's host could be made; other files there need not be tried.
    #[error("cannot reach the host of `{url}`: {reason}")]
    Unreachable {
        /// What was asked for.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// The server answered with an error status, or not in time.
    #[error("cannot download `{url}`: {reason}")]
    Unavailable {
        /// What was asked for.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// The server is well and does not have it; asking again is of no use.
    #[error("`{url}` is not there: the server says {status}")]
    Absent {
        /// What was asked for.
        url: String,
        /// The status, e.g. 404.
        status: u16,
    },
    /// The answer is longer than the expected size.
    #[error("`{url}` sends more than the expected {limit} bytes")]
    TooLong {
        /// What was asked for.
        url: String,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The connection ended early.
    #[error("`{url}` stopped after {received} of {announced} bytes")]
    Truncated {
        /// What was asked for.
        url: String,
        /// Bytes received.
        received: u64,
        /// Bytes the server announced.
        announced: u64,
    },
    /// The file could not be written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Downloads `url` to the file `to`, at most `limit` bytes, in the given time.
///
/// # Errors
/// [`HttpError`]; a partly written file may remain and is the caller's to remove.
pub fn download(url: &str, to: &Path, limit: u64, timeout: Duration) -> Result<u64, HttpError> {
    let unavailable = |reason: String| HttpError::Unavailable { url: url.to_owned(), reason };
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(timeout))
        .timeout_connect(Some(Duration::from_secs(10)))
        .user_agent("azurelinux-toolchain")
        .build()
        .into();
    let response = agent.get(url).header("accept-encoding", "identity").call().map_err(|e| failed(url, &e))?;
    let announced = response.headers().get("content-length").and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|announced| announced > limit) {
        return Err(HttpError::TooLong { url: url.to_owned(), limit });
    }
    let mut body = response.into_body().into_reader().take(limit + 1);
    let mut file = files::create(to)?;
    let received = copy(&mut body, &mut file).map_err(|e| unavailable(e.to_string()))?;
    if received > limit {
        return Err(HttpError::TooLong { url: url.to_owned(), limit });
    }
    match announced {
        Some(announced) if announced != received => {
            Err(HttpError::Truncated { url: url.to_owned(), received, announced })
        }
        _ => Ok(received),
    }
}

fn failed(url: &str, error: &ureq::Error) -> HttpError {
    use ureq::{Error, Timeout};
    let (url, reason) = (url.to_owned(), error.to_string());
    match error {
        Error::HostNotFound
        | Error::ConnectionFailed
        | Error::Timeout(Timeout::Resolve | Timeout::Connect)
        | Error::ConnectProxyFailed(_) => HttpError::Unreachable { url, reason },
        Error::StatusCode(status @ (404 | 410)) => HttpError::Absent { url, status: *status },
        Error::Io(io) if is_unreachable(io) => HttpError::Unreachable { url, reason },
        _ => HttpError::Unavailable { url, reason },
    }
}

fn is_unreachable(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    let kinds = [ErrorKind::ConnectionRefused, ErrorKind::HostUnreachable, ErrorKind::NetworkUnreachable];
    // The standard library has no kind for a name that does not resolve.
    kinds.contains(&error.kind()) || error.to_string().contains("failed to lookup address")
}

fn copy(from: &mut impl Read, to: &mut impl Write) -> std::io::Result<u64> {
    std::io::copy(from, to)
}
