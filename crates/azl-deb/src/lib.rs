//! Archives of foreign make, read with suspicion: `.deb` packages, source tarballs, OCI layers.
//!
//! ```text
//! .deb = ar archive ─┬─ debian-binary   "2.0\n"
//!                    ├─ control.tar.*   control (Package, Version, Architecture), maintainer scripts
//!                    └─ data.tar.*      the files
//! ```
//!
//! [`unpack`] streams the files of a package to its caller; [`walk`] does the same for any tarball, and
//! [`check_source_archive`] looks through a source without keeping anything.
//!
//! Not here: writing files (the caller does), maintainer scripts (never run), dependencies (apt resolves them).
//!
//! **Invariant:** no entry handed out has an absolute path, a `..` or a link among its parents, or is a device.
//! **Invariant:** memory use does not grow with the size of the content, only with the number of entries.

mod compression;
mod control;
mod error;
mod package;
mod paths;
mod source;
mod tarball;

#[cfg(test)]
mod fixture;

pub use compression::decompress;
pub use control::Control;
pub use error::ArchiveError;
pub use package::{control, unpack};
pub use source::{SourceCheck, check_source_archive};
pub use tarball::{Entry, Kind, Visit, walk, walk_compressed};
