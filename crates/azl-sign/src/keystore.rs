//! Keys as files.
//!
//! **Invariant:** a key file others can read, or in a directory others can read, is not used.

use std::path::Path;

use azl_host::files;

use crate::key::{Key, KeyError};
use crate::secure_boot::{Purpose, SecureBootKey};

const DEVELOPMENT_FILE: &str = "development.key.asc";
const DEVELOPMENT_SECURE_BOOT_FILE: &str = "development.secure-boot.pem";
const RELEASE_SECURE_BOOT_FILE: &str = "release.secure-boot.pem";

/// Returns the development key in `directory`, making it on first use.
///
/// # Errors
/// If the key is exposed or unusable, or cannot be written.
pub fn development_key(directory: &Path) -> Result<Key, KeyError> {
    let path = directory.join(DEVELOPMENT_FILE);
    make(&path, || Key::generate_development()?.to_armor())?;
    load_key(&path)
}

/// Returns the development key for Secure Boot in `directory`, making it on first use.
///
/// # Errors
/// As [`development_key`].
pub fn development_secure_boot_key(directory: &Path) -> Result<SecureBootKey, KeyError> {
    let path = directory.join(DEVELOPMENT_SECURE_BOOT_FILE);
    make(&path, || SecureBootKey::generate().map(String::into_bytes))?;
    load_secure_boot_key(&path, Purpose::Development)
}

/// Returns the release key for Secure Boot in `directory`; none if there is no such file.
///
/// # Errors
/// As [`load_key`].
pub fn release_secure_boot_key(directory: &Path) -> Result<Option<SecureBootKey>, KeyError> {
    let path = directory.join(RELEASE_SECURE_BOOT_FILE);
    files::exists(&path).then(|| load_secure_boot_key(&path, Purpose::Release)).transpose()
}

fn load_secure_boot_key(path: &Path, purpose: Purpose) -> Result<SecureBootKey, KeyError> {
    SecureBootKey::from_pem(&String::from_utf8_lossy(&read_private(path)?), purpose)
}

/// Reads a secret key file.
///
/// # Errors
/// If others can read it or its directory, or it is no usable key.
pub fn load_key(path: &Path) -> Result<Key, KeyError> {
    Key::from_bytes(&read_private(path)?)
}

fn read_private(path: &Path) -> Result<Vec<u8>, KeyError> {
    if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        check_mode(directory, 0o700)?;
    }
    check_mode(path, 0o600)?;
    Ok(files::read(path)?)
}

fn check_mode(path: &Path, wanted: u32) -> Result<(), KeyError> {
    let mode = files::mode(path)?;
    match mode & 0o077 {
        0 => Ok(()),
        _ => Err(KeyError::Exposed { path: path.display().to_string(), mode, wanted }),
    }
}

/// Makes a key file if there is none.
fn make(path: &Path, key: impl FnOnce() -> Result<Vec<u8>, KeyError>) -> Result<(), KeyError> {
    if files::exists(path) {
        return Ok(());
    }
    if let Some(directory) = path.parent() {
        files::create_private_dir_all(directory)?;
        check_mode(directory, 0o700)?;
    }
    create(path, &key()?)
}

/// Writes a key that appears whole or not at all; if another process was faster, its key stays.
fn create(path: &Path, key: &[u8]) -> Result<(), KeyError> {
    let temporary = files::sibling(path);
    files::write_new(&temporary, key, 0o600)?;
    let linked = files::hard_link(&temporary, path);
    files::remove_file(&temporary)?;
    match linked {
        Err(error) if !files::exists(path) => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_made_once_and_only_for_its_owner() {
        let root = tempfile::tempdir().expect("temporary directory");
        let directory = root.path().join("a/keys");
        let first = development_key(&directory).expect("made");
        assert_eq!(development_key(&directory).expect("loaded").fingerprint(), first.fingerprint());
        assert_eq!(files::mode(&directory).expect("there"), 0o700);
        assert_eq!(files::mode(directory.join(DEVELOPMENT_FILE)).expect("there"), 0o600);
        assert_eq!(files::list(&directory).expect("listed"), [DEVELOPMENT_FILE]);
    }

    #[test]
    fn exposed_key_or_directory_is_refused_with_the_command_that_helps() {
        let root = tempfile::tempdir().expect("temporary directory");
        let directory = root.path().join("keys");
        development_key(&directory).expect("made");
        let file = directory.join(DEVELOPMENT_FILE);
        files::set_mode(&file, 0o640).expect("set");
        let error = development_key(&directory).expect_err("refused").to_string();
        assert!(error.contains("hint: chmod 0600"), "{error}");
        files::set_mode(&file, 0o600).expect("set");
        files::set_mode(&directory, 0o755).expect("set");
        let error = development_key(&directory).expect_err("refused").to_string();
        assert!(error.contains("hint: chmod 0700"), "{error}");
    }

    #[test]
    fn the_secure_boot_key_is_made_once_and_a_release_key_never() {
        let root = tempfile::tempdir().expect("temporary directory");
        let directory = root.path().join("keys");
        let first = development_secure_boot_key(&directory).expect("made");
        assert_eq!(development_secure_boot_key(&directory).expect("loaded").fingerprint(), first.fingerprint());
        assert_eq!(files::mode(directory.join(DEVELOPMENT_SECURE_BOOT_FILE)).expect("there"), 0o600);
        assert!(release_secure_boot_key(&directory).expect("looked for").is_none());
    }

    #[test]
    fn damaged_key_file_is_refused_and_kept() {
        let root = tempfile::tempdir().expect("temporary directory");
        let directory = root.path().join("keys");
        development_key(&directory).expect("made");
        let file = directory.join(DEVELOPMENT_FILE);
        files::write_atomic_mode(&file, b"garbage", 0o600).expect("written");
        assert!(matches!(development_key(&directory), Err(KeyError::Unusable(_))));
        assert_eq!(files::read(&file).expect("kept"), b"garbage");
    }
}
