//! Garbage collection: what the last runs need is kept; of the rest, what was used least recently goes until the store
//! is as small as it should be.
//!
//! First what there is ([`inventory`]), then which of it goes ([`choose`], pure), then it is removed, here.
//!
//! Not here: when to collect.
//!
//! **Invariant:** nothing is removed while a run lives.
//! **Invariant:** killed at any instant, a store is left in which everything that is there is whole: what consists of
//! several files loses its name, or its listing, before it loses a file.

mod choose;
mod inventory;

use std::collections::BTreeMap;
use std::path::Path;

use azl_action::ports::PortError;
use azl_host::{FileError, files};

use crate::LocalStore;

pub use inventory::{Item, Kind};

/// What to keep.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// What so many of the last runs need is kept whatever its size.
    pub runs: usize,
    /// Bytes that the rest may take together with it.
    pub size: u64,
}

/// Things of one kind: how many, and how many bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many.
    pub count: usize,
    /// Bytes.
    pub bytes: u64,
}

/// What stays and what goes.
#[derive(Debug, Clone, Default)]
pub struct Collection {
    /// What stays, by kind.
    pub kept: BTreeMap<Kind, Amount>,
    /// What goes, by kind.
    pub freed: BTreeMap<Kind, Amount>,
    /// What goes, in the order in which it does.
    victims: Vec<Item>,
}

impl Collection {
    fn new(items: Vec<Item>, size: u64) -> Self {
        let (victims, kept) = choose::choose(items, size);
        Self { kept: amounts(&kept), freed: amounts(&victims), victims }
    }
}

fn amounts(items: &[Item]) -> BTreeMap<Kind, Amount> {
    let mut amounts: BTreeMap<Kind, Amount> = BTreeMap::new();
    for item in items {
        let amount = amounts.entry(item.kind).or_default();
        amount.count += 1;
        amount.bytes += item.bytes;
    }
    amounts
}

impl LocalStore {
    /// Finds what would go; removes nothing.
    ///
    /// # Errors
    /// If the store cannot be read, or it cannot be told what one of the last runs needs.
    pub fn survey(&self, limits: Limits) -> Result<Collection, PortError> {
        Ok(Collection::new(inventory::take(self.root(), limits.runs)?, limits.size))
    }

    /// Removes what goes. The caller holds the store alone, with [`LocalStore::lock`].
    ///
    /// # Errors
    /// If something cannot be removed; what went before is gone, the rest is whole.
    pub fn collect(&self, limits: Limits) -> Result<Collection, PortError> {
        let collection = self.survey(limits)?;
        let failed = |error: FileError| PortError::Infrastructure(error.to_string());
        inventory::remove_litter(self.root()).map_err(failed)?;
        for item in &collection.victims {
            self.remove(item).map_err(failed)?;
        }
        self.index.compact(|action| files::size(self.results.path(action)).is_some()).map_err(failed)?;
        Ok(collection)
    }

    fn remove(&self, item: &Item) -> Result<(), FileError> {
        match item.kind {
            Kind::Result | Kind::Blob | Kind::Log | Kind::Refused => files::remove_file(&item.path),
            Kind::Root => {
                files::remove_file(item.path.with_extension("used"))?;
                self.remove_whole(&item.path)
            }
            Kind::Tree => {
                files::remove_file(item.path.with_extension("json"))?;
                files::remove_dir_all(&item.path)
            }
            Kind::Run => self.remove_whole(&item.path),
        }
    }

    /// Takes a directory's name away, then removes what was in it.
    fn remove_whole(&self, directory: &Path) -> Result<(), FileError> {
        let scratch = self.scratch.path("gone")?;
        files::rename(directory, &scratch)?;
        files::remove_dir_all(&scratch)
    }
}

#[cfg(test)]
mod tests;
