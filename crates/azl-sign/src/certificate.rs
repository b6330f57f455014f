//! Public keys, and whether a signature is theirs.

use sequoia_openpgp::cert::Cert;
use sequoia_openpgp::packet::Signature;
use sequoia_openpgp::parse::{PacketParser, PacketParserResult, Parse};
use sequoia_openpgp::policy::{HashAlgoSecurity, Policy, StandardPolicy};
use sequoia_openpgp::serialize::SerializeInto;
use sequoia_openpgp::{KeyHandle, Packet};

use crate::key::KeyError;

/// Says why a signature is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no signature at all.
    #[error("not signed")]
    Unsigned,
    /// The bytes are no OpenPGP signature.
    #[error("not an OpenPGP signature: {0}")]
    Malformed(String),
    /// It claims to be made by some other key.
    #[error("signed by another key: `{0}`")]
    OtherKey(String),
    /// It is by this key and wrong, or the key may not make it.
    #[error("bad signature: {0}")]
    Bad(String),
}

/// A public key.
#[derive(Debug, Clone)]
pub struct Certificate {
    cert: Cert,
}

impl Certificate {
    pub(crate) fn from_cert(cert: Cert) -> Self {
        Self { cert: cert.strip_secret_key_material() }
    }

    /// Reads an armored or binary certificate; the secret part of a key is dropped.
    ///
    /// # Errors
    /// If the bytes are not exactly one certificate.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        Cert::from_bytes(bytes).map(Self::from_cert).map_err(|error| KeyError::Unusable(error.to_string()))
    }

    /// Returns the armored certificate, as rpm imports it.
    pub fn to_armor(&self) -> String {
        let armor = self.cert.armored().to_vec().expect("writing to memory does not fail");
        String::from_utf8(armor).expect("armor is ASCII, and user ids in its comments are UTF-8")
    }

    /// Returns the fingerprint, upper-case hexadecimal.
    pub fn fingerprint(&self) -> String {
        self.cert.fingerprint().to_hex()
    }

    /// Returns what the key calls itself.
    pub fn user_ids(&self) -> Vec<String> {
        self.cert.userids().map(|user| String::from_utf8_lossy(user.userid().value()).into_owned()).collect()
    }

    /// Returns whether the key calls itself a development key.
    pub fn is_development(&self) -> bool {
        self.user_ids().iter().any(|user| user.to_lowercase().contains("development key"))
    }

    /// Checks a signature over `payload` and returns its time, in seconds since 1970.
    ///
    /// The key must have been valid for signing, and its algorithms acceptable, when the signature says it was
    /// made; no clock is asked.
    ///
    /// # Errors
    /// A [`SignatureError`] that tells a stranger's signature from a wrong one.
    pub fn verify(&self, payload: &[u8], signature: &[u8]) -> Result<u64, SignatureError> {
        let signatures = parse_signatures(signature)?;
        let mut result = Err(SignatureError::Unsigned);
        for signature in signatures {
            result = self.verify_one(payload, &signature);
            // One by this key that is wrong is not made good by another that is right.
            if matches!(result, Err(SignatureError::Bad(_))) {
                return result;
            }
        }
        result
    }

    fn verify_one(&self, payload: &[u8], signature: &Signature) -> Result<u64, SignatureError> {
        let issuers = signature.get_issuers();
        let bad = |error: &dyn std::fmt::Display| SignatureError::Bad(error.to_string());
        if !self
            .cert
            .keys()
            .any(|key| issuers.iter().any(|issuer| issuer.aliases(KeyHandle::from(key.key().fingerprint()))))
        {
            return Err(SignatureError::OtherKey(
                issuers.first().map_or_else(|| "unknown".to_owned(), ToString::to_string),
            ));
        }
        let time = signature.signature_creation_time().ok_or_else(|| bad(&"it has no date"))?;
        let policy = StandardPolicy::new();
        policy.signature(signature, HashAlgoSecurity::CollisionResistance).map_err(|error| bad(&error))?;
        let keys = self.cert.keys().with_policy(&policy, time).supported().alive().revoked(false).for_signing();
        let mut keys =
            keys.filter(|key| issuers.iter().any(|issuer| issuer.aliases(KeyHandle::from(key.key().fingerprint()))));
        let key = keys.next().ok_or_else(|| bad(&"the key was not valid for signing then"))?;
        signature.verify_message(key.key(), payload).map_err(|error| bad(&error))?;
        time.duration_since(std::time::UNIX_EPOCH).map(|since| since.as_secs()).map_err(|error| bad(&error))
    }
}

/// The most signatures we look at in one place.
const LIMIT: usize = 16;

/// Reads signature packets, armored or not; anything else among them is refused.
fn parse_signatures(bytes: &[u8]) -> Result<Vec<Signature>, SignatureError> {
    let malformed = |error: &dyn std::fmt::Display| SignatureError::Malformed(error.to_string());
    let mut signatures = Vec::new();
    let mut parser = PacketParser::from_bytes(bytes).map_err(|error| malformed(&error))?;
    while let PacketParserResult::Some(found) = parser {
        let (packet, next) = found.next().map_err(|error| malformed(&error))?;
        match packet {
            Packet::Signature(signature) if signatures.len() < LIMIT => signatures.push(signature),
            Packet::Signature(_) => return Err(malformed(&"too many signatures")),
            other => return Err(malformed(&format!("a {} packet is not a signature", other.tag()))),
        }
        parser = next;
    }
    match signatures.is_empty() {
        true => Err(SignatureError::Unsigned),
        false => Ok(signatures),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Key;
    use crate::fixture::key;

    #[test]
    fn changed_payload_is_a_bad_signature_and_a_stranger_is_told_apart() {
        let key = key();
        let packet = key.sign(b"payload", 1_700_000_000).expect("signs");
        assert!(matches!(key.certificate().verify(b"payloae", &packet), Err(SignatureError::Bad(_))));
        let stranger = Key::generate_development().expect("randomness").certificate();
        assert!(matches!(stranger.verify(b"payload", &packet), Err(SignatureError::OtherKey(_))));
    }

    #[test]
    fn every_flipped_byte_is_refused_without_panic() {
        let key = key();
        let packet = key.sign(b"payload", 1_700_000_000).expect("signs");
        // Two bytes of the digest stand before the signature proper, a hint that a reader need not take.
        let hint = 2 + 6 + usize::from(u16::from_be_bytes([packet[6], packet[7]])) + 2;
        for at in (0..packet.len()).filter(|at| !(hint..hint + 2).contains(at)) {
            let mut packet = packet.clone();
            packet[at] ^= 0x10;
            assert!(key.certificate().verify(b"payload", &packet).is_err(), "byte {at}");
        }
        assert!(key.certificate().verify(b"payload", b"").is_err());
    }

    #[test]
    fn signature_older_than_its_key_is_refused() {
        let key = key();
        let packet = key.sign(b"payload", 1_000_000_000).expect("signs");
        assert!(matches!(key.certificate().verify(b"payload", &packet), Err(SignatureError::Bad(_))));
    }

    #[test]
    fn certificate_round_trips_and_says_what_it_is() {
        let certificate = key().certificate();
        let again = Certificate::from_bytes(certificate.to_armor().as_bytes()).expect("readable");
        assert_eq!(again.fingerprint(), certificate.fingerprint());
        assert!(again.is_development());
        assert!(Certificate::from_bytes(b"nonsense").is_err());
    }
}
