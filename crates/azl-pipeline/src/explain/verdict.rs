//! Whether a node would be done, and why.

use std::fmt;

use azl_action::NodeId;
use azl_digest::Digest;
use serde::Serialize;

use super::Difference;
use crate::events::{Event, Stamped};
use crate::forecast::{Forecast, Prospect};
use crate::history::History;
use crate::runs::Run;

/// What would happen to a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub enum Verdict {
    /// Its result is known.
    Cached {
        /// The run that did it, where one is kept.
        run: Option<String>,
    },
    /// It would be done because its action is another one now; if nothing differs, since there is no result.
    Changed(Difference),
    /// It was never done.
    New,
    /// What it needs would be done first.
    Open {
        /// These.
        needs: Vec<String>,
    },
    /// It cannot be done.
    Impossible {
        /// Why.
        message: String,
    },
    /// It is in no graph of this checkout.
    Absent,
}

/// What there is to say about a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The node.
    pub node: String,
    /// What would happen to it.
    pub verdict: Verdict,
    /// How the last two actions that were begun for it differ; nothing if there was one at most.
    pub last: Option<Difference>,
}

/// Explains a node from what was done before and what would be done now; `runs` are newest last.
pub fn explain(node: &NodeId, history: Option<&History>, forecast: &Forecast<'_>, runs: &[Run]) -> Explanation {
    let givers = forecast.givers();
    let giver = |digest: Digest| givers.get(&digest).map(|(node, name)| format!("{name} of {node}"));
    let verdict = match forecast.get(node) {
        None => Verdict::Absent,
        Some(Prospect::Cached { action, .. }) => Verdict::Cached { run: performed(runs, node, *action) },
        Some(Prospect::Open(needs)) => Verdict::Open { needs: needs.iter().map(ToString::to_string).collect() },
        Some(Prospect::Impossible(message)) => Verdict::Impossible { message: message.clone() },
        Some(Prospect::Due) => match (history, forecast.action(node)) {
            (None, _) => Verdict::New,
            (Some(history), Ok(now)) => Verdict::Changed(Difference::new(&history.current, &now, &giver)),
            (_, Err(error)) => Verdict::Impossible { message: error.to_string() },
        },
    };
    let last = history.and_then(|history| Difference::last(history, &giver));
    Explanation { node: node.to_string(), verdict, last }
}

/// Returns the last run that did this action.
fn performed(runs: &[Run], node: &NodeId, action: Digest) -> Option<String> {
    let action = action.to_string();
    let is_it = |stamped: &Stamped| match &stamped.event {
        Event::Finished { node: done, cached: false, action: of, .. } => *done == node.0 && *of == action,
        _ => false,
    };
    runs.iter().rev().find(|run| run.events().iter().any(is_it)).map(|run| run.record.id.clone())
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node = &self.node;
        match &self.verdict {
            Verdict::Cached { run: Some(run) } => writeln!(f, "{node} is cached since run {run}")?,
            Verdict::Cached { run: None } => writeln!(f, "{node} is cached; no run that did it is kept")?,
            Verdict::Changed(difference) if difference.is_empty() => {
                writeln!(f, "{node} would be done because its last try failed, or its result is gone")?;
            }
            Verdict::Changed(difference) => {
                write!(f, "{node} would be done because of what changed since:\n{difference}")?
            }
            Verdict::New => writeln!(f, "{node} would be done because it never was with this store")?,
            Verdict::Open { needs } => {
                let needs = needs.join(", ");
                writeln!(f, "{node} would be done if one of these gives something else than before: {needs}")?;
            }
            Verdict::Impossible { message } => writeln!(f, "{node} cannot be done: {message}")?,
            Verdict::Absent => writeln!(f, "{node} is not in the graph of the release")?,
        }
        match &self.last {
            Some(last) if !last.is_empty() => write!(f, "\nthe last two times it was begun, this differed:\n{last}"),
            _ => Ok(()),
        }
    }
}
