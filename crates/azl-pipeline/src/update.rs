//! `update`: the only verb that follows a moving reference; what it finds is written down as a lock.

mod component;
mod seed;

pub use component::{ComponentUpdate, ComponentsReport, Movement, UpdateOptions, Updating, components};
pub use seed::{SeedReport, seed, seed_file, seed_lock_file};
