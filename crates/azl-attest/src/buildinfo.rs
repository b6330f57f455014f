//! Buildinfo: everything that somebody needs to build a component's packages again, byte for byte.
//!
//! Provenance says that a build happened; this says with what, layer by layer of the root, and what came out.
//! Every file is named by digest, so it can be had from anywhere.
//!
//! Not here: anything of the machine that built (its name, processors, time), which must not matter; and when.
//!
//! **Invariant:** equal builds have equal documents.
//! **Invariant:** what does not say all of this, or says more, is refused.

use std::collections::BTreeMap;

use azl_action::LockedLayer;
use azl_digest::{Digest, Sha512};
use azl_rpm::{RpmError, check_frame};
use serde::{Deserialize, Serialize};

use crate::sorted::pretty;

/// The document's format. A reader refuses all others.
pub const BUILDINFO_SCHEMA: &str = "azurelinux-buildinfo/v1";
/// The document's media type, the DSSE payload type.
pub const BUILDINFO_TYPE: &str = "application/vnd.azurelinux.buildinfo.v1+json";

/// How one component was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Buildinfo {
    /// [`BUILDINFO_SCHEMA`].
    pub schema: String,
    /// The component.
    pub component: String,
    /// Version of the release it was built for.
    pub release: String,
    /// The spec file among the files.
    pub spec: String,
    /// The rendered files: spec, patches, small files.
    pub files: Vec<File>,
    /// The sources, as they went into the source package.
    pub sources: Vec<File>,
    /// Seconds since 1970 that stood for the time of the build: that of the newest changelog entry.
    pub source_date_epoch: u64,
    /// What was run, in order.
    pub steps: Vec<Step>,
    /// What came out, by name.
    pub outputs: Vec<BuiltPackage>,
}

/// A file by digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Digest of its bytes.
    pub sha256: Digest,
    /// The same, as dist-git pins sources.
    pub sha512: Sha512,
}

impl File {
    /// Describes a file.
    pub fn of(name: &str, bytes: &[u8]) -> Self {
        let (sha256, sha512) = (Digest::of(bytes), Sha512::of(bytes));
        Self { name: name.to_owned(), size: bytes.len() as u64, sha256, sha512 }
    }
}

/// One command in a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Step {
    /// What it makes: `srpm` or `rpm`.
    pub name: String,
    /// Digest of the action, its cache key.
    pub action: Digest,
    /// The machine.
    pub arch: String,
    /// Program and arguments, rpm's defines among them.
    pub command: Vec<String>,
    /// The whole environment.
    pub environment: BTreeMap<String, String>,
    /// Layers of the root, in order; a later one's files replace an earlier one's.
    pub root: Vec<LockedLayer>,
    /// Files below `/in`, by directory.
    pub inputs: BTreeMap<String, Vec<Input>>,
    /// Number of the build user.
    pub user: u32,
    /// Permission bits that new files do not get, in octal.
    pub umask: String,
    /// Where it builds.
    pub build_path: String,
    /// What of a network it has: `none`.
    pub network: String,
    /// Seconds after which it is killed.
    pub timeout: u64,
    /// Version of everything else the sandbox fixes.
    pub sandbox_revision: u32,
}

/// One file that a step reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Digest of its bytes.
    pub sha256: Digest,
}

/// One package that came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BuiltPackage {
    /// The file name.
    pub name: String,
    /// Size in bytes as it was built, without a signature.
    pub size: u64,
    /// Digest as it was built.
    pub sha256: Digest,
    /// The same, longer.
    pub sha512: Sha512,
    /// Digest of the main header, which a signature does not change.
    pub header_sha256: Digest,
    /// Digest of the payload, compressed.
    pub payload_sha256: Digest,
    /// Digest of the signed file, as it is in the repository.
    pub signed_sha256: Digest,
}

impl BuiltPackage {
    /// Describes a package as it was built and as it was signed.
    ///
    /// # Errors
    /// If the bytes are no package.
    pub fn of(name: &str, built: &[u8], signed_sha256: Digest) -> Result<Self, RpmError> {
        let (header_sha256, payload_sha256) = parts(built)?;
        let File { name, size, sha256, sha512 } = File::of(name, built);
        Ok(Self { name, size, sha256, sha512, header_sha256, payload_sha256, signed_sha256 })
    }
}

