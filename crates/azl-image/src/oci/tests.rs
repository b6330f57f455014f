//! Layers and layouts, read back with an independent tar reader; `tests/readers.rs` asks container tools.

use std::io::Read;

use super::*;
use crate::compose::compose;
use crate::fixture::{container_of_system, machine, system};

const EPOCH: u64 = 1_795_132_800;

fn image(reverse: bool) -> OciImage {
    let (model, mut packages) = (container_of_system(""), system());
    if reverse {
        packages.reverse();
    }
    write_oci(&model, &compose(&model, &packages, &[], EPOCH).expect("composes")).expect("written")
}

fn unpacked(image: &OciImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let layer = &image.files[&format!("blobs/sha256/{}", image.layer)];
    flate2::read::GzDecoder::new(layer.as_slice()).read_to_end(&mut bytes).expect("gzip");
    bytes
}

#[test]
fn the_same_packages_give_the_same_image_in_any_order() {
    assert_eq!(image(false), image(true));
    assert_eq!(image(false).archive().expect("archives"), image(true).archive().expect("archives"));
}

#[test]
fn blobs_are_named_by_their_digests_and_refer_to_each_other() {
    let image = image(false);
    for (path, bytes) in &image.files {
        if let Some(name) = path.strip_prefix("blobs/sha256/") {
            assert_eq!(name, Digest::of(bytes).to_string());
        }
    }
    let json = |path: &str| serde_json::from_slice::<serde_json::Value>(&image.files[path]).expect("JSON");
    let index = json("index.json");
    assert_eq!(index["manifests"][0]["annotations"][REFERENCE], "4.0");
    assert_eq!(index["manifests"][0]["digest"], format!("sha256:{}", image.manifest));
    let config = json(&format!("blobs/sha256/{}", image.config));
    assert_eq!((&config["created"], &config["architecture"]), (&"2026-11-20T00:00:00Z".into(), &"amd64".into()));
    assert_eq!(config["rootfs"]["diff_ids"][0], format!("sha256:{}", Digest::of(&unpacked(&image))));
    assert_eq!(unpacked(&image).len() as u64, image.unpacked_size);
}

#[test]
fn the_layer_keeps_owners_modes_links_long_names_and_capabilities() {
    let bytes = unpacked(&image(false));
    let mut archive = tar::Archive::new(bytes.as_slice());
    let mut seen = BTreeMap::new();
    for entry in archive.entries().expect("tar") {
        let mut entry = entry.expect("entry");
        let path = String::from_utf8(entry.path_bytes().into_owned()).expect("UTF-8");
        let link = entry.link_name_bytes().map(|link| String::from_utf8_lossy(&link).into_owned());
        let pax = entry.pax_extensions().expect("pax").into_iter().flatten();
        let keys: Vec<_> = pax.map(|one| one.expect("record").key().expect("UTF-8").to_owned()).collect();
        let header = entry.header();
        seen.insert(path, (header.mode().expect("mode"), header.gid().expect("gid"), link, keys));
    }
    let none = Vec::new;
    assert_eq!(seen["usr/bin/write"], (0o2755, 5, None, none()));
    assert_eq!(seen["bin"], (0o777, 0, Some("usr/bin".to_owned()), none()));
    assert_eq!(seen["./"], (0o555, 0, None, none()));
    assert_eq!(seen["usr/bin/ping"].3, ["SCHILY.xattr.security.capability"]);
    assert_eq!(seen["usr/share/pointer"].2, Some(format!("../{}", "t".repeat(150))));
    let long = format!("usr/share/{}/{}", "d".repeat(120), "f".repeat(200));
    assert_eq!(seen[&long].0, 0o600);
}

#[test]
fn a_disk_model_is_no_container() {
    let (model, packages) = (machine(), system());
    let tree = compose(&model, &packages, &[], EPOCH).expect("composes");
    assert_eq!(write_oci(&model, &tree).expect_err("refused").to_string(), "image `test` is not a container");
}
