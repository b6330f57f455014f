//! The crate against rpmautospec itself: what the tool wrote for a history, we write.
//!
//! **Invariant:** no test needs the tool, git or rpm; their answers are in the tests.

mod any_input;
mod bad_input;
mod changelogs;
mod property;
mod releases;
mod story;
