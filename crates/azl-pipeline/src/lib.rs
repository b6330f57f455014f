//! The application: one file per verb, and the loop that realises graphs.
//!
//! A verb reads the checkout, lets the core compute a plan, realises it through the adapters and writes the
//! result. Reading order: [`checkout`], [`inputs`], [`facts`], [`realise`], [`release`].
//!
//! Not here: parsing arguments and printing (`xtask`), and anything that could be computed without effects.
//!
//! **Invariant:** only [`mod@release`], [`render`], [`overlay`], [`mod@reproduce`] and [`update`] write outside the store.

pub mod acceptance;
pub mod bench;
pub mod build;
pub mod buildinfo;
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
pub mod estimate;
pub mod events;
pub mod explain;
pub mod facts;
pub mod farm;
pub mod forecast;
pub mod gc;
pub mod graph;
pub mod history;
mod html;
pub mod image;
pub mod inputs;
pub mod list;
pub mod manifest;
pub mod origins;
pub mod overlay;
pub mod ports;
pub mod progress;
pub mod realise;
pub mod release;
pub mod remote;
pub mod render;
pub mod report;
pub mod repository;
pub mod reproduce;
pub mod runs;
pub mod same;
pub mod session;
pub mod shell;
pub mod spec;
pub mod times;
pub mod tree;
pub mod update;
pub mod verify;
pub mod why;
