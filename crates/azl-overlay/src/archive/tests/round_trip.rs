//! What is written, the `tar` crate reads: contents, modes and links as they were, in one fixed form.

use std::collections::BTreeMap;
use std::io::Read;

use proptest::prelude::*;

use super::fixture::{Tar, gzip, xz, zstd};
use crate::archive::{Limits, repack};

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    File(u32, Vec<u8>),
    Directory(u32),
    Link(String),
}

type Tree = BTreeMap<Vec<String>, Node>;

/// Names of kinds that never stand in each other's way: directories `d…`, files `f…`, links `l…`.
fn name(kind: &'static str) -> impl Strategy<Value = String> {
    let text = prop_oneof![4 => "[a-c.é -]{0,3}", 1 => "[a-c]{90,200}"];
    text.prop_map(move |text| format!("{kind}{text}"))
}

fn node() -> impl Strategy<Value = (String, Node)> {
    let content = prop_oneof![prop::collection::vec(any::<u8>(), 0..40), prop::collection::vec(any::<u8>(), 510..1030)];
    let link = prop::collection::vec(name("d"), 0..3)
        .prop_map(|parts| Node::Link((parts.join("/") + "/x").trim_start_matches('/').to_owned()));
    prop_oneof![
        (name("f"), (0u32..0o1000, content).prop_map(|(mode, content)| Node::File(mode, content))),
        (name("d"), (0u32..0o1000).prop_map(Node::Directory)),
        (name("l"), link),
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    let entry = (prop::collection::vec(name("d"), 0..3), node());
    prop::collection::vec(entry, 0..12).prop_map(|entries| {
        let mut tree = Tree::new();
        for (above, (name, node)) in entries {
            for depth in 1..=above.len() {
                tree.entry(above[..depth].to_vec()).or_insert(Node::Directory(0o755));
            }
            tree.insert([above, vec![name]].concat(), node);
        }
        tree
    })
}

/// Writes a tree by the `tar` crate; directories of mode 0755 are left to be implied by what is in them.
fn foreign(tree: &Tree, header: fn() -> tar::Header) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, node) in tree.iter().rev() {
        let implied = tree.keys().any(|other| other.len() > path.len() && other.starts_with(path));
        let mut header = header();
        header.set_mtime(1_700_000_000);
        header.set_uid(1000);
        header.set_gid(1000);
        let path = path.join("/");
        let written = match node {
            Node::Directory(0o755) if implied => Ok(()),
            Node::Directory(mode) => {
                header.set_entry_type(tar::EntryType::Directory);
                header.set_mode(*mode | 0o2000);
                header.set_size(0);
                builder.append_data(&mut header, format!("./{path}/"), &[][..])
            }
            Node::File(mode, content) => {
                header.set_mode(*mode | 0o4000);
                header.set_size(content.len() as u64);
                builder.append_data(&mut header, path, content.as_slice())
            }
            Node::Link(target) => {
                header.set_entry_type(tar::EntryType::Symlink);
                header.set_mode(0o755);
                header.set_size(0);
                builder.append_link(&mut header, path, target)
            }
        };
        written.expect("the tree can be archived");
    }
    builder.into_inner().expect("memory takes every write")
}

