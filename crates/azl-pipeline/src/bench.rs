//! `bench`: what the documents promise, measured. One file per group of claims.
//!
//! Times are of this machine at this moment; nothing here is a test, and no test depends on a time.

mod bare;
pub mod boot;
pub mod build;
pub mod busy;
pub mod kill;
pub mod overlays;
pub mod roots;
pub mod scale;
pub mod thin;
pub mod toy;

pub use overlays::{BenchReport, Removals, overlays};
