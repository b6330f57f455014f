//! The images' package lists: everything in an image is in the `base` repository, bit for bit.

use std::collections::BTreeMap;

use azl_digest::Digest;
use serde::Deserialize;

use super::Release;

/// One entry of `images/<name>.packages.json`; sizes and the like are for people.
#[derive(Deserialize)]
struct Listed {
    file: String,
    sha256: Digest,
}

/// Checks every package list.
pub(super) fn check(release: &mut Release<'_>) {
    let packages: BTreeMap<String, Digest> = release
        .packages
        .iter()
        .filter(|package| package.repository == "base")
        .map(|package| (package.header.nevra.file_name(), package.sha256))
        .collect();
    for path in release.listed("images/") {
        if path.ends_with(".packages.json") {
            check_list(release, &path, &packages);
        } else if is_image(&path) && !release.artifacts.contains_key(&list_of(&path)) {
            release.problem(&path, "image-packages", "has no package list");
        }
    }
}

/// Files beside an image, such as its package list, are not images.
pub(super) fn is_image(path: &str) -> bool {
    path.ends_with(".vhd") || path.ends_with(".oci.tar")
}

fn list_of(image: &str) -> String {
    let stem = image.trim_end_matches(".vhd").trim_end_matches(".oci.tar");
    format!("{stem}.packages.json")
}

fn check_list(release: &mut Release<'_>, path: &str, packages: &BTreeMap<String, Digest>) {
    let Some(bytes) = release.read(path) else { return };
    let listed: Vec<Listed> = match serde_json::from_slice(&bytes) {
        Ok(listed) => listed,
        Err(error) => return release.problem(path, "image-packages", error),
    };
    for entry in listed {
        match packages.get(&entry.file) {
            None => release.problem(path, "image-packages", format!("lists `{}`, which `base` has not", entry.file)),
            Some(there) if *there != entry.sha256 => {
                release.problem(path, "image-packages", format!("lists another `{}` than `base` has", entry.file));
            }
            Some(_) => {}
        }
    }
}
