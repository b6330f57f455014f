//! DSSE envelopes signed with an OpenPGP key.
//!
//! The signature in the envelope is an OpenPGP signature packet over the pre-authentication encoding, the key
//! id the certificate's fingerprint. A raw Ed25519 signature would be smaller, but it would need the bare
//! secret, which tokens and remote signers do not give, and use one key in two ways.

use azl_attest::{Envelope, EnvelopeSignature, pae};

use crate::certificate::{Certificate, SignatureError};
use crate::key::{Key, KeyError};

/// A payload whose signature was good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What the payload is.
    pub payload_type: String,
    /// The payload.
    pub payload: Vec<u8>,
    /// When it was signed, seconds since 1970.
    pub time: u64,
}

/// Signs `payload` and returns the envelope as one line of JSON.
///
/// # Errors
/// If the key cannot sign.
pub fn sign_dsse(payload_type: &str, payload: &[u8], key: &Key, time: u64) -> Result<String, KeyError> {
    let signature = EnvelopeSignature { keyid: key.fingerprint(), sig: key.sign(&pae(payload_type, payload), time)? };
    let envelope =
        Envelope { payload_type: payload_type.to_owned(), payload: payload.to_vec(), signatures: vec![signature] };
    Ok(envelope.to_line())
}

/// Checks an envelope and returns what was signed.
///
/// # Errors
/// If it is not an envelope, is not signed by this certificate, or was changed.
pub fn verify_dsse(line: &str, certificate: &Certificate) -> Result<Statement, SignatureError> {
    let envelope = Envelope::parse(line).map_err(|error| SignatureError::Malformed(error.to_string()))?;
    let covered = pae(&envelope.payload_type, &envelope.payload);
    let mut result = Err(SignatureError::Unsigned);
    for signature in &envelope.signatures {
        match certificate.verify(&covered, &signature.sig) {
            Err(SignatureError::OtherKey(key)) if result.is_err() => result = Err(SignatureError::OtherKey(key)),
            Err(SignatureError::OtherKey(_)) => {}
            Err(wrong) => return Err(wrong),
            Ok(time) => result = Ok(time),
        }
    }
    result.map(|time| Statement { payload_type: envelope.payload_type, payload: envelope.payload, time })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::key;

    const TYPE: &str = "application/vnd.in-toto+json";

    #[test]
    fn envelope_verifies_and_is_deterministic() {
        let key = key();
        let line = sign_dsse(TYPE, b"{}", &key, 1_700_000_000).expect("signs");
        assert_eq!(line, sign_dsse(TYPE, b"{}", &key, 1_700_000_000).expect("signs"));
        let statement = verify_dsse(&line, &key.certificate()).expect("good");
        assert_eq!((statement.payload_type.as_str(), &statement.payload[..]), (TYPE, &b"{}"[..]));
    }

    #[test]
    fn changed_payload_type_or_payload_is_refused() {
        let key = key();
        let line = sign_dsse(TYPE, b"{}", &key, 1_700_000_000).expect("signs");
        let envelope = Envelope::parse(&line).expect("parses");
        let other_type = Envelope { payload_type: "text/plain".into(), ..envelope.clone() };
        let other_payload = Envelope { payload: b"{ }".to_vec(), ..envelope.clone() };
        let unsigned = Envelope { signatures: vec![], ..envelope };
        assert!(matches!(verify_dsse(&other_type.to_line(), &key.certificate()), Err(SignatureError::Bad(_))));
        assert!(matches!(verify_dsse(&other_payload.to_line(), &key.certificate()), Err(SignatureError::Bad(_))));
        assert_eq!(verify_dsse(&unsigned.to_line(), &key.certificate()), Err(SignatureError::Unsigned));
        let stranger = crate::fixture::key().certificate();
        assert!(matches!(verify_dsse(&line, &stranger), Err(SignatureError::OtherKey(_))));
    }
}
