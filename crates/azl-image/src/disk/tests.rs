//! Whole disks, judged by this crate's own eyes; `tests/readers.rs` asks independent tools.

use super::*;
use crate::compose::compose;
use crate::disk::sink::BufferSink;
use crate::fixture::{Build as _, kernel, machine, machine_with, package, system};

const EPOCH: u64 = 1_795_132_800;

fn disk(reverse: bool) -> (BufferSink, DiskReport) {
    let (model, mut packages) = (machine(), system());
    if reverse {
        packages.reverse();
    }
    let tree = compose(&model, &packages, &[], EPOCH).expect("composes");
    let mut sink = BufferSink::default();
    let report = write_disk(&model, &tree, &mut sink).expect("written");
    (sink, report)
}

#[test]
fn the_same_packages_give_the_same_disk_in_any_order() {
    let (first, report) = disk(false);
    assert_eq!((first, report), disk(true));
}

#[test]
fn a_vhd_is_whole_mebibytes_and_a_footer() {
    let (sink, report) = disk(false);
    assert_eq!((report.virtual_size, report.file_size), (128 * MIB, 128 * MIB + 512));
    assert_eq!(sink.bytes.len() as u64, report.file_size);
    assert_eq!(&sink.bytes[128 << 20..][..8], b"conectix");
    let places: Vec<_> = report.partitions.iter().map(|one| (one.start / MIB, one.size / MIB)).collect();
    assert_eq!(places, [(1, 64), (65, 62)]);
}

#[test]
fn the_root_filesystem_reads_back() {
    let (sink, report) = disk(false);
    let root = report.root().expect("there");
    let bytes = &sink.bytes[root.start as usize..(root.start + root.size) as usize];
    let filesystem = mkext4::reader::Fs::open(bytes).expect("opens");
    assert_eq!(filesystem.verify().expect("verifies"), []);
    let read = |path: &str| filesystem.resolve(path).and_then(|inode| filesystem.read_file(inode)).expect("reads");
    assert_eq!(read("/usr/lib/modules/6.18/vmlinuz"), kernel());
    assert_eq!(read("/usr/share/empty"), b"");
    let inode = filesystem.resolve("/usr/bin/ping").expect("there");
    assert_eq!(filesystem.xattrs(inode).expect("reads").len(), 1);
    assert!(root.used > 3_000_000 && root.used < 20_000_000, "{}", root.used);
}

#[test]
fn labels_are_in_the_inodes_that_of_lost_found_too() {
    let model = machine_with("[selinux]\npolicy = \"targeted\"\n");
    let contexts = "/.* system_u:object_r:a_type_whose_name_is_rather_long_t:s0\n/ -d system_u:object_r:root_t:s0\n\
                    /lost\\+found -d system_u:object_r:lost_found_t:s0\n";
    let mut packages = system();
    packages.push(package("policy").file(
        "/etc/selinux/targeted/contexts/files/file_contexts",
        0o644,
        contexts.as_bytes(),
    ));
    let tree = compose(&model, &packages, &[], EPOCH).expect("composes");
    let mut sink = BufferSink::default();
    let report = write_disk(&model, &tree, &mut sink).expect("written");
    let root = report.root().expect("there");
    let bytes = &sink.bytes[root.start as usize..(root.start + root.size) as usize];
    let filesystem = mkext4::reader::Fs::open(bytes).expect("opens");
    assert_eq!(filesystem.verify().expect("verifies"), []);
    let label = |path: &str| {
        let inode = filesystem.resolve(path).expect("there");
        let found = filesystem.xattrs(inode).expect("reads").into_iter().find(|one| one.name == b"selinux");
        String::from_utf8(found.expect("labelled").value).expect("UTF-8")
    };
    assert_eq!(label("/lost+found"), "system_u:object_r:lost_found_t:s0\0");
    assert_eq!(label("/"), "system_u:object_r:root_t:s0\0");
    // With capabilities beside it, one of the two has a block of its own.
    assert_eq!(label("/usr/bin/ping"), "system_u:object_r:a_type_whose_name_is_rather_long_t:s0\0");
}

#[test]
fn what_does_not_fit_says_which_key_to_raise() {
    let (model, mut packages) = (machine(), system());
    packages.push(package("large").file("/large", 0o644, &vec![1; 60 << 20]));
    let tree = compose(&model, &packages, &[], EPOCH).expect("composes");
    let error = write_disk(&model, &tree, &mut BufferSink::default()).expect_err("full").to_string();
    assert!(error.contains("of 62 MiB cannot hold 62 MiB") && error.contains("disk.size-mib"), "{error}");

    let mut packages = system();
    packages.retain(|package| package.header.nevra.name != "kernel-core");
    packages.push(package("kernel-core").file("/usr/lib/modules/1/vmlinuz", 0o644, &vec![1; 64 << 20]));
    let tree = compose(&model, &packages, &[], EPOCH).expect("composes");
    let error = write_disk(&model, &tree, &mut BufferSink::default()).expect_err("full").to_string();
    assert!(error.contains("disk.esp.size-mib"), "{error}");
}

#[test]
fn a_container_model_is_no_disk() {
    let (model, packages) = (crate::fixture::container_of_system(""), system());
    let tree = compose(&model, &packages, &[], EPOCH).expect("composes");
    let error = write_disk(&model, &tree, &mut BufferSink::default()).expect_err("refused");
    assert_eq!(error.to_string(), "image `test` is not a disk");
}

#[test]
fn a_signed_program_takes_the_place_of_the_packages() {
    let (model, mut packages) = (machine(), system());
    for file in packages.iter_mut().flat_map(|package| &mut package.files) {
        if file.entry.path.ends_with("/vmlinuz") {
            file.content[..2].copy_from_slice(b"MZ");
        }
    }
    let tree = compose(&model, &packages, &[], EPOCH).expect("composes");
    let mut programs = crate::programs(&model, &packages).expect("there once");
    for program in programs.values_mut() {
        program.extend_from_slice(b"a signature nothing else holds");
    }
    let mut sink = BufferSink::default();
    write_signed_disk(&model, &tree, &programs, &mut sink).expect("written");
    let found = |sink: &BufferSink| sink.bytes.windows(30).any(|window| window == b"a signature nothing else holds");
    assert!(!programs.is_empty() && found(&sink) && !found(&disk(false).0));
    programs.insert("BOOTX64.EFI".to_owned(), vec![]);
    let error = write_signed_disk(&model, &tree, &programs, &mut BufferSink::default()).expect_err("no place");
    assert!(error.to_string().contains("`BOOTX64.EFI`"), "{error}");
    let without: Vec<_> = packages
        .iter()
        .filter(|package| !crate::is_started_from(&model, &package.header.nevra.name))
        .cloned()
        .collect();
    assert!(crate::programs(&model, &without).is_err());
}
