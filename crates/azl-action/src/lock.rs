//! What a root was composed of, written down: each layer with its digest, and the identity of each package.
//!
//! Not here: composing roots, and reading packages.
//!
//! **Invariant:** equal roots give equal bytes; layers stand in the order in which they were laid.

use std::sync::Arc;

use azl_digest::Digest;
use azl_rpm::{Nevra, PackageHeader};
use serde::{Deserialize, Serialize};

use crate::action::Run;
use crate::input::Blob;

/// The layers of a root, the lowest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootLock {
    /// The layers.
    pub layers: Vec<LockedLayer>,
}

/// One layer of a root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedLayer {
    /// Its file name.
    pub name: String,
    /// Its identity, where it is an RPM; a Debian package has it in its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nevra: Option<Nevra>,
    /// Digest of the file.
    pub sha256: Digest,
}

impl RootLock {
    /// Writes down the root of a run; `header` reads an RPM.
    ///
    /// # Errors
    /// What `header` says of a layer it cannot read, with the layer's name.
    pub fn of(
        run: &Run<Vec<Blob>>,
        header: &dyn Fn(Digest) -> Result<Arc<PackageHeader>, String>,
    ) -> Result<Self, String> {
        let layer = |blob: &Blob| {
            let nevra = match blob.name.ends_with(".rpm") {
                true => {
                    let header = header(blob.digest).map_err(|error| format!("layer `{}`: {error}", blob.name))?;
                    Some(header.nevra.clone())
                }
                false => None,
            };
            Ok(LockedLayer { name: blob.name.clone(), nevra, sha256: blob.digest })
        };
        Ok(Self { layers: run.root.iter().map(layer).collect::<Result<_, String>>()? })
    }

    /// Writes it as canonical JSON: no white space, fields in fixed order.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and lists can be written as JSON")
    }

    /// Reads what [`RootLock::to_json`] wrote.
    ///
    /// # Errors
    /// If the text is no lock.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use azl_rpm::Arch;
    use std::collections::BTreeMap;

    fn run(names: &[&str]) -> Run<Vec<Blob>> {
        let blob = |name: &&str| Blob { name: (*name).to_owned(), digest: Digest::of(name.as_bytes()) };
        Run {
            arch: Arch::X86_64,
            command: Vec::new(),
            env: BTreeMap::new(),
            root: names.iter().map(blob).collect(),
            inputs: BTreeMap::new(),
            timeout: 1,
            as_root: false,
            sandbox_revision: 1,
        }
    }

    fn lock(names: &[&str]) -> Result<RootLock, String> {
        RootLock::of(&run(names), &|digest| match digest == Digest::of(b"bash.rpm") {
            true => {
                let nevra = "bash-1:5.3-1.azl4.x86_64".parse().expect("valid");
                Ok(Arc::new(PackageHeader { nevra, ..PackageHeader::default() }))
            }
            false => Err("no package".to_owned()),
        })
    }

    #[test]
    fn layers_are_written_in_order_and_come_back() {
        let lock = lock(&["z.deb", "bash.rpm", "a.layer.json"]).expect("it can be read");
        let (z, bash, a) = (Digest::of(b"z.deb"), Digest::of(b"bash.rpm"), Digest::of(b"a.layer.json"));
        assert_eq!(
            lock.to_json(),
            format!(
                r#"{{"layers":[{{"name":"z.deb","sha256":"{z}"}},{{"name":"bash.rpm","nevra":"bash-1:5.3-1.azl4.x86_64","sha256":"{bash}"}},{{"name":"a.layer.json","sha256":"{a}"}}]}}"#
            )
        );
        assert_eq!(RootLock::from_json(&lock.to_json()).expect("it was written"), lock);
        assert!(RootLock::from_json(r#"{"layers":[{"name":"x"}]}"#).is_err());
    }

    #[test]
    fn a_layer_that_is_no_package_is_named() {
        assert_eq!(lock(&["bad.rpm"]), Err("layer `bad.rpm`: no package".to_owned()));
    }
}
