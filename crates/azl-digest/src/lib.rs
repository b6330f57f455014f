//! Digests and the canonical encoding they are taken over.
//!
//! A [`Digest`] is a SHA-256, the digest function every Remote Execution API server agrees on; it names
//! blobs, actions and packages. A [`Sha512`] is what dist-git `sources` files pin and serves only to
//! find a source for the first time.
//!
//! Not here: files, stores, or any other hash function.
//!
//! **Invariant:** [`canonical`] depends on the value and its tag alone. Values hashed with it hold
//! `BTreeMap`s, never `HashMap`s, so that equal values give equal bytes on every machine.

mod hasher;
mod hex_digest;

pub use hasher::Hasher;
pub use hex_digest::{Digest, ParseDigestError, Sha512};

use serde::Serialize;

/// Returns the digest of `value` under the domain `tag`, for example `action.v1`.
///
/// The encoding is the tag, a NUL byte, then compact JSON in field order.
///
/// # Panics
/// If `value` cannot be written as JSON (a map with non-string keys), which is a mistake in the program.
pub fn canonical<T: Serialize>(tag: &str, value: &T) -> Digest {
    let json = serde_json::to_vec(value).expect("canonical values are plain JSON data");
    let mut hasher = Hasher::new();
    hasher.update(tag.as_bytes());
    hasher.update(&[0]);
    hasher.update(&json);
    hasher.finish().0
}
