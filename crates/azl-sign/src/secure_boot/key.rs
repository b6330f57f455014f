//! The key that firmware trusts, and its certificate (X.509, RFC 5280).

use std::fmt;

use azl_digest::Digest;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding};
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};

use super::der;
use crate::key::KeyError;

/// The only size that all firmware takes.
const BITS: usize = 2048;
/// What a development certificate calls its owner.
const DEVELOPMENT_NAME: &str = "Azure Linux development Secure Boot key, not for releases";
/// What another does.
const RELEASE_NAME: &str = "Azure Linux Secure Boot key";
/// Firmware has no clock to trust; the certificate is good from before the first release to the last date of its form.
const VALIDITY: [&[u8]; 2] = [b"200101000000Z", b"491231235959Z"];

/// An RSA key for Authenticode signatures.
pub struct SecureBootKey {
    secret: RsaPrivateKey,
    certificate: Vec<u8>,
    name: Vec<u8>,
    serial: Vec<u8>,
}

impl fmt::Debug for SecureBootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecureBootKey").field("fingerprint", &self.fingerprint()).finish_non_exhaustive()
    }
}

/// Who a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Development,
    Release,
}

impl SecureBootKey {
    /// Makes a new key.
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub(crate) fn generate() -> Result<String, KeyError> {
        let secret = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, BITS).map_err(unusable)?;
        Ok(secret.to_pkcs8_pem(LineEnding::LF).map_err(unusable)?.to_string())
    }

    /// Reads a key (PKCS #8, PEM).
    ///
    /// # Errors
    /// If it is none that firmware takes.
    pub(crate) fn from_pem(text: &str, purpose: Purpose) -> Result<Self, KeyError> {
        let secret = RsaPrivateKey::from_pkcs8_pem(text).map_err(unusable)?;
        if secret.size() * 8 != BITS {
            return Err(unusable(format!("its {} bits are not {BITS}", secret.size() * 8)));
        }
        let name = name(match purpose {
            Purpose::Development => DEVELOPMENT_NAME,
            Purpose::Release => RELEASE_NAME,
        });
        // Positive, and the same whenever it is computed.
        let mut serial = Digest::of(&public_key(&secret)).as_bytes()[..16].to_vec();
        serial[0] = serial[0] & 0x7f | 0x40;
        let to_be_signed = to_be_signed(&secret, &name, &serial);
        let signature = sign(&secret, &to_be_signed)?;
        let certificate = der::sequence(&[&to_be_signed, &sha256_with_rsa(), &der::bits(&signature)]);
        Ok(Self { secret, certificate, name, serial })
    }

    /// Returns the certificate (X.509, DER), as firmware enrols it.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// Returns the SHA-256 of the certificate, upper-case hexadecimal.
    pub fn fingerprint(&self) -> String {
        Digest::of(&self.certificate).to_string().to_uppercase()
    }

    /// Returns who a signature says it is by: the certificate's issuer and serial number.
    pub(super) fn issuer_and_serial(&self) -> Vec<u8> {
        der::sequence(&[&self.name, &der::integer(&self.serial)])
    }

    /// Signs bytes (RSASSA-PKCS1-v1_5 with SHA-256, RFC 8017): the same bytes give the same signature.
    pub(super) fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, KeyError> {
        sign(&self.secret, bytes)
    }

    #[cfg(test)]
    pub(super) fn verify(&self, bytes: &[u8], signature: &[u8]) -> bool {
        self.secret.to_public_key().verify(scheme(), Digest::of(bytes).as_bytes(), signature).is_ok()
    }
}

fn unusable(error: impl fmt::Display) -> KeyError {
    KeyError::Unusable(error.to_string())
}

/// The scheme with the prefix of SHA-256's `DigestInfo`.
fn scheme() -> Pkcs1v15Sign {
    let prefix = [0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20];
    Pkcs1v15Sign { hash_len: Some(32), prefix: Box::new(prefix) }
}

fn sign(secret: &RsaPrivateKey, bytes: &[u8]) -> Result<Vec<u8>, KeyError> {
    secret.sign(scheme(), Digest::of(bytes).as_bytes()).map_err(unusable)
}

