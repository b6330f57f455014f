//! Whole disks, judged by this crate's own eyes; `tests/readers.rs` asks independent tools.

use super::*;
use crate::compose::compose;
use crate::disk::sink::BufferSink;
use crate::fixture::{Build as _, kernel, machine, package, system};

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
