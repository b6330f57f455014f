//! The words of RPM as values: versions and their order, package identities, dependencies, and what a
//! package file says and holds.
//!
//! Reading order: [`Evr`] and [`Nevra`], [`Dependency`] and [`Rich`], [`read_header`], [`read_files`],
//! [`Universe::closure`].
//!
//! Not here: writing or signing packages, spec files, the installed-package database, repositories.
//!
//! **Invariant:** pure functions of bytes; no file, clock, environment or network is touched.
//! **Invariant:** foreign bytes never panic and never make us allocate more than they could hold: the
//! frame of both headers is checked (`frame`) before the `rpm` crate looks at them.

mod arch;
mod closure;
mod cpio;
mod dependency;
mod diff;
mod error;
mod evr;
mod files;
mod frame;
mod header;
mod listing;
mod nevra;
mod payload;
mod rich;
mod scriptlet;
mod universe;

#[cfg(test)]
mod fixture;

pub use arch::{Arch, UnknownArch};
pub use closure::{Reason, Unresolved};
pub use dependency::{Compare, Dependency, ParseDependencyError};
pub use diff::{Cause, Clue, Difference, Guess, How, PackageDiff, diff};
pub use error::RpmError;
pub use evr::Evr;
pub use files::{FileEntry, FileKind, PackageFile};
pub use frame::{Frame, check_frame};
pub use header::{ChangelogEntry, PackageHeader, read_header};
pub use nevra::{Nevra, ParseNevraError};
pub use payload::read_files;
pub use rich::Rich;
pub use scriptlet::Scriptlet;
pub use universe::Universe;
