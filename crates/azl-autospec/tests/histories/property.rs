//! What holds for a spec that nobody wrote; also the body of a fuzz target.

use std::collections::BTreeMap;
use std::sync::Arc;

use azl_autospec::{Commit, History, Macros, Tool, process, read_version};
use azl_spec::Spec;

/// Evaluates and processes the bytes as the newest spec of a history: there is a result or a reason, and processing the
/// result gives the result.
///
/// # Panics
/// If a property does not hold.
pub(crate) fn holds(bytes: &[u8]) {
    let macros = Macros::new().with("a", "%{b}%{b}").with("b", "%{c}%{a}").with("dist", ".azl4");
    let _ = read_version(&Spec::parse(bytes), &macros);
    let commit = |day: i64, spec: &[u8]| Commit {
        id: format!("day {day}"),
        author: "Jane Doe".into(),
        email: "jane@example.org".into(),
        time: 1_767_225_600 + day * 86_400,
        message: "A change".into(),
        spec: Some(Arc::from(spec)),
        changelog: None,
    };
    let Ok(history) = History::new(vec![commit(1, bytes), commit(0, b"Name: x\nVersion: 1\n")]) else { return };
    let tool = Tool { version: "1".into(), macros, versions: BTreeMap::new() };
    let run = |spec: &[u8]| process(&Spec::parse(spec), "x.spec", &history, &tool);
    let (out, found) = run(bytes);
    assert!(out.is_some() || !found.is_empty(), "neither a result nor a reason");
    if let Some(out) = out {
        assert_eq!(run(&out).0.as_ref(), Some(&out), "processing twice is not processing once");
    }
}
