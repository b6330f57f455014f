//! Independent readers judge what the writers wrote: e2fsck, fsck.vfat, sfdisk, qemu-img, skopeo, umoci.
//!
//! Each check looks for its tool first and prints why it did not run if the tool is absent.

#![expect(clippy::disallowed_methods, reason = "this test runs foreign tools, the crate under test never does")]
#![expect(clippy::disallowed_macros, reason = "a check that did not run says so")]

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use azl_image::{DiskReport, DiskSink, Package, Tree, compose, write_disk, write_oci};
use fixture::{Build as _, container_of_system, kernel, machine, package, system};

mod fixture;

const EPOCH: u64 = 1_795_132_800;

/// Finds a tool in PATH and where administrators' tools lie.
fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut candidates = path.split(':').chain(["/usr/sbin", "/sbin"]).map(|dir| Path::new(dir).join(name));
    let found = candidates.find(|path| path.is_file());
    if found.is_none() {
        println!("not checked: `{name}` is not installed");
    }
    found
}

/// Runs a tool that must succeed and returns all it said.
fn run(tool: &Path, args: &[&str]) -> String {
    let output = Command::new(tool).args(args).env("LC_ALL", "C").output().expect("starts");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{} {args:?}: {}\n{text}", tool.display(), output.status);
    text
}

struct FileSink(File);

impl DiskSink for FileSink {
    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }
}

/// A written disk in a directory of its own.
struct Written {
    dir: tempfile::TempDir,
    report: DiskReport,
}

impl Written {
    fn machine() -> Self {
        Self::of(&system())
    }

    fn of(packages: &[Package]) -> Self {
        let model = machine();
        let tree = compose(&model, packages, &[], EPOCH).expect("composes");
        let dir = tempfile::tempdir().expect("directory");
        let file = File::create(dir.path().join("disk.vhd")).expect("created");
        let report = write_disk(&model, &tree, &mut FileSink(file)).expect("written");
        Self { dir, report }
    }

    fn disk(&self) -> PathBuf {
        self.dir.path().join("disk.vhd")
    }

    /// Copies a range of the disk into a file of its own.
    fn cut(&self, name: &str, start: u64, size: u64) -> String {
        let mut bytes = vec![0; size as usize];
        File::open(self.disk()).and_then(|file| file.read_exact_at(&mut bytes, start)).expect("read");
        let path = self.dir.path().join(name);
        fs::write(&path, bytes).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    }
}

#[test]
fn e2fsck_finds_the_root_filesystem_clean() {
    let Some(e2fsck) = tool("e2fsck") else { return };
    let written = Written::machine();
    let root = written.report.root().expect("there");
    let image = written.cut("root.ext4", root.start, root.size);
    let said = run(&e2fsck, &["-fn", &image]);
    assert!(said.contains("azurelinux: "), "{said}");
    let Some(debugfs) = tool("debugfs") else { return };
    let said = run(&debugfs, &["-R", "stat /usr/bin/ping", &image]);
    assert!(said.contains("security.capability (20)") && said.contains("Mode:  0755"), "{said}");
    let said = run(&debugfs, &["-R", "stat /usr/bin/write", &image]);
    assert!(said.contains("Mode:  02755") && said.contains("Group:     5"), "{said}");
}

#[test]
fn many_small_files_get_enough_inodes_and_indexed_directories() {
    let Some(e2fsck) = tool("e2fsck") else { return };
    let mut packages = system();
    let many = (0..5_000).fold(package("many"), |many, n| many.file(&format!("/usr/share/many/{n}"), 0o644, b"x"));
    packages.push(many);
    let written = Written::of(&packages);
    let root = written.report.root().expect("there");
    run(&e2fsck, &["-fn", &written.cut("root.ext4", root.start, root.size)]);
}

