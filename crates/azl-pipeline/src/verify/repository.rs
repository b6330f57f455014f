//! The repositories: signed index, metadata, what it lists, and whether requirements can be met.

use std::collections::{BTreeMap, BTreeSet};

use azl_attest::ReleaseManifest;
use azl_digest::Digest;
use azl_repo::{DataFile, PrimaryPackage, Repomd};
use azl_rpm::Universe;

use super::{Release, is_assumed};

/// Checks all repositories and the closure over them.
pub(super) fn check(release: &mut Release<'_>, manifest: &ReleaseManifest) {
    for repository in release.repositories() {
        let root = format!("repo/{repository}/");
        if let Some(repomd) = check_index(release, &root) {
            release.report.repositories += 1;
            check_data(release, &root, &repomd);
            check_primary(release, &repository, &repomd);
        }
    }
    check_closure(release, manifest);
}

fn check_index(release: &mut Release<'_>, root: &str) -> Option<Repomd> {
    let index = format!("{root}repodata/repomd.xml");
    let bytes = release.read(&index)?;
    if let Some(signature) = release.read(&format!("{index}.asc"))
        && let Err(error) = azl_sign::verify_detached(&bytes, &signature, &release.certificate)
    {
        release.problem(&index, "repomd-signature", error);
    }
    match azl_repo::read_repomd(&bytes) {
        Ok(repomd) => Some(repomd),
        Err(error) => {
            release.problem(&index, "repomd-format", error);
            None
        }
    }
}

/// Compares the metadata files with the index, both ways.
fn check_data(release: &mut Release<'_>, root: &str, repomd: &Repomd) {
    let mut expected = BTreeSet::from([format!("{root}repodata/repomd.xml"), format!("{root}repodata/repomd.xml.asc")]);
    for file in &repomd.data {
        let path = format!("{root}{}", file.location);
        expected.insert(path.clone());
        let Some(bytes) = release.read(&path) else { continue };
        if bytes.len() as u64 != file.size || Digest::of(&bytes) != file.sha256 {
            release.problem(&path, "repodata-digest", "is not what repomd.xml says");
        }
    }
    for path in release.listed(&format!("{root}repodata/")) {
        if !expected.contains(&path) {
            release.problem(&path, "repodata-unlisted", "is not in repomd.xml");
        }
    }
}

fn check_primary(release: &mut Release<'_>, repository: &str, repomd: &Repomd) {
    let root = format!("repo/{repository}/");
    let Some(file) = repomd.data.iter().find(|file| file.kind == "primary") else {
        return release.problem(&format!("{root}repodata/repomd.xml"), "repomd-format", "lists no primary metadata");
    };
    let Some(listed) = read_primary(release, &root, file) else { return };
    let found: BTreeMap<String, PrimaryPackage> = release
        .packages
        .iter()
        .filter(|package| package.repository == repository)
        .map(|package| (package.location.clone(), package.as_primary()))
        .collect();
    for package in listed.values() {
        let path = format!("{root}{}", package.location);
        match found.get(&package.location) {
            None => release.problem(&path, "package-missing", "is in the metadata and not in the repository"),
            Some(there) if there != package => {
                release.problem(&path, "primary-differs", "is not what the metadata says")
            }
            Some(_) => {}
        }
    }
    for location in found.keys().filter(|location| !listed.contains_key(*location)) {
        release.problem(
            &format!("{root}{location}"),
            "package-unlisted",
            "is in the repository and not in the metadata",
        );
    }
}

fn read_primary(release: &mut Release<'_>, root: &str, file: &DataFile) -> Option<BTreeMap<String, PrimaryPackage>> {
    let path = format!("{root}{}", file.location);
    let bytes = release.read(&path)?;
    let packages = match azl_repo::read_primary(&bytes, file) {
        Ok(packages) => packages,
        Err(error) => {
            release.problem(&path, "primary-format", error);
            return None;
        }
    };
    let mut listed = BTreeMap::new();
    for package in packages {
        if let Some(twice) = listed.insert(package.location.clone(), package) {
            release.problem(&path, "primary-format", format!("lists `{}` twice", twice.location));
        }
    }
    Some(listed)
}

impl super::Package {
    fn as_primary(&self) -> PrimaryPackage {
        let location = self.location.clone();
        PrimaryPackage { nevra: self.header.nevra.clone(), sha256: self.sha256, size: self.size, location }
    }
}

fn check_closure(release: &mut Release<'_>, manifest: &ReleaseManifest) {
    let mut universe = Universe::default();
    for package in &release.packages {
        universe.add(&package.header, package.sha256);
    }
    let paths: BTreeMap<String, String> =
        release.packages.iter().map(|package| (package.header.nevra.to_string(), package.path.clone())).collect();
    for missing in universe.unprovided(&|dependency| is_assumed(manifest, dependency)) {
        let nevra = missing.chain.first().cloned().unwrap_or_default();
        release.problem(paths.get(&nevra).map_or("repo", String::as_str), "closure", missing);
    }
    if !manifest.assumed.is_empty() {
        let names = manifest.assumed.join("`, `");
        release.report.notes.push(format!("required and not provided, as the release itself states: `{names}`"));
    }
}
