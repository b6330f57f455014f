//! The only door to the operating system: processes, files, clock, environment, network, terminal.
//!
//! Every function names the path or command it failed on. Other crates are kept from the standard
//! library's own doors by `clippy.toml`.
//!
//! Not here: any knowledge of packages, stores or images.
//!
//! **Invariant:** a spawned process sees no environment variable that its caller did not set.

#![expect(clippy::disallowed_methods, reason = "this crate is the door the other crates are sent to")]

pub mod cgroup;
pub mod clock;
pub mod dialogue;
pub mod environment;
#[cfg(feature = "faults")]
pub mod faults;
#[cfg(not(feature = "faults"))]
mod faults;
pub mod fifo;
pub mod files;
pub mod http;
pub mod interrupt;
pub mod left;
pub mod lock;
pub mod process;
pub mod socket;
pub mod terminal;

pub use dialogue::Dialogue;
pub use fifo::Fifo;
pub use files::FileError;
pub use left::Left;
pub use process::{Cmd, CmdError};
