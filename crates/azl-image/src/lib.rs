//! Images: from authored TOML and unpacked packages to the bytes of a disk or a container.
//!
//! Three steps, each a pure function:
//!
//! ```text
//! images/<name>.image.toml ──parse──▶ ImageModel ┐
//! packages, derived files  ─────────────────────┴─compose──▶ Tree ──write_disk──▶ GPT, ESP, ext4, VHD
//!                                                                └──write_oci───▶ OCI image layout
//! ```
//!
//! Not here: resolving the package closure (`azl-rpm`), making derived files that need a tool of the image
//! (the caller runs `ldconfig`, `systemctl`, … and hands in what they wrote), opening files, compression choices of a
//! publisher.
//!
//! **Invariant:** every output byte is a function of the model, the packages and the derived files. No clock, no
//! random number, no order of arguments enters; times are clamped to the epoch given to [`compose`], identifiers come
//! from the model's `seed`.
//!
//! **Invariant:** nothing a package asks for is dropped. A scriptlet, user, capability or file kind that cannot be
//! honoured is an error that names the package and the file.

mod calendar;
mod compose;
mod difference;
mod disk;
mod listing;
mod manifest;
mod model;
mod oci;
mod programs;
mod seed;
mod selinux;
mod sizes;
mod tree;

#[cfg(test)]
#[path = "../tests/fixture/mod.rs"]
mod fixture;
// The fixture names this crate as its other user, an integration test, does.
#[cfg(test)]
extern crate self as azl_image;

pub use compose::{
    CATALOG_DATABASE, ComposeError, Derived, DerivedContent, Effect, HWDB, LD_SO_CACHE, Package, RPM_DATABASE,
    UNIT_LINKS, compose, install_effects,
};
pub use difference::{Difference, FileDifference, PackageDifference};
pub use disk::sink::{BufferSink, DiskSink};
pub use disk::{DiskError, DiskReport, FilesystemKind, PartitionReport, write_disk, write_signed_disk};
pub use listing::{ListedFile, ListedKind, ListedPackage, Listing};
pub use manifest::{SCANNER_MANIFEST_1, SCANNER_MANIFEST_2, ScannerManifests, scanner_manifests};
pub use model::{
    Arch, AuthoredFile, Disk, DiskFormat, EspFile, EspPartition, ImageKind, ImageModel, Located, Oci, PackageRecord,
    RootPartition, Selinux,
};
pub use oci::{OciError, OciImage, write_oci};
pub use programs::{is_started_from, programs};
pub use seed::{Seed, Uuid};
pub use sizes::{FileSize, PackageSize};
pub use tree::{Node, NodeKind, Tree};
