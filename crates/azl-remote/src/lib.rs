//! Other machines: actions done by, and results shared through, any server of the Remote Execution API v2.
//!
//! | module | is |
//! |---|---|
//! | [`endpoint`] | the address, as people write it |
//! | [`server`] | a connection: calls that are retried, limited and interrupted; what the server can do |
//! | `blobs` | content, there and back, checked |
//! | `merkle` | the input tree and the output tree, as values |
//! | `execution` | one action queued, watched and waited for |
//! | [`executor`] | the executor port: an [errand](azl_action::errand) per run |
//! | [`cache`] | the shared cache port: results with a proof of who made them |
//!
//! Sockets are the transport library's, not `azl-host`'s: it has no blocking form.
//!
//! Not here: the program on the worker (`azl-agent`), keys, and what an action is.
//!
//! **Invariant:** no byte that comes from a server is used before its size and SHA-256 are those asked for; no result of
//! a shared cache is used without a proof by a trusted key.

mod blobs;
pub mod cache;
pub mod endpoint;
mod error;
mod execution;
pub mod executor;
mod merkle;
pub mod server;

#[cfg(test)]
mod fake;

pub use cache::{ReapiCache, Seal};
pub use endpoint::{Address, ParseAddressError};
pub use executor::ReapiExecutor;
pub use server::{Need, Patience, Server};

use bazel_remote_apis::build::bazel::remote::execution::v2 as api;
