//! Which key may sign what.

use crate::Certificate;

/// What a release demands of its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPolicy {
    /// Any key will do, a development key too.
    DevelopmentAllowed,
    /// The key must be the one with this fingerprint (hexadecimal, any case, spaces allowed).
    ReleaseKeyRequired(String),
}

/// Says why a key may not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A development key where a release key is demanded.
    #[error(
        "a release key is demanded, `{0}` is a development key\nhint: give the release key, or remove `key` from release.toml"
    )]
    Development(String),
    /// Another key than the one demanded.
    #[error("key `{demanded}` is demanded, not `{given}`")]
    OtherKey {
        /// Fingerprint in the policy.
        demanded: String,
        /// Fingerprint of the key.
        given: String,
    },
}

impl KeyPolicy {
    /// Checks that a key may be used.
    ///
    /// # Errors
    /// [`PolicyError`] saying what is demanded.
    pub fn check(&self, certificate: &Certificate) -> Result<(), PolicyError> {
        let Self::ReleaseKeyRequired(demanded) = self else { return Ok(()) };
        let given = certificate.fingerprint();
        if certificate.is_development() {
            return Err(PolicyError::Development(given));
        }
        let plain: String = demanded.chars().filter(|c| !c.is_whitespace()).collect();
        match plain.eq_ignore_ascii_case(&given) {
            true => Ok(()),
            false => Err(PolicyError::OtherKey { demanded: demanded.clone(), given }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{key, release_key};

    #[test]
    fn development_key_is_refused_even_if_its_fingerprint_is_demanded() {
        let key = key().certificate();
        assert_eq!(KeyPolicy::DevelopmentAllowed.check(&key), Ok(()));
        let policy = KeyPolicy::ReleaseKeyRequired(key.fingerprint());
        assert_eq!(policy.check(&key), Err(PolicyError::Development(key.fingerprint())));
    }

    #[test]
    fn release_key_must_be_the_one_demanded() {
        let key = release_key().certificate();
        assert_eq!(KeyPolicy::ReleaseKeyRequired(key.fingerprint().to_lowercase()).check(&key), Ok(()));
        let other = KeyPolicy::ReleaseKeyRequired("AB".repeat(20));
        assert!(matches!(other.check(&key), Err(PolicyError::OtherKey { .. })));
        // A key id or an empty text is not a fingerprint.
        assert!(KeyPolicy::ReleaseKeyRequired(key.fingerprint()[24..].to_owned()).check(&key).is_err());
        assert!(KeyPolicy::ReleaseKeyRequired(String::new()).check(&key).is_err());
    }
}
