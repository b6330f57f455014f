//! An errand: one [`Run`](crate::Run) carried to a worker of a build farm, and what comes back, as files by name.
//!
//! ```text
//! there:  agent  action.json  blobs/<sha256>…
//! back:   out/…  log  usage.json  status.json
//! ```
//!
//! Not here: how files travel, and what the worker does with them.
//!
//! **Invariant:** the exit code of the worker's program is zero exactly if the status is [`Status::Done`], so that no
//! server keeps a failure as a result.

use serde::{Deserialize, Serialize};

use crate::ports::PortError;

/// The program that a worker runs.
pub const PROGRAM: &str = "agent";
/// The action, as JSON of a run whose inputs are blobs.
pub const ACTION: &str = "action.json";
/// The directory of the blobs it names.
pub const BLOBS: &str = "blobs";
/// The directory of the outputs.
pub const OUT: &str = "out";
/// What the action printed.
pub const LOG: &str = "log";
/// What it took, as JSON of [`Usage`](crate::Usage).
pub const USAGE: &str = "usage.json";
/// How it went, as JSON of [`Status`].
pub const STATUS: &str = "status.json";

/// How an errand went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "status", content = "message")]
pub enum Status {
    /// Done; the outputs are there.
    Done,
    /// The work itself failed.
    Failed(String),
    /// An input is wrong.
    Input(String),
    /// Something round the work failed on the worker; another one may do it.
    Worker(String),
}

impl Status {
    /// Returns the exit code that says the same.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed(_) => 1,
            Self::Input(_) => 2,
            Self::Worker(_) => 3,
        }
    }
}

impl From<PortError> for Status {
    fn from(error: PortError) -> Self {
        match error {
            PortError::Work { message, .. } => Self::Failed(message),
            PortError::Input(message) => Self::Input(message),
            other => Self::Worker(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_done_exits_with_zero() {
        let statuses = [
            Status::Done,
            Status::from(PortError::Work { message: "m".to_owned(), log: None }),
            Status::from(PortError::Input("m".to_owned())),
            Status::from(PortError::Infrastructure("m".to_owned())),
        ];
        let codes: Vec<u8> = statuses.iter().map(Status::exit_code).collect();
        assert_eq!(codes, [0, 1, 2, 3]);
        for status in statuses {
            let json = serde_json::to_string(&status).expect("JSON");
            assert_eq!(serde_json::from_str::<Status>(&json).expect("a status"), status);
        }
    }
}
