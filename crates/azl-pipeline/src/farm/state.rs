//! What a farm consists of, as written down: `farm.json` in its directory.

use std::path::PathBuf;

use azl_host::{Left, files, process};
use serde::{Deserialize, Serialize};

use super::place::Place;
use crate::error::Failure;

/// Which farm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// One process.
    Casd,
    /// A server, a database, workers.
    Buildgrid,
}

/// A farm.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    /// Which kind.
    pub kind: Kind,
    /// What `--executor` and `--cache` are given.
    pub address: String,
    /// Its processes, in the order they were started.
    pub members: Vec<Member>,
}

/// A process of a farm.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// The worker it belongs to.
    pub worker: Option<String>,
    /// Its process id.
    pub process: u32,
    /// When it was started, as the kernel counts.
    pub started: u64,
    /// What it prints.
    pub log: PathBuf,
}

impl State {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, address: String::new(), members: Vec::new() }
    }

    pub(super) fn read(place: &Place) -> Result<Option<Self>, Failure> {
        match files::read(place.state_file()) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| {
                let file = place.state_file();
                Failure::Infrastructure(format!("cannot read `{}`: {error}\n  hint: remove it", file.display()))
            }),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn write(&self, place: &Place) -> Result<(), Failure> {
        let json = serde_json::to_vec_pretty(self).map_err(|error| Failure::Infrastructure(error.to_string()))?;
        Ok(files::write_atomic(place.state_file(), &json)?)
    }

    /// Returns the names of the workers that run.
    pub(super) fn workers(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.members.iter().filter(|member| member.runs()).filter_map(|member| member.worker.clone()).collect();
        names.dedup();
        names
    }
}

impl Member {
    fn left(&self) -> Left {
        Left { process: self.process, started: self.started }
    }

    /// Returns whether it still runs.
    pub fn runs(&self) -> bool {
        self.left().runs()
    }

    /// Kills it and all it started.
    pub(super) fn end(&self) {
        self.left().kill();
    }

    pub(super) fn failed(&self) -> Failure {
        let tail = process::tail_of(&self.log);
        Failure::Infrastructure(format!(
            "`{}` of the farm did not start:\n{tail}\n  log: {}",
            self.name,
            self.log.display()
        ))
    }
}
