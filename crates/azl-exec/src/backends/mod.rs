//! Interchangeable ways to run an action, one file each.

pub mod bubblewrap;
