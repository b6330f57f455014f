//! The application: one file per verb, and the loop that realises graphs.
//!
//! A verb reads the checkout, lets the core compute a plan, realises it through the adapters and writes the
//! result. Reading order: [`checkout`], [`inputs`], [`facts`], [`realise`], [`release`].
//!
//! Not here: parsing arguments and printing (`xtask`), and anything that could be computed without effects.
//!
//! **Invariant:** only [`mod@release`], [`render`], [`overlay`] and [`update`] write outside the store.

pub mod acceptance;
pub mod bench;
pub mod build;
pub mod changed;
pub mod check;
pub mod checkout;
pub mod compute;
pub mod config;
pub mod definition;
pub mod deltas;
pub mod dist_git;
pub mod doctor;
pub mod effective;
pub mod error;
pub mod events;
pub mod explain;
pub mod facts;
pub mod farm;
pub mod graph;
pub mod history;
pub mod image;
pub mod inputs;
pub mod list;
pub mod manifest;
pub mod origins;
pub mod overlay;
pub mod ports;
pub mod realise;
pub mod release;
pub mod remote;
pub mod render;
pub mod repository;
pub mod same;
pub mod session;
pub mod spec;
pub mod tree;
pub mod update;
pub mod verify;