/// Reads a tree by the `tar` crate, and checks what is the same for all entries, and their order.
fn read_back(bytes: &[u8]) -> Tree {
    let mut archive = tar::Archive::new(bytes);
    let mut paths: Vec<Vec<String>> = Vec::new();
    let mut tree = Tree::new();
    for entry in archive.entries().expect("a tar file") {
        let mut entry = entry.expect("an entry");
        let header = entry.header().clone();
        let owner = (header.uid().expect("a number"), header.gid().expect("a number"));
        assert_eq!((owner, header.mtime().expect("a number")), ((0, 0), 0));
        assert_eq!((header.username(), header.groupname()), (Ok(Some("")), Ok(Some(""))));
        let mode = header.mode().expect("a number");
        let path = String::from_utf8(entry.path_bytes().into_owned()).expect("UTF-8");
        let node = match header.entry_type() {
            tar::EntryType::Directory => Node::Directory(mode),
            tar::EntryType::Symlink => {
                let target = entry.link_name_bytes().expect("a target").into_owned();
                Node::Link(String::from_utf8(target).expect("UTF-8"))
            }
            _ => {
                let mut content = Vec::new();
                entry.read_to_end(&mut content).expect("whole");
                Node::File(mode, content)
            }
        };
        assert_eq!(matches!(node, Node::Directory(_)), path.ends_with('/'));
        paths.push(path.trim_end_matches('/').split('/').map(str::to_owned).collect());
        tree.insert(paths.last().expect("just pushed").clone(), node);
    }
    assert!(paths.is_sorted(), "{paths:?}");
    assert_eq!(paths.len(), tree.len());
    tree
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn contents_modes_and_links_survive_and_the_form_is_one(tree in tree()) {
        let limits = Limits::default();
        let gnu = repack(&foreign(&tree, tar::Header::new_gnu), &limits).expect("a good archive");
        prop_assert_eq!(&read_back(&gnu), &tree);
        let ustar = repack(&foreign(&tree, tar::Header::new_ustar), &limits).expect("a good archive");
        prop_assert_eq!(&ustar, &gnu, "order and kind of headers do not show");
        prop_assert_eq!(&repack(&gnu, &limits).expect("our own archive"), &gnu);
    }
}

#[test]
fn every_compression_gives_the_same_bytes_each_time() {
    let archive = Tar::new().directory("a/").file("a/x", &[7; 100_000]).link(b'2', "a/l", "x").end();
    let limits = Limits::default();
    let plain = repack(&archive, &limits).expect("a good archive");
    for packed in [gzip(&archive), xz(&archive), zstd(&archive)] {
        let once = repack(&packed, &limits).expect("a good archive");
        assert_eq!(repack(&packed, &limits), Ok(once.clone()));
        assert_eq!(repack(&once, &limits), Ok(once.clone()), "a fixed point");
        let mut unpacked = Vec::new();
        match once[0] {
            0x1f => flate2::read::GzDecoder::new(&*once).read_to_end(&mut unpacked),
            0xfd => liblzma::read::XzDecoder::new(&*once).read_to_end(&mut unpacked),
            _ => zstd::Decoder::new(&*once).and_then(|mut decoder| decoder.read_to_end(&mut unpacked)),
        }
        .expect("a good stream");
        assert_eq!(unpacked, plain);
    }
}

/// The header of `a/` and of a long name as Go's `archive/tar` lays them out in its GNU format.
#[test]
fn headers_are_laid_out_as_gos_writer_lays_them_out() {
    let long = format!("a/{}/x", "y".repeat(98));
    let archive = Tar::new().pax(&[("path", long.as_bytes())]).file("x", b"1").end();
    let bytes = repack(&archive, &Limits::default()).expect("a good archive");
    let fields = |block: usize| {
        let block = &bytes[block * 512..][..512];
        let text = |range: std::ops::Range<usize>| String::from_utf8_lossy(&block[range]).replace('\0', "0");
        (text(100..124), text(124..148), text(156..157), text(257..265), text(329..345))
    };
    let of = |mode: &str, size: &str, kind: &str, devices: &str| {
        let owners = "0000000000000000";
        (
            format!("{mode}0{owners}"),
            format!("{size}0000000000000"),
            kind.to_owned(),
            "ustar  0".to_owned(),
            devices.to_owned(),
        )
    };
    let zeros = "0000000000000000";
    assert_eq!(fields(0), of("0000755", "00000000000", "5", zeros));
    assert_eq!(fields(1), of("0000000", "00000000146", "L", zeros));
    assert_eq!(bytes[512 + 329..512 + 345], [0; 16], "long names have no device numbers");
    assert_eq!(bytes[154..156], *b"\0 ", "the checksum's own end");
    assert_eq!(bytes[329..345], *b"0000000\x000000000\0");
    assert_eq!(bytes[512..][..14], *b"././@LongLink\0");
    assert_eq!(bytes.len() % 512, 0);
    assert!(bytes.ends_with(&[0; 1024]));
}
