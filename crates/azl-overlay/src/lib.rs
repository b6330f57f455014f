//! Overlays: the reasoned deviations of Azure Linux from upstream packaging, in the azldev TOML format.
//!
//! Each kind is one file under `kinds/`: its TOML shape, what it does, its tests. A new kind is a new file and a line
//! in the table of `kinds/mod.rs`.
//!
//! Overlays that change files inside a source archive act on its bytes alone: [`archive`].
//!
//! Not here: which component an overlay belongs to, and reading files; everything works on values.
//!
//! **Invariant:** an overlay either changes its component's sources or is refused; none is a no-op.
//!
//! **Invariant:** a refused overlay leaves no half-made change: the caller drops the sources it was given.

pub mod archive;
pub mod fixture;

mod azldev_glob;
mod canonical;
mod defect;
mod dialect;
mod file_set;
mod kinds;
mod metadata;
mod overlay;
mod pattern;
mod reader;
mod schema;
mod site;
mod sources;
mod values;

pub use file_set::{FileEntry, FileSet, InvalidPath, directory_of, join};
pub use kinds::{Kind, NAMES};
pub use metadata::{Category, Link, Metadata, UpstreamStatus};
pub use overlay::{Applied, Compat, Descriptions, Overlay, Target};
pub use pattern::Pattern;
pub use reader::{Reader, Table, Value};
pub use sources::Sources;
pub use values::{
    Day, DependencyTag, FileGlob, FileName, MacroName, OneLine, RelativeFile, SectionRef, SpecText, TagName,
};
