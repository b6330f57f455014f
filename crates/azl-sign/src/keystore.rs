//! Keys as files.
//!
//! **Invariant:** a key file others can read, or in a directory others can read, is not used.

use std::path::Path;

use azl_host::files;

use crate::key::{Key, KeyError};

const DEVELOPMENT_FILE: &str = "development.key.asc";

/// Returns the development key in `directory`, making it on first use.
///
/// # Errors
/// If the key is exposed or unusable, or cannot be written.
pub fn development_key(directory: &Path) -> Result<Key, KeyError> {
    let path = directory.join(DEVELOPMENT_FILE);
    if !files::exists(&path) {
        files::create_private_dir_all(directory)?;
        check_mode(directory, 0o700)?;
        create(&path, &Key::generate_development()?)?;
    }
    load_key(&path)
}

/// Reads a secret key file.
///
/// # Errors
/// If others can read it or its directory, or it is no usable key.
pub fn load_key(path: &Path) -> Result<Key, KeyError> {
    if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        check_mode(directory, 0o700)?;
    }
    check_mode(path, 0o600)?;
    Key::from_bytes(&files::read(path)?)
}

fn check_mode(path: &Path, wanted: u32) -> Result<(), KeyError> {
    let mode = files::mode(path)?;
    match mode & 0o077 {
        0 => Ok(()),
        _ => Err(KeyError::Exposed { path: path.display().to_string(), mode, wanted }),
    }
}

/// Writes a key that appears whole or not at all; if another process was faster, its key stays.
fn create(path: &Path, key: &Key) -> Result<(), KeyError> {
    let temporary = files::sibling(path);
    files::write_new(&temporary, &key.to_armor()?, 0o600)?;
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
