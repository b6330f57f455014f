//! The check that stands between an origin and the store.

use std::path::Path;

use azl_action::Wanted;
use azl_digest::Digest;
use azl_host::{FileError, files};

/// What is wrong with a file that was just got.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Mismatch {
    /// It has another size.
    #[error("expected {expected} bytes, got {got}")]
    Size { expected: u64, got: u64 },
    /// It has another digest.
    #[error("expected {algorithm} {expected}, got {got}")]
    Digest { algorithm: &'static str, expected: String, got: String },
    /// Neither digest was declared, so that any bytes would do.
    #[error("no digest is declared")]
    Undeclared,
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Returns the SHA-256 of a file that is what was wanted.
///
/// # Errors
/// [`Mismatch`] with what was expected and what was got.
pub(crate) fn verify(file: &Path, wanted: &Wanted) -> Result<Digest, Mismatch> {
    let got = files::size(file).unwrap_or(0);
    if let Some(expected) = wanted.size.filter(|expected| *expected != got) {
        return Err(Mismatch::Size { expected, got });
    }
    if wanted.sha256.is_none() && wanted.sha512.is_none() {
        return Err(Mismatch::Undeclared);
    }
    let sha256 = match wanted.sha512 {
        None => files::digest(file)?,
        Some(expected) => {
            let (sha256, sha512) = files::digests(file)?;
            equal("SHA-512", &expected, &sha512)?;
            sha256
        }
    };
    if let Some(expected) = wanted.sha256 {
        equal("SHA-256", &expected, &sha256)?;
    }
    Ok(sha256)
}

fn equal<T: PartialEq + ToString>(algorithm: &'static str, expected: &T, got: &T) -> Result<(), Mismatch> {
    if expected == got {
        return Ok(());
    }
    Err(Mismatch::Digest { algorithm, expected: expected.to_string(), got: got.to_string() })
}
