//! Overlays: the reasoned deviations of Azure Linux from upstream packaging, in the azldev TOML format.
//!
//! Each kind is one file under `kinds/`: its TOML shape, what it does, its tests. A new kind is a new file and a line
//! in the table of `kinds/mod.rs`.
//!
//! Not here: which component an overlay belongs to, and reading files; everything works on values.
//!
//! **Invariant:** an overlay either changes its component's sources or is refused; none is a no-op.
//!
//! **Invariant:** a refused overlay leaves no half-made change: the caller drops the sources it was given.

mod dialect;
mod file_set;
mod kinds;
mod metadata;
mod overlay;
mod reader;
mod sources;
mod values;

pub use file_set::{FileEntry, FileSet, InvalidPath, directory_of, join};
pub use kinds::{Kind, NAMES};
pub use metadata::{Category, Link, Metadata, UpstreamStatus};
pub use overlay::{Applied, Compat, Descriptions, Overlay};
pub use reader::{Reader, Table, Value};
pub use sources::Sources;
pub use values::{
    Day, DependencyTag, FileGlob, FileName, MacroName, OneLine, Pattern, RelativeFile, SectionRef, SpecText, TagName,
};
