//! Detached armored signatures: `repomd.xml.asc`, `release.json.asc`.

use std::io::Write;

use sequoia_openpgp::armor::{Kind, Writer};

use crate::certificate::{Certificate, SignatureError};
use crate::key::{Key, KeyError};

/// Signs `payload` and returns the armored signature.
///
/// # Errors
/// If the key cannot sign.
pub fn sign_detached(payload: &[u8], key: &Key, time: u64) -> Result<String, KeyError> {
    let armor = |packet: &[u8]| -> std::io::Result<Vec<u8>> {
        let mut writer = Writer::new(Vec::new(), Kind::Signature).map_err(std::io::Error::other)?;
        writer.write_all(packet)?;
        writer.finalize()
    };
    let bytes = armor(&key.sign(payload, time)?).map_err(|error| KeyError::Unusable(error.to_string()))?;
    Ok(String::from_utf8(bytes).expect("armor is ASCII"))
}

/// Checks a detached signature and returns its time in seconds since 1970.
///
/// # Errors
/// What is wrong with it.
pub fn verify_detached(payload: &[u8], armored: &[u8], certificate: &Certificate) -> Result<u64, SignatureError> {
    if !armored.starts_with(b"-----BEGIN PGP SIGNATURE-----") {
        return Err(SignatureError::Malformed("it is not armored".to_owned()));
    }
    certificate.verify(payload, armored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::key;

    #[test]
    fn signature_verifies_is_deterministic_and_covers_the_payload() {
        let key = key();
        let armored = sign_detached(b"<repomd/>", &key, 1_700_000_000).expect("signs");
        assert_eq!(armored, sign_detached(b"<repomd/>", &key, 1_700_000_000).expect("signs"));
        assert_eq!(verify_detached(b"<repomd/>", armored.as_bytes(), &key.certificate()), Ok(1_700_000_000));
        assert!(verify_detached(b"<repomd />", armored.as_bytes(), &key.certificate()).is_err());
    }

    #[test]
    fn what_is_not_a_signature_is_refused() {
        let certificate = key().certificate();
        for bytes in
            [&b""[..], b"hello", certificate.to_armor().as_bytes(), b"-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END"]
        {
            assert!(verify_detached(b"x", bytes, &certificate).is_err());
        }
    }
}
