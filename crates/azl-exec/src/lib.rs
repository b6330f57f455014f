//! The executor: composes roots from packages and runs commands in them, hermetically.
//!
//! A root is composed, never installed: each package is unpacked once into the store ([`trees`]), their
//! files are merged by name ([`merge`], pure), and the merged root is a farm of hard links kept by the
//! digest of its layers ([`roots`]). The sandbox ([`backends::bubblewrap`]) sees it read-only.
//!
//! Not here: what is run, or what it costs to have it done elsewhere.
//!
//! What a build must not notice can be varied on purpose ([`conditions`]); what it may use is bounded ([`limits`]).
//!
//! **Invariant:** nothing of the host but the kernel and the number of processors can be seen from inside;
//! a root is never written to after it has its name.

pub mod backends;
pub mod conditions;
mod filter;
mod jobs;
pub mod limits;
pub mod merge;
pub mod roots;
pub mod trees;
mod work;

pub use backends::bubblewrap::{BUILD_PATH, BUILD_USER, Begin, Bubblewrap};
pub use conditions::{Conditions, UMASK};
pub use limits::Limits;
pub use merge::LayerFiles;
pub use roots::Roots;
