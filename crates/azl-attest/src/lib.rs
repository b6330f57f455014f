//! What we say about what we made, as values: SBOMs, provenance, the release manifest.
//!
//! - [`spdx`]: SPDX 2.3 JSON over the packages of an image or a repository.
//! - [`statement`]: in-toto Statement v1 with an SLSA provenance v1 predicate.
//! - [`Buildinfo`]: what it takes to build a component again.
//! - [`pae`] and [`Envelope`]: DSSE, the wrapping that gets signed.
//! - [`ReleaseManifest`]: digest and size of every file of a release.
//!
//! Not here: signatures, files, clocks. What time it is, is an argument.
//!
//! **Invariant:** the same values give the same bytes; maps are sorted whatever features `serde_json` has.

mod buildinfo;
mod dsse;
mod licence;
mod manifest;
mod provenance;
mod purl;
mod sorted;
mod spdx;
mod time;

pub use buildinfo::{
    BUILDINFO_SCHEMA, BUILDINFO_TYPE, Buildinfo, BuildinfoError, BuiltPackage, File, Input, Step, parts,
};
pub use dsse::{Envelope, EnvelopeError, EnvelopeSignature, IN_TOTO_TYPE, pae};
pub use manifest::{Artifact, ArtifactKind, MANIFEST_SCHEMA, ManifestError, ReleaseManifest};
pub use provenance::{
    BuildFacts, PROVENANCE_TYPE, ReadStatement, ResolvedDependency, STATEMENT_TYPE, StatementError, Subject,
    read_statement, statement,
};
pub use purl::purl;
pub use spdx::{Purpose, SbomFacts, SbomPackage, SbomSubject, spdx};
pub use time::rfc3339;
