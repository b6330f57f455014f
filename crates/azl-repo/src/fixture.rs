//! Packages for tests, as headers.

use azl_digest::Digest;
use azl_rpm::{ChangelogEntry, FileEntry, Nevra, PackageHeader};

use crate::{RepoPackage, location};

/// Makes a package from `name-[epoch:]version-release.arch`.
pub(crate) fn package(nevra: &str) -> RepoPackage {
    let nevra: Nevra = nevra.parse().expect("valid");
    let header = PackageHeader {
        summary: format!("{} & co", nevra.name),
        requires: vec!["bash >= 5".parse().expect("valid")],
        files: vec![FileEntry { path: format!("/usr/bin/{}", nevra.name), ..FileEntry::default() }],
        changelog: vec![ChangelogEntry { author: "A <a@b>".into(), date: 1, text: "- first".into() }],
        source_rpm: (nevra.arch != "src").then(|| "x-1-1.src.rpm".into()),
        nevra,
        ..PackageHeader::default()
    };
    RepoPackage {
        file_sha256: Digest::of(header.nevra.to_string().as_bytes()),
        file_size: 1234,
        location: location(&header.nevra),
        time: 7,
        header,
    }
}
