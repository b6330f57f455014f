//! Every RPM: its signature, the digests of header and payload, its name and its place.

use azl_digest::Digest;

use super::{Package, Release};

/// Checks all packages and keeps what could be read.
pub(super) fn check(release: &mut Release<'_>) {
    for repository in release.repositories() {
        let root = format!("repo/{repository}/");
        for path in release.listed(&root) {
            let location = path[root.len()..].to_owned();
            if !location.starts_with("repodata/") {
                check_package(release, &repository, path, location);
            }
        }
    }
    release.report.packages = release.packages.len();
}

fn check_package(release: &mut Release<'_>, repository: &str, path: String, location: String) {
    let Some(bytes) = release.read(&path) else { return };
    if let Err(error) = azl_sign::verify_rpm(&bytes, &release.certificate) {
        release.problem(&path, "package-signature", error);
    }
    let header = match azl_rpm::read_header(&bytes) {
        Ok(header) => header,
        Err(error) => return release.problem(&path, "package-format", error),
    };
    if location != azl_repo::location(&header.nevra) {
        release.problem(&path, "package-name", format!("holds `{}`", header.nevra));
    }
    if header.is_source() != (repository == "srpms") {
        release.problem(&path, "package-repository", format!("`{}` does not belong in `{repository}`", header.nevra));
    }
    let parts = match azl_attest::parts(&bytes) {
        Ok(parts) => parts,
        Err(error) => return release.problem(&path, "package-format", error),
    };
    let (sha256, size, repository) = (Digest::of(&bytes), bytes.len() as u64, repository.to_owned());
    release.packages.push(Package { path, repository, location, header, sha256, parts, size });
}