/// Returns the digests of a package's main header and payload, which signing leaves alone.
///
/// # Errors
/// If the bytes are no package.
pub fn parts(package: &[u8]) -> Result<(Digest, Digest), RpmError> {
    let frame = check_frame(package)?;
    Ok((Digest::of(&package[frame.header]), Digest::of(&package[frame.payload..])))
}

/// Says why bytes are no buildinfo.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a buildinfo: {0}")]
pub struct BuildinfoError(String);

impl Buildinfo {
    /// Returns the document: indented JSON.
    pub fn to_bytes(&self) -> Vec<u8> {
        pretty(self)
    }

    /// Reads a document.
    ///
    /// # Errors
    /// If it is malformed, of another schema, or says nothing of how or what was built.
    pub fn parse(bytes: &[u8]) -> Result<Self, BuildinfoError> {
        let info: Self = serde_json::from_slice(bytes).map_err(|error| BuildinfoError(error.to_string()))?;
        if info.schema != BUILDINFO_SCHEMA {
            return Err(BuildinfoError(format!("schema is `{}`, expected `{BUILDINFO_SCHEMA}`", info.schema)));
        }
        if info.steps.is_empty() || info.outputs.is_empty() {
            return Err(BuildinfoError("it has no steps or no outputs".to_owned()));
        }
        if let Some(step) = info.steps.iter().find(|step| step.network != "none") {
            return Err(BuildinfoError(format!("step `{}` had a network", step.name)));
        }
        Ok(info)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info() -> Buildinfo {
        let file = File::of("toy.spec", b"Name: toy");
        let layer = LockedLayer { name: "bash.deb".to_owned(), nevra: None, sha256: Digest::of(b"bash") };
        let step = Step {
            name: "rpm".to_owned(),
            action: Digest::of(b"action"),
            arch: "x86_64".to_owned(),
            command: vec!["rpmbuild".to_owned()],
            environment: BTreeMap::from([("TZ".to_owned(), "UTC".to_owned())]),
            root: vec![layer],
            inputs: BTreeMap::new(),
            user: 1000,
            umask: "0022".to_owned(),
            build_path: "/builddir".to_owned(),
            network: "none".to_owned(),
            timeout: 1,
            sandbox_revision: 1,
        };
        let digest = Digest::of(b"x");
        let package = BuiltPackage {
            name: "toy.rpm".to_owned(),
            size: 1,
            sha256: digest,
            sha512: Sha512::of(b"x"),
            header_sha256: digest,
            payload_sha256: digest,
            signed_sha256: digest,
        };
        Buildinfo {
            schema: BUILDINFO_SCHEMA.to_owned(),
            component: "toy".to_owned(),
            release: "4.0".to_owned(),
            spec: "toy.spec".to_owned(),
            files: vec![file.clone()],
            sources: vec![file],
            source_date_epoch: 1,
            steps: vec![step],
            outputs: vec![package],
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(Buildinfo::parse(&info().to_bytes()).expect("good"), info());
    }

    #[test]
    fn documents_that_say_less_or_more_are_refused() {
        let text = String::from_utf8(info().to_bytes()).expect("UTF-8");
        let rows = [
            text.replace("buildinfo/v1", "buildinfo/v2"),
            text.replace("\"network\": \"none\"", "\"network\": \"host\""),
            text.replace("\"component\"", "\"host-name\": \"a\", \"component\""),
            text.replace("\"umask\": \"0022\",", ""),
            String::new(),
        ];
        for row in rows {
            assert!(Buildinfo::parse(row.as_bytes()).is_err(), "{row}");
        }
        assert!(Buildinfo::parse(&Buildinfo { outputs: Vec::new(), ..info() }.to_bytes()).is_err());
        assert!(Buildinfo::parse(&Buildinfo { steps: Vec::new(), ..info() }.to_bytes()).is_err());
    }
}
