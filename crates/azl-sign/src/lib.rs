//! Signatures: keys, what may be signed with which, RPM headers, detached signatures, DSSE envelopes, and
//! the check of each with nothing but a certificate.
//!
//! One kind of signature serves everything: an OpenPGP signature packet. An RPM holds it in its signature
//! header, `repomd.xml.asc` is its armored form, a DSSE envelope carries it over the pre-authentication
//! encoding. So one key (a file today, a token or a remote signer later) signs all, and one routine checks all. The
//! exception is what UEFI firmware starts: it knows X.509 and Authenticode alone, so that has a key of its own.
//!
//! ```text
//! <key directory>/          0700
//!   development.key.asc          0600, armored secret key, made on first use
//!   development.secure-boot.pem  0600, RSA key for what firmware starts, made on first use
//!   release.secure-boot.pem      0600, the same for releases, never made
//! ```
//!
//! Not here: deciding what gets signed, and kernel module signatures.
//!
//! **Invariant:** the same key, payload and time give the same bytes.
//! **Invariant:** a development key is never accepted where a release key is demanded.

mod certificate;
mod detached;
mod dsse;
mod key;
mod keystore;
mod packet;
mod policy;
mod port;
mod rpm_file;
mod secure_boot;

#[cfg(test)]
mod fixture;

pub use certificate::{Certificate, SignatureError};
pub use detached::{sign_detached, verify_detached};
pub use dsse::{Statement, sign_dsse, verify_dsse};
pub use key::{Key, KeyError};
pub use keystore::{development_key, development_secure_boot_key, load_key, release_secure_boot_key};
pub use policy::{KeyPolicy, PolicyError};
pub use port::KeySigner;
pub use rpm_file::{RpmSignatureError, sign_rpm, strip_rpm, verify_rpm};
pub use secure_boot::{PeError, SecureBootKey, authenticode_digest, sign_pe};
