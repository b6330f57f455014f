//! Repacking through the store.

use azl_action::{Blob, Compute, Function};
use azl_store::LocalStore;

use super::*;

const OVERLAYS: &[&str] = &[
    "type = 'file-search-replace'\narchive = 'x-1.tar.gz'\nfile = 'configure'\nregex = 'old'\nreplacement = 'new'\n",
    "type = 'file-remove'\narchive = 'x-1.tar.gz'\nfile = 'blob'\nexpect = 1\n",
];

fn tarball(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append_data(&mut header, path, text.as_bytes()).expect("a plain entry");
    }
    let tar = builder.into_inner().expect("an archive in memory");
    azl_overlay::archive::repack(&tar, &azl_overlay::archive::Limits::default()).expect("a good archive")
}

fn call(store: &LocalStore, sha512: &str) -> Call {
    let original = tarball(&[("x-1/configure", "old\n"), ("x-1/blob", "b\n"), ("x-1/main.c", "m\n")]);
    let archive = Blob { name: "x-1.tar.gz".to_owned(), digest: store.put(&original).expect("a writable store") };
    Compute {
        function: Function::Repack,
        revision: 1,
        parameters: serde_json::json!({ "file": "x-1.tar.gz", "overlays": OVERLAYS, "sha512": sha512 }),
        inputs: BTreeMap::from([("archive".to_owned(), vec![archive])]),
    }
}

fn store() -> (tempfile::TempDir, LocalStore) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let store = LocalStore::open(directory.path().join("store")).expect("a new store");
    (directory, store)
}

#[test]
fn archive_has_what_the_overlays_make_of_it() {
    let (_directory, store) = store();
    let expected = tarball(&[("x-1/configure", "new\n"), ("x-1/main.c", "m\n")]);
    let outputs = repack(&call(&store, &Sha512::of(&expected).to_string()), &store).expect("the hash is right");
    assert_eq!(store.read(outputs["x-1.tar.gz"]).expect("it was put"), expected);
}

#[test]
fn other_hash_is_refused_with_the_one_it_has() {
    let (_directory, store) = store();
    let error = repack(&call(&store, &"0".repeat(128)), &store).expect_err("the hash is wrong").to_string();
    assert!(error.contains("another hash than its `source-files` entry says"), "{error}");
    assert!(error.contains("has:     "), "{error}");
}
