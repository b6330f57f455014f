//! What happens during a run, as values. People and machines get the same events; `xtask` shows them.
//!
//! The doc comments here are the description of the stream that `--json` prints and a run's `events.jsonl` keeps: one
//! JSON object a line, `schema` and `at` beside the event's own fields, its name under `event`. A reader ignores fields
//! and events it does not know.
//!
//! Not here: where the events go.
//!
//! **Invariant:** the meaning of a field never changes within one [`SCHEMA`].

use azl_action::Usage;
use serde::{Deserialize, Serialize};

/// Version of the event schema; raised when a field changes its meaning.
pub const SCHEMA: u32 = 2;

/// An event as it is written: with the version of its schema and its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stamped {
    /// [`SCHEMA`] of the program that wrote it.
    pub schema: u32,
    /// Milliseconds since the verb began.
    pub at: u64,
    /// The event.
    #[serde(flatten)]
    pub event: Event,
}

impl Stamped {
    /// Stamps an event that happened `at` milliseconds after the verb began.
    pub fn new(at: u64, event: Event) -> Self {
        Self { schema: SCHEMA, at, event }
    }

    /// Returns the event as one line of JSON, with its line feed.
    pub fn line(&self) -> String {
        serde_json::to_string(self).map(|json| json + "\n").unwrap_or_default()
    }
}

/// Reads a stream; lines of other schemas, unknown events and a line cut off in the middle are left out.
pub fn read(stream: &str) -> Vec<Stamped> {
    let events = stream.lines().filter_map(|line| serde_json::from_str::<Stamped>(line).ok());
    events.filter(|stamped| stamped.schema == SCHEMA).collect()
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A stage of a verb began.
    Stage {
        /// Its name, e.g. `facts`.
        name: String,
        /// How many nodes its graph has.
        nodes: usize,
    },
    /// How long the graph of the stage is expected to take if every node of it is done: from what nodes took before,
    /// else from their weights.
    Expected {
        /// How many nodes the graph has.
        nodes: usize,
        /// Milliseconds of work, added up over all nodes.
        work_millis: u64,
        /// Milliseconds along the longest chain of nodes that need each other.
        critical_millis: u64,
    },
    /// A node's action began.
    Started {
        /// The node.
        node: String,
        /// The kind of work.
        kind: String,
        /// Digest of its action.
        action: String,
        /// Milliseconds it is expected to take.
        expected_millis: u64,
        /// Milliseconds expected from its beginning to the end of the graph, along the longest chain.
        path_millis: u64,
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
        /// Digest of its action.
        action: String,
        /// Milliseconds it was expected to take; what is left to do is less by so much now.
        expected_millis: u64,
        /// Milliseconds of the longest chain of nodes that ends with it, as they took in this graph's run.
        chain_millis: u64,
        /// The node before it in that chain, if it needs any.
        via: Option<String>,
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
    /// A node was stopped because somebody asked the run to stop; it did not fail.
    Interrupted {
        /// The node.
        node: String,
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
        /// Milliseconds of the longest chain of actions that had to be done one after another: with any number of
        /// processors it does not get shorter.
        critical_millis: u64,
        /// Milliseconds of processor time of the actions done now; 0 where nobody measured.
        cpu_millis: u64,
        /// Processor time over wall time times processors, from 0 to 1.
        utilisation: f64,
        /// Seconds of work by stage, for the actions done now.
        stages: Vec<StageTime>,
    },
}

/// The work of one stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_read_back_but_for_what_this_program_does_not_know() {
        let note = Stamped::new(7, Event::Note { message: "x\u{1b}[31m".to_owned() });
        let other =
            "{\"schema\":1,\"at\":1,\"event\":\"note\",\"message\":\"old\"}\n{\"schema\":2,\"at\":1,\"event\":\"?\"}\n";
        let stream = format!("{}{other}{{\"schema\":2,\"at\":9,\"ev", note.line());
        assert!(!note.line().contains('\u{1b}'), "{}", note.line());
        assert_eq!(read(&stream), [note]);
    }
}
