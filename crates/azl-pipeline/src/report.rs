//! The report of a run: where its time went and what became of it, as one HTML page without scripts or other files.
//!
//! Not here: what happened (`events`), and where the page is kept (`runs`).
//!
//! **Invariant:** a page is a function of the run's record, its events and what [`Extras`] says; every name and message
//! in it is escaped.

mod page;
mod tables;
#[cfg(test)]
mod tests;
mod timeline;

use std::collections::BTreeMap;
use std::path::Path;

use azl_action::Usage;
use azl_action::ports::ActionCache;
use azl_digest::Digest;
use azl_host::{FileError, files, process};
use azl_store::LocalStore;

use crate::events::{Event, Stamped};
use crate::runs::{Record, Run};

pub use page::page;

/// What a report tells that is not in the events.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// Bytes of the outputs of nodes done in the run.
    pub sizes: BTreeMap<String, u64>,
    /// Last lines of the logs of nodes that failed.
    pub tails: BTreeMap<String, String>,
}

impl Extras {
    /// Looks into the store and the run's directory.
    pub fn gather(run: &Run, events: &[Stamped], store: &LocalStore) -> Self {
        let mut extras = Self::default();
        for Stamped { event, .. } in events {
            match event {
                Event::Finished { node, cached: false, action, .. } => {
                    let result = action.parse::<Digest>().ok().and_then(|action| store.get(action));
                    let sizes = result.iter().flat_map(|result| result.outputs.values());
                    extras.sizes.insert(node.clone(), sizes.filter_map(|output| store.size(*output)).sum());
                }
                Event::Failed { node, .. } => {
                    let tail = run.log(node).map(|log| process::tail_of(&log));
                    extras.tails.extend(tail.filter(|tail| !tail.is_empty()).map(|tail| (node.clone(), tail)));
                }
                _ => {}
            }
        }
        extras
    }
}

/// Writes the report of a run.
///
/// # Errors
/// If it cannot be written.
pub fn write(run: &Run, events: &[Stamped], store: &LocalStore, path: &Path) -> Result<(), FileError> {
    let page = page(&run.record, events, &Extras::gather(run, events, store));
    files::write_atomic(path, page.as_bytes())
}

/// One action of the run, from its beginning to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bar {
    node: String,
    /// Milliseconds since the run began.
    begin: u64,
    end: u64,
    expected: u64,
    usage: Usage,
    ended: Ended,
    /// Row of the timeline, from 0.
    slot: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Done,
    Failed,
    Unfinished,
}

impl Bar {
    fn millis(&self) -> u64 {
        self.end.saturating_sub(self.begin)
    }

    fn stage(&self) -> &str {
        self.node.split(':').next().unwrap_or(&self.node)
    }
}

/// Returns the actions done in the run in the order of their beginnings, each in the first row that is free.
fn bars(record: &Record, events: &[Stamped]) -> Vec<Bar> {
    let mut open: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let mut bars = Vec::new();
    let mut close = |node: &str, (begin, expected): (u64, u64), end: u64, usage: Usage, ended: Ended| {
        bars.push(Bar { node: node.to_owned(), begin, end, expected, usage, ended, slot: 0 });
    };
    for Stamped { at, event, .. } in events {
        match event {
            Event::Started { node, expected_millis, .. } => {
                open.insert(node, (*at, *expected_millis));
            }
            Event::Finished { node, usage, .. } => {
                if let Some(begun) = open.remove(node.as_str()) {
                    close(node, begun, *at, *usage, Ended::Done);
                }
            }
            Event::Failed { node, .. } => {
                if let Some(begun) = open.remove(node.as_str()) {
                    close(node, begun, *at, Usage::default(), Ended::Failed);
                }
            }
            _ => {}
        }
    }
    let end = events.last().map_or(0, |stamped| stamped.at).max(record.millis);
    for (node, begun) in open {
        close(node, begun, end, Usage::default(), Ended::Unfinished);
    }
    bars.sort_by(|one, other| (one.begin, &one.node).cmp(&(other.begin, &other.node)));
    let mut free: Vec<u64> = Vec::new();
    for bar in &mut bars {
        bar.slot = free.iter().position(|end| *end <= bar.begin).unwrap_or(free.len());
        match free.get_mut(bar.slot) {
            Some(end) => *end = bar.end,
            None => free.push(bar.end),
        }
    }
    bars
}

/// Returns the nodes whose actions had to be done one after another and took longest, graph after graph.
fn critical(events: &[Stamped]) -> Vec<&str> {
    let mut path = Vec::new();
    for graph in events.split(|stamped| matches!(stamped.event, Event::Expected { .. })) {
        let ended: BTreeMap<&str, (u64, Option<&str>)> = graph
            .iter()
            .filter_map(|stamped| match &stamped.event {
                Event::Finished { node, chain_millis, via, .. } => {
                    Some((node.as_str(), (*chain_millis, via.as_deref())))
                }
                _ => None,
            })
            .collect();
        let last = ended.iter().filter(|(_, (millis, _))| *millis > 0).max_by_key(|(_, (millis, _))| *millis);
        let step = |node: &&str| ended.get(node).and_then(|(_, via)| *via);
        let mut chain: Vec<&str> = std::iter::successors(last.map(|(node, _)| *node), step).take(ended.len()).collect();
        chain.reverse();
        path.extend(chain);
    }
    path
}
