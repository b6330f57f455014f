//! Secure Boot: an RSA key with its certificate, and Authenticode signatures of what firmware starts.
//!
//! Firmware knows neither OpenPGP nor Ed25519, so this is a key of its own. Its certificate is made of the key alone: one
//! key has one certificate, whoever computes it.
//!
//! Not here: the shim and its second list of certificates, revocation (`dbx`, SBAT), keys in hardware.

mod authenticode;
mod der;
mod key;

pub use authenticode::{PeError, authenticode_digest, sign_pe};
pub(crate) use key::Purpose;
pub use key::SecureBootKey;