#[test]
fn fsck_vfat_finds_the_efi_system_partition_clean() {
    let Some(fsck) = tool("fsck.vfat") else { return };
    let written = Written::machine();
    let esp = &written.report.partitions[0];
    let image = written.cut("esp.fat", esp.start, esp.size);
    let said = run(&fsck, &["-n", "-v", &image]);
    assert!(said.contains("4 files"), "{said}");
    let Some(mcopy) = tool("mcopy") else { return };
    let out = written.dir.path().join("BOOTX64.EFI");
    run(&mcopy, &["-i", &image, "::/EFI/BOOT/BOOTX64.EFI", out.to_str().expect("UTF-8")]);
    assert_eq!(fs::read(out).expect("read"), kernel());
}

#[test]
fn sfdisk_verifies_the_partition_table() {
    let Some(sfdisk) = tool("sfdisk") else { return };
    let written = Written::machine();
    let report = &written.report;
    let disk = written.cut("disk.raw", 0, report.virtual_size);
    let said = run(&sfdisk, &["--verify", &disk]);
    assert!(said.contains("No errors detected"), "{said}");
    let said = run(&sfdisk, &["--json", &disk]).to_lowercase();
    let partition = report.root().expect("there");
    for text in ["azurelinux-root".to_owned(), partition.guid.to_string(), report.disk_guid.to_string()] {
        assert!(said.contains(&text), "{text} in {said}");
    }
}

#[test]
fn qemu_img_reads_the_vhd_with_its_exact_size() {
    let Some(qemu_img) = tool("qemu-img") else { return };
    let written = Written::machine();
    let said = run(&qemu_img, &["info", "-f", "vpc", "--output=json", written.disk().to_str().expect("UTF-8")]);
    assert!(said.contains(&format!("\"virtual-size\": {}", written.report.virtual_size)), "{said}");
}

#[test]
fn the_disk_file_is_sparse() {
    let written = Written::machine();
    let stored = fs::metadata(written.disk()).expect("there").blocks() * 512;
    assert!(stored < written.report.virtual_size / 4, "{stored} bytes stored");
}

fn archive(dir: &Path) -> (PathBuf, usize) {
    let (model, packages) = (container_of_system("package-records = [\"scanner-manifest\"]"), system());
    let tree: Tree<'_> = compose(&model, &packages, &[], EPOCH).expect("composes");
    let image = write_oci(&model, &tree).expect("written");
    let path = dir.join("image.tar");
    fs::write(&path, image.archive().expect("archives")).expect("written");
    for (name, bytes) in &image.files {
        let file = dir.join("layout").join(name);
        fs::create_dir_all(file.parent().expect("has one")).expect("created");
        fs::write(file, bytes).expect("written");
    }
    (path, tree.len())
}

#[test]
fn skopeo_inspects_and_copies_the_archive() {
    let Some(skopeo) = tool("skopeo") else { return };
    let dir = tempfile::tempdir().expect("directory");
    let (path, _) = archive(dir.path());
    let source = format!("oci-archive:{}:4.0", path.display());
    let said = run(&skopeo, &["inspect", &source]);
    assert!(said.contains("\"Architecture\": \"amd64\""), "{said}");
    let copy = format!("dir:{}", dir.path().join("copy").display());
    run(&skopeo, &["--insecure-policy", "copy", &source, &copy]);
}

#[test]
fn umoci_unpacks_the_layout() {
    let Some(umoci) = tool("umoci") else { return };
    let dir = tempfile::tempdir().expect("directory");
    archive(dir.path());
    let image = format!("{}:4.0", dir.path().join("layout").display());
    let bundle = dir.path().join("bundle");
    run(&umoci, &["unpack", "--rootless", "--image", &image, bundle.to_str().expect("UTF-8")]);
    let root = bundle.join("rootfs");
    assert_eq!(fs::read(root.join("usr/lib/modules/6.18/vmlinuz")).expect("read"), kernel());
    assert_eq!(fs::read_link(root.join("bin")).expect("link"), Path::new("usr/bin"));
    assert_eq!(fs::metadata(root.join("usr/bin/write")).expect("there").permissions().mode() & 0o7777, 0o2755);
}
