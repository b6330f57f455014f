//! The sandbox for real. Without bubblewrap or user namespaces each test prints why it did not run.

mod contract;
mod fixture;
mod isolation;
mod limits;
mod process;
