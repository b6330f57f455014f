//! The image model: what `images/<name>.image.toml` says, typed and checked.
//!
//! Not here: which packages exist (the closure is resolved by the caller from [`ImageModel::packages`]), and how
//! bytes are laid out (the writers).
//!
//! **Invariant:** a model that parsed without an error can be written, unless the packages do not fit in it.

mod read;
mod table;

use std::collections::BTreeMap;

use azl_diagnostics::{Diagnostic, Span};
pub use azl_rpm::Arch;
use azl_rpm::Dependency;

use crate::seed::{Seed, Uuid};

/// A value and its place in the image file, for diagnostics found later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub span: Span,
}

/// One image of the release.
#[derive(Debug, Clone)]
pub struct ImageModel {
    /// Name of the image; the file is `<name>.image.toml`.
    pub name: String,
    /// One sentence for people.
    pub description: String,
    /// Processor the image is for; packages are of this architecture or `noarch`.
    pub arch: Arch,
    /// Origin of all identifiers in the image.
    pub seed: Seed,
    /// Roots of the package closure.
    pub packages: Vec<Located<Dependency>>,
    /// What the image itself tells about its packages.
    pub package_records: Vec<PackageRecord>,
    /// Small files that belong to the image and to no package.
    pub files: Vec<AuthoredFile>,
    /// Files that may be setuid, setgid, writable by all or have capabilities, by path, and why.
    pub privileged: BTreeMap<String, String>,
    /// How its files are labelled; without it they have no labels.
    pub selinux: Option<Selinux>,
    /// What is written.
    pub kind: ImageKind,
}

/// The SELinux policy of a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selinux {
    /// Name of the policy: its files are in `/etc/selinux/<policy>`.
    pub policy: String,
}

/// A record of the installed packages inside the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PackageRecord {
    /// rpm's SQLite database, given to `compose` as a derived file.
    RpmDatabase,
    /// The two text manifests that scanners read in images without rpm; written by `compose`.
    ScannerManifest,
}

/// A file written out in the image file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthoredFile {
    /// Absolute path.
    pub path: Located<String>,
    /// Permission bits.
    pub mode: u32,
    /// Content.
    pub text: String,
    /// Why the image has it.
    pub reason: String,
}

/// The form an image is written in.
#[derive(Debug, Clone)]
pub enum ImageKind {
    /// A container image.
    Oci(Oci),
    /// A disk for a virtual machine.
    Disk(Disk),
}

/// A container image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oci {
    /// Repository below the registry, e.g. `azurelinux/base/core`.
    pub repository: String,
    /// Tags, at least one.
    pub tags: Vec<String>,
    /// `Entrypoint` of the configuration.
    pub entrypoint: Vec<String>,
    /// `Cmd` of the configuration.
    pub cmd: Vec<String>,
    /// Environment.
    pub env: BTreeMap<String, String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Working directory, if not `/`.
    pub working_dir: Option<String>,
}

/// A disk image that UEFI firmware boots.
#[derive(Debug, Clone)]
pub struct Disk {
    /// Container of the disk's bytes.
    pub format: DiskFormat,
    /// Virtual size in MiB, GPT included.
    pub size_mib: u64,
    /// The EFI system partition, first on the disk.
    pub esp: EspPartition,
    /// The root partition: the rest of the disk, so that it can grow.
    pub root: RootPartition,
}

/// Container of a disk's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskFormat {
    /// Fixed VHD, as Azure takes it: the bytes and a footer of 512 bytes.
    VhdFixed,
    /// The bytes alone.
    Raw,
}

/// The EFI system partition (FAT32).
#[derive(Debug, Clone)]
pub struct EspPartition {
    /// Size in MiB.
    pub size_mib: u64,
    /// Name in the partition table.
    pub partition_name: String,
    /// Volume label, upper case, at most 11 characters.
    pub label: String,
    /// Its content.
    pub files: Vec<EspFile>,
}

/// A file of a package that firmware must find on the EFI system partition.
#[derive(Debug, Clone)]
pub struct EspFile {
    /// Path on the partition: 8.3 names separated by `/`, e.g. `EFI/BOOT/BOOTX64.EFI`.
    pub path: String,
    /// Package that owns the source.
    pub package: String,
    /// Absolute path of the source; `*` stands for any characters within one component and must match one file.
    pub source: Located<String>,
}

/// The root partition (ext4).
#[derive(Debug, Clone)]
pub struct RootPartition {
    /// Name in the partition table, which `root=PARTLABEL=` finds.
    pub partition_name: String,
    /// Filesystem label, at most 16 bytes.
    pub label: String,
    /// Whether the table says that the filesystem grows with its partition (Discoverable Partitions Specification).
    pub grows: bool,
}

impl ImageModel {
    /// Reads the text of `file`; the model is there if no diagnostic is an error.
    pub fn parse(file: &str, text: &str) -> (Option<Self>, Vec<Diagnostic>) {
        read::image(file, text)
    }
}

/// Returns the name that OCI takes from Go's `GOARCH`.
pub(crate) fn oci_arch(arch: Arch) -> &'static str {
    match arch {
        Arch::X86_64 => "amd64",
        Arch::Aarch64 => "arm64",
    }
}

/// Returns the partition type of a root filesystem (Discoverable Partitions Specification).
pub(crate) fn root_partition_type(arch: Arch) -> Uuid {
    match arch {
        Arch::X86_64 => Uuid::from_u128(0x4f68bce3_e8cd_4db1_96e7_fbcaf984b709),
        Arch::Aarch64 => Uuid::from_u128(0xb921b045_1df0_41c3_af44_4c6f280d3fae),
    }
}

#[cfg(test)]
mod tests;