/// `sha256WithRSAEncryption`
fn sha256_with_rsa() -> Vec<u8> {
    der::sequence(&[&der::oid(&[1, 2, 840, 113_549, 1, 1, 11]), &der::NULL])
}

/// A distinguished name of nothing but a common name.
fn name(common: &str) -> Vec<u8> {
    let attribute = der::sequence(&[&der::oid(&[2, 5, 4, 3]), &der::tagged(0x0c, common.as_bytes())]);
    der::sequence(&[&der::set(&[&attribute])])
}

fn public_key(secret: &RsaPrivateKey) -> Vec<u8> {
    let algorithm = der::sequence(&[&der::oid(&[1, 2, 840, 113_549, 1, 1, 1]), &der::NULL]);
    let numbers = [secret.n(), secret.e()].map(|number| der::integer(&number.to_bytes_be()));
    let key = der::sequence(&[&numbers[0], &numbers[1]]);
    der::sequence(&[&algorithm, &der::bits(&key)])
}

fn to_be_signed(secret: &RsaPrivateKey, name: &[u8], serial: &[u8]) -> Vec<u8> {
    let validity = VALIDITY.map(|time| der::tagged(0x17, time));
    der::sequence(&[
        &der::explicit(0, &der::integer(&[2])),
        &der::integer(serial),
        &sha256_with_rsa(),
        name,
        &der::sequence(&[&validity[0], &validity[1]]),
        name,
        &public_key(secret),
        &der::explicit(3, &extensions()),
    ])
}

/// It signs code, and no other certificates.
fn extensions() -> Vec<u8> {
    let critical = der::tagged(0x01, &[0xff]);
    let constraints = der::sequence(&[&der::oid(&[2, 5, 29, 19]), &critical, &der::octets(&der::sequence(&[]))]);
    // One bit of eight: digital signature.
    let digital_signature = der::tagged(0x03, &[7, 0x80]);
    let usage = der::sequence(&[&der::oid(&[2, 5, 29, 15]), &critical, &der::octets(&digital_signature)]);
    let code = der::sequence(&[&der::oid(&[1, 3, 6, 1, 5, 5, 7, 3, 3])]);
    let extended = der::sequence(&[&der::oid(&[2, 5, 29, 37]), &der::octets(&code)]);
    der::sequence(&[&constraints, &usage, &extended])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{reader, secure_boot_key};

    #[test]
    fn one_key_has_one_certificate() {
        let pem = SecureBootKey::generate().expect("randomness");
        let read = |purpose| SecureBootKey::from_pem(&pem, purpose).expect("usable");
        let (one, two) = (read(Purpose::Development), read(Purpose::Development));
        assert_eq!((one.certificate(), one.fingerprint()), (two.certificate(), two.fingerprint()));
        assert_ne!(one.fingerprint(), read(Purpose::Release).fingerprint());
        let found = |name: &str| one.certificate().windows(name.len()).any(|window| window == name.as_bytes());
        assert!(found(DEVELOPMENT_NAME) && !found(RELEASE_NAME));
        assert!(one.verify(b"payload", &one.sign(b"payload").expect("signs")));
        assert!(SecureBootKey::from_pem("-----BEGIN PRIVATE KEY-----", Purpose::Release).is_err());
    }

    /// OpenSSL as the independent reader.
    #[test]
    fn the_certificate_is_one_to_others() {
        let Some(openssl) = reader("openssl") else { return };
        let scratch = tempfile::tempdir().expect("scratch");
        let file = scratch.path().join("c.der");
        azl_host::files::write_atomic(&file, secure_boot_key().certificate()).expect("written");
        let read = azl_host::Cmd::new(openssl, scratch.path());
        let text = read.args(["x509", "-inform", "der", "-in", "c.der", "-noout", "-text"]).output().expect("reads it");
        let text = String::from_utf8_lossy(&text.stdout).into_owned();
        for part in [DEVELOPMENT_NAME, "Code Signing", "CA:FALSE", "2048 bit", "Dec 31 23:59:59 2049"] {
            assert!(text.contains(part), "{text}\nlacks {part}");
        }
    }
}
