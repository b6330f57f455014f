//! Release numbers and changelogs from history, as rpmautospec 0.8 makes them, and the same two for specs that do
//! without it.
//!
//! [`process`] gives a spec the frozen `%autorelease` block and the expanded `%autochangelog`. [`static_release`] and
//! [`add_entry`] serve specs with a plain `Release` and a written `%changelog`.
//!
//! The history is a line of commits: who reads git follows first parents. A merge is then one commit like any other;
//! rpmautospec's rules for histories with branches never apply.
//!
//! Not here: git, the clock, and rpm. What a spec's version is, [`read_version`] finds with a macro expander that
//! knows its limits: what needs Lua, a shell or a macro of the distribution stays symbolic. Two symbolic versions are
//! the same if their text is the same after everything known was expanded.
//!
//! **Invariant:** output is a function of the spec, the history and the macros given; nothing else is read.
//!
//! **Invariant:** [`process`] of its own output, with the same history, is that output.

mod block;
mod call;
mod changelog;
mod check;
mod commit;
mod condition;
mod entry;
mod expand;
mod features;
mod flags;
mod functions;
mod macros;
mod magic;
mod message;
mod process;
mod reach;
mod release;
mod static_release;
mod version;
mod wrap;

pub use check::check_changelog;
pub use commit::{Commit, EmptyHistory, History};
pub use entry::{Entry, add_entry};
pub use flags::{Flags, Prerelease};
pub use macros::Macros;
pub use process::{Tool, process};
pub use release::{Release, releases};
pub use static_release::static_release;
pub use version::{EpochVersion, Reading, Unreadable, read_version};
