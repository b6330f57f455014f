//! Keys for tests; Ed25519 is quick enough to make them afresh.

use crate::Key;

/// A development key.
pub(crate) fn key() -> Key {
    Key::generate_development().expect("randomness")
}

/// A key that does not call itself a development key.
pub(crate) fn release_key() -> Key {
    crate::key::generate_for_tests("Azure Linux release key <release@azurelinux.invalid>")
}
