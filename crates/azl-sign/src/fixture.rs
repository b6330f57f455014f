//! Keys for tests; Ed25519 is quick enough to make them afresh.

use std::io::Write;
use std::path::PathBuf;
use std::sync::LazyLock;

use crate::Key;
use crate::secure_boot::{Purpose, SecureBootKey};

/// RSA is not: one serves all tests of a process.
static SECURE_BOOT: LazyLock<String> = LazyLock::new(|| SecureBootKey::generate().expect("randomness"));

/// A development key for Secure Boot.
pub(crate) fn secure_boot_key() -> SecureBootKey {
    SecureBootKey::from_pem(&SECURE_BOOT, Purpose::Development).expect("usable")
}

/// A development key.
pub(crate) fn key() -> Key {
    Key::generate_development().expect("randomness")
}

/// A key that does not call itself a development key.
pub(crate) fn release_key() -> Key {
    crate::key::generate_for_tests("Azure Linux release key <release@azurelinux.invalid>")
}

/// Returns the path of an independent reader; says that its test did not run if it is absent.
pub(crate) fn reader(program: &str) -> Option<PathBuf> {
    let found = azl_host::environment::find_program(program);
    if found.is_none() {
        let _ = writeln!(std::io::stderr(), "not run: `{program}` is not there");
    }
    found
}
