//! What happens during a run, as values. People and machines get the same events; `xtask` shows them.

use azl_action::Usage;
use serde::Serialize;

/// Version of the event schema; raised when a field changes its meaning.
pub const SCHEMA: u32 = 1;

/// One thing that happened.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A stage of a verb began.
    Stage {
        /// Its name, e.g. `facts`.
        name: String,
        /// How many nodes its graph has.
        nodes: usize,
    },
    /// A node's action began.
    Started {
        /// The node.
        node: String,
        /// The kind of work.
        kind: String,
    },
    /// A node is done.
    Finished {
        /// The node.
        node: String,
        /// Whether its result was known already.
        cached: bool,
        /// How long it took just now.
        millis: u64,
        /// What else it took.
        usage: Usage,
    },
    /// A node waits, because another run does its action.
    Waiting {
        /// The node.
        node: String,
        /// What the other run says of itself, e.g. `process 42: rpm:bash`.
        holder: String,
    },
    /// A node is tried again, because something round its action failed.
    Retried {
        /// The node.
        node: String,
        /// Which try this was, from 1.
        attempt: u32,
        /// What failed.
        message: String,
    },
    /// A node cannot be done because of another.
    Lost {
        /// The node.
        node: String,
        /// The node that failed.
        because: String,
    },
    /// A node failed.
    Failed {
        /// The node.
        node: String,
        /// What failed.
        message: String,
        /// The whole log, if there is one.
        log: Option<String>,
    },
    /// Something a person should know.
    Note {
        /// The text.
        message: String,
    },
    /// Where the time of a run went.
    Summary {
        /// Actions done.
        performed: usize,
        /// Results that were known already.
        cached: usize,
        /// Seconds of wall time.
        seconds: f64,
        /// Seconds of work by stage, for the actions done now.
        stages: Vec<StageTime>,
    },
}

/// The work of one stage.
#[derive(Debug, Clone, Serialize)]
pub struct StageTime {
    /// The stage, e.g. `rpm`.
    pub stage: String,
    /// Actions done.
    pub actions: usize,
    /// Seconds of work, added up over parallel actions.
    pub seconds: f64,
}

/// Receives events as they happen, from several threads.
pub trait Reporter: Send + Sync {
    /// Takes note of an event.
    fn report(&self, event: &Event);
}

/// Keeps nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn report(&self, _event: &Event) {}
}
