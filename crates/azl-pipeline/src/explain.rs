//! `explain`: which field of a node's action changed since it was done before.

use azl_action::Action;
use serde_json::Value;

use crate::history::History;

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Path of the field, e.g. `run.inputs.files.bash.spec`.
    pub field: String,
    /// Value before, if the field was there.
    pub before: Option<String>,
    /// Value now, if the field is there.
    pub now: Option<String>,
}

/// Compares the last two actions of a node, field by field; nothing if there was only one.
pub fn changes(history: &History) -> Vec<Change> {
    let Some(previous) = &history.previous else { return Vec::new() };
    let mut changes = Vec::new();
    compare("", &value(previous), &value(&history.current), &mut changes);
    changes
}

fn value(action: &Action) -> Value {
    serde_json::to_value(action).map(by_name).unwrap_or(Value::Null)
}

/// Makes lists of named blobs into objects, so that one changed file is one change.
fn by_name(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let names: Option<Vec<String>> =
                items.iter().map(|item| item.get("name")?.as_str().map(str::to_owned)).collect();
            match names {
                Some(names) if !names.is_empty() => {
                    let digests = items.into_iter().map(|item| item.get("digest").cloned().unwrap_or(Value::Null));
                    Value::Object(names.into_iter().zip(digests).collect())
                }
                _ => Value::Array(items),
            }
        }
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, field)| (name, by_name(field))).collect())
        }
        other => other,
    }
}

fn compare(path: &str, before: &Value, now: &Value, changes: &mut Vec<Change>) {
    if before == now {
        return;
    }
    let (Value::Object(old), Value::Object(new)) = (before, now) else {
        let text = |value: &Value| (!value.is_null()).then(|| value.to_string());
        changes.push(Change { field: path.to_owned(), before: text(before), now: text(now) });
        return;
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use azl_action::{Blob, NodeId, Run, Work};
    use azl_digest::Digest;

    use super::*;

    fn action(spec: &[u8]) -> Action {
        Work::Run(Run {
            arch: azl_rpm::Arch::X86_64,
            command: vec!["rpmbuild".to_owned()],
            env: BTreeMap::new(),
            root: vec![],
            inputs: BTreeMap::from([(
                "files".to_owned(),
                vec![Blob { name: "a.spec".to_owned(), digest: Digest::of(spec) }],
            )]),
            timeout: 1,
            as_root: false,
            sandbox_revision: 1,
        })
    }

    #[test]
    fn names_the_input_that_changed() {
        let node = NodeId("rpm:a".to_owned());
        let history = History { node, current: action(b"2"), previous: Some(action(b"1")) };
        let changes = changes(&history);
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].field, "run.inputs.files.a.spec");
    }
}
