//! `verify`: the outsider's check of a release directory, with nothing but a public key.
//!
//! ```text
//! <release>/
//!   release.json  release.json.asc  SHA256SUMS  RPM-GPG-KEY-azurelinux-4.0
//!   repo/{base,debuginfo,srpms}/{repodata/…,Packages/<letter>/*.rpm}
//!   images/*  sbom/*.spdx.json  provenance/*.intoto.jsonl  buildinfo/*  boot/*  logs/*
//! ```
//!
//! Six parts, each a file: `manifest` (the signature, every file's size and digest, nothing else there),
//! `packages` (each RPM's signature, digests, name and place), `repository` (index, metadata, what they list,
//! whether every requirement can be met), `images` (their package lists), `attestation` (what SBOMs and provenance are about),
//! `buildinfo` (what was built with what).
//!
//! Not here: rebuilding from sources and comparing; `reproduce` does that.
//!
//! **Invariant:** nothing outside the directory is read but the key, nothing is written, and the check goes on
//! after a problem: all of them are told, each with the file and the rule.

mod attestation;
mod buildinfo;
mod images;
mod manifest;
mod packages;
mod repository;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use azl_attest::{Artifact, ReleaseManifest};
use azl_digest::Digest;
use azl_host::files;
use azl_rpm::PackageHeader;
use azl_sign::Certificate;
use serde::Serialize;

use crate::error::Failure;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// File it is about, relative to the release.
    pub file: String,
    /// The rule that is broken, a stable kebab-case name.
    pub rule: &'static str,
    /// What is wrong.
    pub message: String,
}

/// What was looked at and what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct VerifyReport {
    /// Fingerprint of the certificate that was trusted.
    pub certificate: String,
    /// Version the manifest states.
    pub version: String,
    /// Files whose size and digest were compared.
    pub files: usize,
    /// Bytes of those files.
    pub bytes: u64,
    /// Packages whose signature and digests were checked.
    pub packages: usize,
    /// Repositories whose index was checked.
    pub repositories: usize,
    /// Provenance statements whose signature was checked.
    pub statements: usize,
    /// Buildinfo documents whose signature was checked and that were compared with their packages.
    pub buildinfos: usize,
    /// SBOMs that were compared with what they are about.
    pub documents: usize,
    /// What a reader should know and what is not wrong.
    pub notes: Vec<String>,
    /// All that is wrong, in order of files.
    pub problems: Vec<Problem>,
}

impl VerifyReport {
    /// Returns whether nothing is wrong.
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }

    /// Turns problems into a failure of their own kind.
    ///
    /// # Errors
    /// [`Failure::Verification`] if anything is wrong.
    pub fn into_result(self) -> Result<(), Failure> {
        match self.problems.first() {
            None => Ok(()),
            Some(first) => {
                let count = self.problems.len();
                Err(Failure::Verification(format!("{count} problems, the first: `{}`: {}", first.file, first.message)))
            }
        }
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.problems {
            writeln!(f, "problem: `{}`: {} ({})", problem.file, problem.message, problem.rule)?;
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        writeln!(
            f,
            "release {}: {} files, {} packages, {} repositories, {} statements, {} buildinfos, {} SBOMs checked against key {}",
            self.version,
            self.files,
            self.packages,
            self.repositories,
            self.statements,
            self.buildinfos,
            self.documents,
            self.certificate
        )?;
        match self.problems.len() {
            0 => f.write_str("verified"),
            count => write!(f, "not verified: {count} problems"),
        }
    }
}

/// Checks a release directory against the certificate in the file `key`.
///
/// Without a key the certificate in the directory itself is taken, which shows that the release is of one
/// piece and not where it comes from; a note says so.
///
/// # Errors
/// If there is no such directory or no usable key. What is wrong with the release is in the report.
pub fn verify(directory: &Path, key: Option<&Path>) -> Result<VerifyReport, Failure> {
    if !files::is_dir(directory) {
        let directory = directory.display();
        let hint = "hint: cargo xtask release";
        return Err(Failure::Verification(format!("no release directory: `{directory}`\n{hint}")));
    }
    let mut report = VerifyReport::default();
    let certificate = match key {
        Some(path) => files::read(path)?,
        None => {
            report.notes.push("the key is the release's own: this shows consistency, not origin".to_owned());
            files::read(directory.join(own_key(directory)?))?
        }
    };
    let certificate = Certificate::from_bytes(&certificate)
        .map_err(|error| Failure::Verification(format!("bad public key: {error}")))?;
    Ok(check(directory, certificate, report))
}

