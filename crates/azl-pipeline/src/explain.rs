//! `explain`: what changed about a node's action since it was done, and whether it would be done again.
//!
//! Not here: where a component's values are written (`effective`).
//!
//! **Invariant:** two actions that differ have at least one change; two that are equal have none.

mod packages;
#[cfg(test)]
mod tests;
mod verdict;

use std::collections::BTreeMap;
use std::fmt;

use azl_action::Action;
use azl_digest::Digest;
use serde::Serialize;
use serde_json::Value;

use crate::history::History;
pub use packages::{How, PackageChange};
pub use verdict::{Explanation, Verdict, explain};

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Path of the field, e.g. `run.inputs.files.bash.spec`.
    pub field: String,
    /// Value before, if the field was there.
    pub before: Option<String>,
    /// Value now, if the field is there.
    pub now: Option<String>,
    /// What is there now, where it is known whose output it is, e.g. `bash-5.3.tar.gz of source:bash/bash-5.3.tar.gz`.
    pub given: Option<String>,
}

/// How two actions of one node differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Fields that differ, but for packages.
    pub changes: Vec<Change>,
    /// Packages that differ, of the root and of the inputs.
    pub packages: Vec<PackageChange>,
}

impl Difference {
    /// Compares two actions; `giver` says whose output a digest is.
    pub fn new(before: &Action, now: &Action, giver: &dyn Fn(Digest) -> Option<String>) -> Self {
        let mut changes = Vec::new();
        compare("", &value(before), &value(now), &mut changes);
        for change in &mut changes {
            let digest = change.now.as_deref().and_then(|text| text.trim_matches('"').parse().ok());
            change.given = digest.and_then(giver);
        }
        Self { changes, packages: packages::compare(before, now) }
    }

    /// Compares the last two actions of a node; nothing if there was only one.
    pub fn last(history: &History, giver: &dyn Fn(Digest) -> Option<String>) -> Option<Self> {
        let previous = history.previous.as_ref()?;
        Some(Self::new(previous, &history.current, giver))
    }

    /// Returns whether the actions are the same.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.packages.is_empty()
    }
}

/// Returns the fields, but for packages, in which the last two actions of a node differ; none if there was only one.
pub fn changes(history: &History) -> Vec<Change> {
    Difference::last(history, &|_| None).map(|difference| difference.changes).unwrap_or_default()
}

/// The action as JSON, without its packages, which are compared by name.
fn value(action: &Action) -> Value {
    serde_json::to_value(action).map(by_name).unwrap_or(Value::Null)
}

/// Makes lists of named blobs into objects, so that one changed file is one change.
fn by_name(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let blobs: Option<BTreeMap<String, Value>> = items.iter().map(blob).collect();
            match blobs {
                Some(blobs) => {
                    Value::Object(blobs.into_iter().filter(|(name, _)| !packages::is_package(name)).collect())
                }
                None => Value::Array(items),
            }
        }
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, field)| (name, by_name(field))).collect())
        }
        other => other,
    }
}

fn blob(item: &Value) -> Option<(String, Value)> {
    Some((item.get("name")?.as_str()?.to_owned(), item.get("digest")?.clone()))
}

fn compare(path: &str, before: &Value, now: &Value, changes: &mut Vec<Change>) {
    if before == now {
        return;
    }
    let empty = serde_json::Map::new();
    let (old, new) = match (before, now) {
        (Value::Object(old), Value::Object(new)) => (old, new),
        // A list that was empty, or absent, is compared as a list of names with none.
        (Value::Object(old), Value::Array(list)) if list.is_empty() => (old, &empty),
        (Value::Array(list), Value::Object(new)) if list.is_empty() => (&empty, new),
        (before, now) => {
            let text = |value: &Value| (!value.is_null()).then(|| value.to_string());
            changes.push(Change { field: path.to_owned(), before: text(before), now: text(now), given: None });
            return;
        }
    };
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let missing = Value::Null;
        compare(&below, old.get(name).unwrap_or(&missing), new.get(name).unwrap_or(&missing), changes);
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Change { field, before, now, given } in &self.changes {
            let before = before.as_deref().unwrap_or("absent");
            let now = now.as_deref().unwrap_or("absent");
            let given = given.as_ref().map(|given| format!(" ({given})")).unwrap_or_default();
            writeln!(f, "{field}\n  before: {before}\n  now:    {now}{given}")?;
        }
        if !self.packages.is_empty() {
            writeln!(f, "packages")?;
        }
        self.packages.iter().try_for_each(|change| writeln!(f, "  {change}"))
    }
}
