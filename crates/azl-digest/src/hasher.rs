//! Incremental hashing that yields both digests of a stream in one pass.

use sha2::{Digest as _, Sha256, Sha512 as Sha512Algorithm};

use crate::{Digest, Sha512};

/// Hashes a stream; SHA-512 is computed only when asked for, since it costs as much again.
#[derive(Clone)]
pub struct Hasher {
    sha256: Sha256,
    sha512: Option<Sha512Algorithm>,
}

impl Hasher {
    /// Starts a SHA-256 stream.
    #[expect(clippy::new_without_default, reason = "a hasher has no default value worth naming")]
    pub fn new() -> Self {
        Self { sha256: Sha256::new(), sha512: None }
    }

    /// Starts a stream that computes SHA-256 and SHA-512.
    pub fn with_sha512() -> Self {
        Self { sha256: Sha256::new(), sha512: Some(Sha512Algorithm::new()) }
    }

    /// Adds bytes to the stream.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        if let Some(sha512) = &mut self.sha512 {
            sha512.update(bytes);
        }
    }

    /// Ends the stream; the second value is there if the stream was started with SHA-512.
    pub fn finish(self) -> (Digest, Option<Sha512>) {
        let sha512 = self.sha512.map(|hasher| Sha512::from_bytes(hasher.finalize().into()));
        (Digest::from_bytes(self.sha256.finalize().into()), sha512)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stream_equals_whole() {
        let mut hasher = Hasher::with_sha512();
        hasher.update(b"ab");
        hasher.update(b"c");
        assert_eq!(hasher.finish(), (Digest::of(b"abc"), Some(Sha512::of(b"abc"))));
    }
}
