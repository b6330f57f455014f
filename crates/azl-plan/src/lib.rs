//! Planning: a resolved distribution plus facts → a graph of derivations. One module per stage.
//!
//! What needs macro expansion (BuildRequires, what a spec provides) is a fact, learnt by running
//! [`query`] nodes and brought back as a value: plan the queries, run them, plan again.
//!
//! Not here: reading anything, doing anything.
//!
//! **Invariant:** the graph is a pure function of [`Inputs`] and [`Facts`]; nothing in it depends on the
//! host, the clock or the order of a directory.

pub mod attest;
pub mod boot;
mod bootstrap;
pub mod build;
pub mod buildinfo;
pub mod builds;
mod capabilities;
pub mod check;
mod clashes;
mod cycles;
mod error;
pub mod facts;
mod files;
mod fitting;
pub mod generated;
pub mod image;
pub mod inputs;
pub mod parse;
pub mod query;
pub mod release;
pub mod repo;
pub mod requires;
pub mod seed;
pub mod sign;
pub mod source;
pub mod synthetic;
#[cfg(test)]
mod toy;

pub use error::PlanError;
pub use facts::{Facts, FactsError, PackageFacts, SpecFacts};
pub use files::{EntryKind, FileEntry};
pub use fitting::unfit;
pub use inputs::{
    Bootstrap, ComponentInput, Conditionals, ImageInput, ImageKind, Inputs, Repacked, SecureBootSigning, SeedSet,
    Signing, Stage2, Tool,
};
pub use release::plan;

/// The component whose macros every other one is built with.
pub const MACROS: &str = "azurelinux-rpm-config";

/// Revision of the sandbox's own contract, a field of every `Run`; raised when the sandbox changes so
/// that it can change results.
pub const SANDBOX_REVISION: u32 = 1;
