//! Secret keys.
//!
//! **Invariant:** a key holds an unencrypted, valid signing key; nothing prints its secret.

use std::fmt;

use sequoia_openpgp::cert::Cert;
use sequoia_openpgp::crypto::KeyPair;
use sequoia_openpgp::packet::key::{Key4, PrimaryRole, SecretParts};
use sequoia_openpgp::packet::signature::SignatureBuilder;
use sequoia_openpgp::packet::signature::subpacket::{Subpacket, SubpacketValue};
use sequoia_openpgp::packet::{self, UserID};
use sequoia_openpgp::parse::Parse;
use sequoia_openpgp::policy::StandardPolicy;
use sequoia_openpgp::serialize::SerializeInto;
use sequoia_openpgp::types::{Curve, HashAlgorithm, KeyFlags, SignatureType, Timestamp};
use sequoia_openpgp::{Packet, Result as PgpResult};

use crate::certificate::Certificate;
use crate::packet::sign_packet;

/// Says why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The bytes are no key, or not one we can sign with.
    #[error("not a usable signing key: {0}")]
    Unusable(String),
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] azl_host::files::FileError),
    /// Others may read the file or directory.
    #[error("others can read `{path}` (mode {mode:04o})\nhint: chmod {wanted:04o} {path}")]
    Exposed {
        /// The file or directory.
        path: String,
        /// Its permission bits.
        mode: u32,
        /// What they should be.
        wanted: u32,
    },
}

fn unusable(error: impl fmt::Display) -> KeyError {
    KeyError::Unusable(error.to_string())
}

/// The date of a development key: 2020-01-01. It is fixed and early because signatures carry the date of the
/// release, and one older than its key is invalid.
const DEVELOPMENT_KEY_TIME: u32 = 1_577_836_800;

/// What a development key calls itself. The `.invalid` domain exists nowhere.
const DEVELOPMENT_USER: &str = "Azure Linux development key, not for releases <development@azurelinux.invalid>";

/// A secret signing key with its certificate.
pub struct Key {
    cert: Cert,
    pair: KeyPair,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("fingerprint", &self.fingerprint()).finish_non_exhaustive()
    }
}

impl Key {
    /// Makes a new development key (Ed25519).
    ///
    /// # Errors
    /// If the system has no randomness to give.
    pub fn generate_development() -> Result<Self, KeyError> {
        generate(DEVELOPMENT_USER, DEVELOPMENT_KEY_TIME).map_err(unusable).and_then(Self::from_cert)
    }

    /// Reads an armored or binary secret key.
    ///
    /// # Errors
    /// If it is none, is encrypted, or has no valid signing key.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        Self::from_cert(Cert::from_bytes(bytes).map_err(unusable)?)
    }

    fn from_cert(cert: Cert) -> Result<Self, KeyError> {
        let policy = StandardPolicy::new();
        let keys = cert
            .keys()
            .unencrypted_secret()
            .with_policy(&policy, None)
            .supported()
            .alive()
            .revoked(false)
            .for_signing();
        let key = keys.map(|found| found.key().clone()).next();
        let key = key.ok_or_else(|| unusable("no unencrypted, valid secret key that may sign"))?;
        let pair = key.into_keypair().map_err(unusable)?;
        Ok(Self { cert, pair })
    }

    /// Returns the armored secret key.
    ///
    /// # Errors
    /// Never in practice: writing to memory.
    pub fn to_armor(&self) -> Result<Vec<u8>, KeyError> {
        self.cert.as_tsk().armored().to_vec().map_err(unusable)
    }

    /// Returns the public part.
    pub fn certificate(&self) -> Certificate {
        Certificate::from_cert(self.cert.clone())
    }

    /// Returns the fingerprint of the certificate, upper-case hexadecimal.
    pub fn fingerprint(&self) -> String {
        self.cert.fingerprint().to_hex()
    }

    /// Makes a signature packet over `payload`, dated `time` (seconds since 1970).
    ///
    /// # Errors
    /// If the key cannot sign or the time does not fit an OpenPGP signature.
    pub(crate) fn sign(&self, payload: &[u8], time: u64) -> Result<Vec<u8>, KeyError> {
        let time = u32::try_from(time).map_err(|_| unusable(format!("signature time out of range: {time}")))?;
        sign_packet(&mut self.pair.clone(), payload, time).map_err(unusable)
    }
}

/// Makes a certificate that rpm 4.18 can import as well as newer ones.
///
/// Its own OpenPGP parser refuses critical subpackets other than creation time, issuer and key flags, so there
/// is no direct-key signature, no expiry, and "primary user id" is not critical. Delete this care when no
/// supported host has an rpm without rpm-sequoia.
fn generate(user: &str, time: u32) -> PgpResult<Cert> {
    let time = Timestamp::from(time);
    let mut key: Key4<SecretParts, PrimaryRole> = Key4::generate_ecc(true, Curve::Ed25519)?;
    key.set_creation_time(std::time::SystemTime::from(time))?;
    let key = packet::Key::from(key);
    let user = UserID::from(user);
    let mut signer = key.clone().into_keypair()?;
    let binding = SignatureBuilder::new(SignatureType::PositiveCertification)
        .set_hash_algo(HashAlgorithm::SHA512)
        .set_signature_creation_time(std::time::SystemTime::from(time))?
        .set_key_flags(KeyFlags::empty().set_certification().set_signing())?
        .modify_hashed_area(|mut area| {
            area.replace(Subpacket::new(SubpacketValue::PrimaryUserID(true), false)?)?;
            Ok(area)
        })?
        .sign_userid_binding(&mut signer, None, &user)?;
    Cert::from_packets([Packet::SecretKey(key), user.into(), binding.into()].into_iter())
}

/// Makes a key with any name.
#[cfg(test)]
pub(crate) fn generate_for_tests(user: &str) -> Key {
    Key::from_cert(generate(user, DEVELOPMENT_KEY_TIME).expect("randomness")).expect("usable")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_survives_being_written_and_read() {
        let key = Key::generate_development().expect("randomness");
        let again = Key::from_bytes(&key.to_armor().expect("armored")).expect("readable");
        assert_eq!(again.fingerprint(), key.fingerprint());
        assert_eq!(again.sign(b"x", 1_700_000_000).expect("signs"), key.sign(b"x", 1_700_000_000).expect("signs"));
    }

    #[test]
    fn certificates_and_nonsense_are_not_keys() {
        let key = Key::generate_development().expect("randomness");
        assert!(Key::from_bytes(key.certificate().to_armor().as_bytes()).is_err());
        assert!(Key::from_bytes(b"-----BEGIN PGP PRIVATE KEY BLOCK-----").is_err());
        assert!(Key::from_bytes(b"").is_err());
    }

    #[test]
    fn only_subpackets_that_old_rpm_knows_are_critical() {
        let key = Key::generate_development().expect("randomness");
        for packet in key.cert.clone().into_packets() {
            if let Packet::Signature(signature) = packet {
                let critical: Vec<u8> =
                    signature.hashed_area().iter().filter(|s| s.critical()).map(|s| s.tag().into()).collect();
                assert!(critical.iter().all(|tag| [2, 16, 27].contains(tag)), "{critical:?}");
            }
        }
    }

    #[test]
    fn debug_output_has_no_secret() {
        let key = Key::generate_development().expect("randomness");
        assert_eq!(format!("{key:?}"), format!("Key {{ fingerprint: {:?}, .. }}", key.fingerprint()));
    }
}
