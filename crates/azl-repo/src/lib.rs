//! RPM repositories (rpm-md) as bytes: written from package headers, read back for checking.
//!
//! ```text
//! <repository>/
//!   Packages/<letter>/<name>-<version>-<release>.<arch>.rpm
//!   repodata/
//!     repomd.xml                         names, digests and sizes of the rest; what gets signed
//!     <sha256>-primary.xml.zst           identity, dependencies, the files people depend on
//!     <sha256>-filelists.xml.zst         all files
//!     <sha256>-other.xml.zst             changelogs
//! ```
//!
//! The XML is written here and not by a repository crate, because what those add (sqlite, modules,
//! wall-clock revisions) is what we must not have, and the rest is a page of elements.
//! The content agrees with `createrepo_c`, which an outside tool confirms in the tools tier.
//!
//! Not here: signing, files on disk, publication order.
//!
//! **Invariant:** the same packages and epoch give the same bytes, in whatever order they are given.

mod build;
mod dependencies;
mod filelists;
mod other;
mod primary;
mod read;
mod repomd;
mod xml;

#[cfg(test)]
mod fixture;

pub use build::{RepoError, RepoPackage, Repository, build, location};
pub use read::{PrimaryPackage, ReadError, read_primary};
pub use repomd::{DataFile, Repomd, read_repomd};