const KEY_PREFIX: &str = "RPM-GPG-KEY-";

fn own_key(directory: &Path) -> Result<String, Failure> {
    let names = files::list(directory)?;
    names.into_iter().find(|name| name.starts_with(KEY_PREFIX)).ok_or_else(|| {
        let hint = "hint: cargo xtask verify --key FILE";
        Failure::Verification(format!("no `{KEY_PREFIX}*` in `{}`\n{hint}", directory.display()))
    })
}

/// Runs all parts.
fn check(directory: &Path, certificate: Certificate, mut report: VerifyReport) -> VerifyReport {
    report.certificate = certificate.fingerprint();
    if certificate.is_development() {
        report.notes.push("signed with a development key: not a release to trust".to_owned());
    }
    let mut release = Release { directory, certificate, report, artifacts: BTreeMap::new(), packages: Vec::new() };
    if let Some(manifest) = manifest::check(&mut release) {
        packages::check(&mut release);
        repository::check(&mut release, &manifest);
        images::check(&mut release);
        attestation::check(&mut release);
        buildinfo::check(&mut release);
    }
    release.report.problems.sort();
    release.report.problems.dedup();
    release.report
}

/// The release under check and what is known of it so far.
struct Release<'a> {
    directory: &'a Path,
    certificate: Certificate,
    report: VerifyReport,
    /// What the manifest lists, by path.
    artifacts: BTreeMap<String, Artifact>,
    /// Packages that could be read.
    packages: Vec<Package>,
}

/// A package of a repository.
struct Package {
    /// Path relative to the release.
    path: String,
    /// Name of the repository.
    repository: String,
    /// Path relative to the repository.
    location: String,
    header: PackageHeader,
    sha256: Digest,
    /// Digests of main header and payload.
    parts: (Digest, Digest),
    size: u64,
}

impl Release<'_> {
    fn problem(&mut self, file: &str, rule: &'static str, message: impl fmt::Display) {
        // Names and texts of a hostile release must not reach the terminal as they are.
        let escape = |text: &str| text.chars().flat_map(|c| if c == '\n' { vec![c] } else { escape_char(c) }).collect();
        self.report.problems.push(Problem { file: escape(file), rule, message: escape(&message.to_string()) });
    }

    /// Reads a file of the release; that it cannot be read is a problem of its own.
    fn read(&mut self, file: &str) -> Option<Vec<u8>> {
        let path = self.directory.join(file);
        if files::size(&path).is_none() {
            self.problem(file, "missing-file", "is missing or not a regular file");
            return None;
        }
        match files::read(&path) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                self.problem(file, "unreadable-file", error);
                None
            }
        }
    }

    /// Returns the paths the manifest lists that start so, in order.
    fn listed(&self, prefix: &str) -> Vec<String> {
        self.artifacts.keys().filter(|path| path.starts_with(prefix)).cloned().collect()
    }

    /// Returns the names of the repositories, in order.
    fn repositories(&self) -> Vec<String> {
        let second = |path: &String| {
            path.strip_prefix("repo/").and_then(|rest| rest.split_once('/')).map(|(name, _)| name.to_owned())
        };
        let mut names: Vec<String> = self.artifacts.keys().filter_map(second).collect();
        names.dedup();
        names
    }
}

fn escape_char(c: char) -> Vec<char> {
    if c.is_control() { c.escape_debug().collect() } else { vec![c] }
}

/// Returns whether a dependency is among those the release says it leaves open.
fn is_assumed(manifest: &ReleaseManifest, dependency: &azl_rpm::Dependency) -> bool {
    azl_action::input::assumed(dependency, &manifest.assumed)
}
