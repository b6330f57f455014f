//! The Action: a closed description of one piece of work whose inputs are digests.
//!
//! A [`Derivation`] is an action whose inputs may still be another node's output. [`Derivation::lower`]
//! fills the holes when they are known and gives an [`Action`]; its [`Action::digest`] is its cache key.
//! A release is one [`Graph`] of derivations, walked by a [`Schedule`].
//!
//! Not here: doing any of the work. The [`ports`] say what an adapter must offer.
//!
//! **Invariant:** an action's digest covers everything that may change its result, and nothing else
//! (the table in [`action`] says which field is in and why).

pub mod action;
pub mod errand;
pub mod graph;
pub mod input;
pub mod lock;
pub mod memo;
pub mod pool;
pub mod ports;
pub mod schedule;

pub use action::{
    Action, ActionResult, Boot, Compute, Derivation, Fetch, Function, Origin, Run, Sign, SignForm, Usage, Wanted, Work,
};
pub use graph::{Demand, Graph, GraphError, Node, NodeId};
pub use input::{Blob, Hole, Known, LowerError, Select};
pub use lock::{LockedLayer, RootLock};
pub use pool::Pool;
pub use schedule::{Budget, Schedule};
