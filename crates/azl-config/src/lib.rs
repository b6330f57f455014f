//! The authored TOML of a distribution tree, in the azldev format: loaded, merged, validated, resolved, rendered.
//!
//! Reading order: [`load`] makes a [`Config`] of the files of a tree; [`Config::resolve`] makes a
//! [`ResolvedComponent`] by inheritance; [`render()`] turns that and its upstream files into the files of `specs/`.
//!
//! Not here: reading directories, fetching, and what only azldev's own tools use (mock, kiwi) beyond its shape.
//!
//! **Invariant:** all mistakes of a run are reported together, each with its place; a key that means nothing is an
//! error.
//!
//! **Invariant:** the result depends on the bytes of the files alone, not on the order they were read in.

mod component;
mod distro;
mod document;
mod fingerprint;
mod group;
mod load;
mod lock;
mod lookaside;
mod resolve;
mod settings;
mod sources_file;
mod validate;

pub mod render;

pub use azl_overlay::{Compat, Descriptions, FileEntry, FileSet, Overlay};
pub use component::{
    BuildLayer, ComponentLayer, HashType, Origin, Publish, ReleaseCalculation, SourceFile, SpecLayer, SpecType,
};
pub use distro::{Distro, DistroReference, DistroVersion};
pub use document::{Component, Config};
pub use fingerprint::{Difference, Fingerprint, InputChange, Packaging};
pub use group::{ComponentGroup, PackageGroup};
pub use load::{Options, load};
pub use lock::{Change, Lock, lock_file};
pub use lookaside::LookasideFile;
pub use render::render;
pub use resolve::{DistGit, ResolvedComponent, SpecSource, Upstream};
pub use settings::{Image, Project};
pub use sources_file::{SourceEntry, parse_sources, write_sources};
