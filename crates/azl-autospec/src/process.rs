//! A spec with its release frozen and its changelog written, byte for byte as `rpmautospec process-distgit` does it.
//!
//! Line endings become `\n`, as in the tool.

use std::collections::BTreeMap;
use std::sync::Arc;

use azl_diagnostics::{Diagnostic, has_errors};
use azl_spec::Spec;

use crate::block;
use crate::changelog;
use crate::check;
use crate::commit::History;
use crate::features::Features;
use crate::macros::Macros;
use crate::release::releases;

/// What of the surroundings shows in the output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Version of rpmautospec to name in the block, e.g. `0.8.3`.
    pub version: String,
    /// Macros of the distribution.
    pub macros: Macros,
    /// What rpm makes of versions that stay symbolic here: `[epoch:]version` by the text of the symbolic one.
    pub versions: BTreeMap<String, String>,
}

/// Returns the processed spec, or `None` with at least one error.
///
/// `file` is the name for diagnostics. The spec stands for the one of the newest commit. It comes back unchanged if it
/// calls neither `%autorelease` nor `%autochangelog` and has a `%changelog`, or if it defines `%autorelease` itself. A
/// spec that was processed before is processed again.
pub fn process(spec: &Spec, file: &str, history: &History, tool: &Tool) -> (Option<Vec<u8>>, Vec<Diagnostic>) {
    let text = unix_lines(spec.as_bytes());
    let text = block::remove(&text).unwrap_or(text);
    let lines: Vec<_> = text.split_inclusive(|&byte| byte == b'\n').collect();
    let features = Features::find(&lines);
    if features.defines_autorelease || !features.autorelease && !features.needs_changelog() {
        return (Some(spec.as_bytes().to_vec()), Vec::new());
    }
    let history = history.with_newest_spec(Arc::from(&*text));
    let mut releases = releases(&history, &tool.macros);
    releases.iter_mut().for_each(|release| release.evaluate(&tool.versions));
    let diagnostics = check::check_history(spec, file, (&history, &releases), &features);
    if has_errors(&diagnostics) {
        return (None, diagnostics);
    }
    let number = features.autorelease.then_some(releases[0].number);
    let changelog = features.needs_changelog().then_some(());
    let mut out = block::write(&tool.version, number, changelog);
    copy(&lines, &features, &mut out);
    if features.needs_changelog() {
        out.extend_from_slice(block::CHANGELOG_START);
        out.extend(changelog::expand(&history, &releases));
        out.extend_from_slice(block::CHANGELOG_END);
    }
    (Some(out), diagnostics)
}

/// Copies the spec up to its changelog, and sees to it that there is one.
fn copy(lines: &[&[u8]], features: &Features, out: &mut Vec<u8>) {
    let (end, header) = match (features.changelog, features.autochangelog) {
        (Some(changelog), Some(_)) => (changelog + 1, ""),
        (None, Some(autochangelog)) => (autochangelog, "%changelog\n"),
        (Some(_), None) => (lines.len(), ""),
        (None, None) => (lines.len(), "\n%changelog\n"),
    };
    out.extend(lines[..end].concat());
    out.extend_from_slice(header.as_bytes());
}

/// Makes every line ending `\n`.
fn unix_lines(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for (index, &byte) in text.iter().enumerate() {
        match byte {
            b'\r' if text.get(index + 1) == Some(&b'\n') => {}
            b'\r' => out.push(b'\n'),
            _ => out.push(byte),
        }
    }
    out
}
