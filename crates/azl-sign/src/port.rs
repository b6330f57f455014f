//! The [`Signer`] port with a key held by this process.

use std::collections::BTreeMap;

use azl_action::ports::{BlobStore, PortError, Signer};
use azl_action::{ActionResult, Blob, Sign, SignForm};

use crate::key::{Key, KeyError};
use crate::policy::{KeyPolicy, PolicyError};
use crate::secure_boot::{SecureBootKey, sign_pe};
use crate::{sign_detached, sign_dsse, sign_rpm};

/// Signs with one key, if the policy allows it, and what firmware starts with another.
#[derive(Debug)]
pub struct KeySigner {
    key: Key,
    secure_boot: Option<SecureBootKey>,
}

impl KeySigner {
    /// Takes the key into use.
    ///
    /// # Errors
    /// If the policy does not allow this key.
    pub fn new(key: Key, policy: &KeyPolicy) -> Result<Self, PolicyError> {
        policy.check(&key.certificate())?;
        Ok(Self { key, secure_boot: None })
    }

    /// Takes a key for Secure Boot into use as well, if there is one.
    #[must_use]
    pub fn with_secure_boot(self, secure_boot: Option<SecureBootKey>) -> Self {
        Self { secure_boot, ..self }
    }

    /// Returns the key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    fn sign_blob(&self, sign: &Sign<Vec<Blob>>, blob: &Blob, bytes: &[u8]) -> Result<(String, Vec<u8>), PortError> {
        let refused = |error: &dyn std::fmt::Display| PortError::Input(format!("cannot sign `{}`: {error}", blob.name));
        let by_key = |error: KeyError| refused(&error);
        Ok(match &sign.form {
            SignForm::Rpm => {
                (blob.name.clone(), sign_rpm(bytes, &self.key, sign.time).map_err(|error| refused(&error))?)
            }
            SignForm::Detached => {
                let armored = sign_detached(bytes, &self.key, sign.time).map_err(by_key)?;
                (format!("{}.asc", blob.name), armored.into_bytes())
            }
            SignForm::Dsse { payload_type } => {
                let line = sign_dsse(payload_type, bytes, &self.key, sign.time).map_err(by_key)?;
                (blob.name.clone(), line.into_bytes())
            }
            SignForm::Authenticode => {
                let key = self.secure_boot.as_ref().ok_or_else(|| refused(&"there is no key for Secure Boot"))?;
                (blob.name.clone(), sign_pe(bytes, key).map_err(|error| refused(&error))?)
            }
        })
    }

    /// Returns the fingerprint of the key that makes signatures of a form.
    fn fingerprint(&self, form: &SignForm) -> String {
        match form {
            SignForm::Rpm | SignForm::Detached | SignForm::Dsse { .. } => self.key.fingerprint(),
            SignForm::Authenticode => self.secure_boot.as_ref().map_or_else(String::new, SecureBootKey::fingerprint),
        }
    }
}

impl Signer for KeySigner {
    fn sign(&self, sign: &Sign<Vec<Blob>>, store: &dyn BlobStore) -> Result<ActionResult, PortError> {
        let held = self.fingerprint(&sign.form);
        if !sign.key.eq_ignore_ascii_case(&held) {
            return Err(PortError::Input(format!("key `{}` is asked for, `{held}` is at hand", sign.key)));
        }
        let mut outputs = BTreeMap::new();
        for blob in &sign.payload {
            let (name, bytes) = self.sign_blob(sign, blob, &store.read(blob.digest)?)?;
            if outputs.insert(name.clone(), store.put(&bytes)?).is_some() {
                return Err(PortError::Input(format!("two blobs to sign have one name: `{name}`")));
            }
        }
        Ok(ActionResult { outputs, log: None, millis: 0, usage: azl_action::Usage::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{key, release_key};
    use crate::{verify_detached, verify_dsse};
    use azl_digest::Digest;
    use std::path::{Path, PathBuf};
    use std::sync::Mutex;

    /// Blobs in memory, as far as a signer needs them.
    #[derive(Default)]
    struct Memory(Mutex<BTreeMap<Digest, Vec<u8>>>);

    impl BlobStore for Memory {
        fn contains(&self, digest: Digest) -> bool {
            self.0.lock().expect("not poisoned").contains_key(&digest)
        }

        fn path(&self, digest: Digest) -> Result<PathBuf, PortError> {
            Err(PortError::LostBlob(digest))
        }

        fn read(&self, digest: Digest) -> Result<Vec<u8>, PortError> {
            self.0.lock().expect("not poisoned").get(&digest).cloned().ok_or(PortError::LostBlob(digest))
        }

        fn put(&self, bytes: &[u8]) -> Result<Digest, PortError> {
            let digest = Digest::of(bytes);
            self.0.lock().expect("not poisoned").insert(digest, bytes.to_vec());
            Ok(digest)
        }

        fn take(&self, file: &Path) -> Result<Digest, PortError> {
            Err(PortError::Infrastructure(file.display().to_string()))
        }

        fn scratch(&self, label: &str) -> Result<PathBuf, PortError> {
            Err(PortError::Infrastructure(label.to_owned()))
        }
    }

    fn action(signer: &KeySigner, store: &Memory, form: SignForm) -> Sign<Vec<Blob>> {
        let digest = store.put(b"payload").expect("kept");
        let payload = vec![Blob { name: "file".into(), digest }];
        Sign { form, payload, key: signer.key().fingerprint(), time: 1_700_000_000 }
    }

    #[test]
    fn each_form_gives_its_output_name_and_a_good_signature() {
        let (signer, store) =
            (KeySigner::new(key(), &KeyPolicy::DevelopmentAllowed).expect("allowed"), Memory::default());
        let certificate = signer.key().certificate();
        let output = |form, name: &str| {
            let result = signer.sign(&action(&signer, &store, form), &store).expect("signs");
            store.read(result.outputs[name]).expect("kept")
        };
        let armored = output(SignForm::Detached, "file.asc");
        assert!(verify_detached(b"payload", &armored, &certificate).is_ok());
        let line = output(SignForm::Dsse { payload_type: "text/plain".into() }, "file");
        assert!(verify_dsse(&String::from_utf8(line).expect("UTF-8"), &certificate).is_ok());
        assert!(matches!(signer.sign(&action(&signer, &store, SignForm::Rpm), &store), Err(PortError::Input(_))));
    }

    #[test]
    fn other_key_than_asked_for_is_refused() {
        let (signer, store) =
            (KeySigner::new(key(), &KeyPolicy::DevelopmentAllowed).expect("allowed"), Memory::default());
        let sign = Sign { key: "AB".repeat(20), ..action(&signer, &store, SignForm::Detached) };
        assert!(matches!(signer.sign(&sign, &store), Err(PortError::Input(_))));
    }

    #[test]
    fn policy_is_asked_before_anything_is_signed() {
        let release = release_key();
        let policy = KeyPolicy::ReleaseKeyRequired(release.fingerprint());
        assert!(KeySigner::new(key(), &policy).is_err());
        assert!(KeySigner::new(release, &policy).is_ok());
    }
}
