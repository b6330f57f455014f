//! The authored TOML of a distribution tree, in the azldev format: loaded, merged, validated, resolved, rendered.
//!
//! Reading order: [`load`] makes a [`Config`] of the files of a tree; [`Config::resolve`] makes a
//! [`ResolvedComponent`] by inheritance; [`render()`] turns that and its upstream files into the files of `specs/`.
//!
//! [`Config::explain`] says where each value comes from; [`schema()`] is the format for editors.
//!
//! Not here: reading directories, fetching, and what only azldev's own tools do with their tables (mock, kiwi, LISA).
//!
//! **Invariant:** all mistakes of a run are reported together, each with its place; a key that means nothing is an
//! error.
//!
//! **Invariant:** the result depends on the bytes of the files alone, not on the order they were read in.

mod build;
mod component;
mod component_group;
mod distro;
mod distro_reference;
mod document;
mod explain;
mod fingerprint;
#[cfg(test)]
mod fixture;
mod found;
mod image;
mod input;
mod input_repos;
mod layer;
mod load;
mod lock;
mod lookaside;
mod matching;
mod members;
mod merge;
mod overlay_file;
mod package_channel;
mod package_group;
mod project;
mod publish;
mod repo_set;
mod resolve;
mod resource;
mod schema;
mod slot;
mod snapshot;
mod source_file;
mod sources_file;
mod spanned;
mod test_suite;
mod tools;
mod validate;

pub mod render;

pub use azl_overlay::{Compat, Descriptions, FileEntry, FileSet, Overlay};
pub use build::{BuildLayer, CheckLayer, FailureLayer, HintsLayer};
pub use component::{ComponentLayer, ReleaseCalculation, SpecLayer, SpecType};
pub use component_group::ComponentGroup;
pub use distro::{Distro, DistroVersion};
pub use distro_reference::DistroReference;
pub use document::{Component, Config};
pub use explain::{Effective, file_and_line};
pub use fingerprint::{Difference, Fingerprint, InputChange, Packaging};
pub use image::{Capabilities, Image, ImageDefinition, ImageDefinitionType, ImagePublish, ImageTests, TestSuiteName};
pub use input::{Input, Inputs, UseCase};
pub use layer::Layer;
pub use load::{MAX_FILE_SIZE, Options, load};
pub use lock::{Change, Lock, lock_file};
pub use lookaside::LookasideFile;
pub use package_group::PackageGroup;
pub use project::Project;
pub use publish::{Channel, PackageForm, PackageLayer, PackagePublish, PackagePublishLayer, Publish, PublishLayer};
pub use render::render;
pub use repo_set::{EffectiveRepo, RepoSet, RepoSetTemplate, Subrepo, SubrepoKind};
pub use resolve::{DistGit, ResolvedComponent, SpecSource, Upstream};
pub use resource::{GpgCheck, GpgKey, RepoLocation, Resources, RpmRepo, RpmRepoType, Trust};
pub use schema::{overlay_file_schema, schema};
pub use snapshot::Snapshot;
pub use source_file::{HashType, Origin, SourceFile};
pub use sources_file::{SourceEntry, parse_sources, write_sources};
pub use spanned::{Declared, Spanned};
pub use test_suite::{Lisa, LisaFramework, Pytest, PytestInstall, Runner, TestSuite};
pub use tools::{ImageCustomizer, Tools};
