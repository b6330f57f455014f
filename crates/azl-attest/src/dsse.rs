//! DSSE: a payload, its type, and signatures over both.
//!
//! Format: the "Dead Simple Signing Envelope" protocol, version 1.
//!
//! Not here: making or checking the signatures.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// Payload type of in-toto statements.
pub const IN_TOTO_TYPE: &str = "application/vnd.in-toto+json";

/// Returns the pre-authentication encoding: what a signature covers.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

/// A payload with its signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// What the payload is, a media type.
    pub payload_type: String,
    /// The payload.
    pub payload: Vec<u8>,
    /// Signatures over [`pae`] of both.
    pub signatures: Vec<EnvelopeSignature>,
}

/// One signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopeSignature {
    /// A hint at the key; never trusted.
    pub keyid: String,
    /// The signature's bytes.
    pub sig: Vec<u8>,
}

/// Says why a text is not an envelope.
#[derive(Debug, thiserror::Error)]
#[error("not a DSSE envelope: {0}")]
pub struct EnvelopeError(String);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireEnvelope {
    payload_type: String,
    payload: String,
    signatures: Vec<WireSignature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSignature {
    #[serde(default)]
    keyid: String,
    sig: String,
}

impl Envelope {
    /// Returns the envelope as one line of JSON.
    pub fn to_line(&self) -> String {
        let signatures = self
            .signatures
            .iter()
            .map(|s| WireSignature { keyid: s.keyid.clone(), sig: STANDARD.encode(&s.sig) })
            .collect();
        let wire = WireEnvelope {
            payload_type: self.payload_type.clone(),
            payload: STANDARD.encode(&self.payload),
            signatures,
        };
        let mut line = serde_json::to_string(&wire).expect("plain data is JSON");
        line.push('\n');
        line
    }

    /// Reads an envelope: known members once each, canonical base64.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, EnvelopeError> {
        let wire: WireEnvelope = serde_json::from_str(text).map_err(|error| EnvelopeError(error.to_string()))?;
        let decode = |text: &str| STANDARD.decode(text).map_err(|error| EnvelopeError(error.to_string()));
        let mut signatures = Vec::new();
        for signature in wire.signatures {
            signatures.push(EnvelopeSignature { sig: decode(&signature.sig)?, keyid: signature.keyid });
        }
        Ok(Self { payload_type: wire.payload_type, payload: decode(&wire.payload)?, signatures })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_is_the_published_example() {
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn envelope_round_trips_on_one_line() {
        let signatures = vec![EnvelopeSignature { keyid: "AB".into(), sig: vec![1, 2] }];
        let envelope = Envelope { payload_type: "t".into(), payload: b"a\nb".to_vec(), signatures };
        let line = envelope.to_line();
        assert_eq!(line.matches('\n').count(), 1);
        assert_eq!(Envelope::parse(&line).expect("parses"), envelope);
    }

    #[test]
    fn ambiguous_envelopes_are_refused() {
        for text in [
            r#"{"payloadType":"t","payload":"YQ==","payload":"Yg==","signatures":[]}"#,
            r#"{"payloadType":"t","payload":"YR==","signatures":[]}"#,
            r#"{"payloadType":"t","payload":"YQ","signatures":[]}"#,
            r#"{"payloadType":"t","payload":"YQ==","signatures":[],"extra":1}"#,
            r#"{"payload":"YQ==","signatures":[]}"#,
            "",
        ] {
            assert!(Envelope::parse(text).is_err(), "{text}");
        }
    }
}
