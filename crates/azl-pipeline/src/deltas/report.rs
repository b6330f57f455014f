//! The deviations as values, and as text.

use std::collections::BTreeMap;
use std::fmt;

use azl_diagnostics::Span;
use azl_overlay::{Category, UpstreamStatus};
use serde::Serialize;

use super::trial::State;
use crate::repository::Authorship;

/// One deviation from upstream.
#[derive(Debug, Clone, Serialize)]
pub struct Delta {
    /// Overlay type, or another way to differ: `local-spec`, `check-skip`, `build-option`, `source-file`,
    /// `manual-release`.
    pub kind: &'static str,
    /// Why, in its author's words; empty if nobody said.
    pub reason: String,
    /// What kind of change it is, where metadata says.
    pub category: Option<Category>,
    /// What became of it upstream, where metadata says.
    pub upstream_status: Option<UpstreamStatus>,
    /// Commits and bugs it is about.
    pub links: Vec<String>,
    /// Where it is written.
    pub span: Option<Span>,
    /// Line of that place, from 1.
    pub line: Option<usize>,
    /// Who wrote it and since when it is carried, where git knows.
    pub authorship: Option<Authorship>,
    /// Whether it does something on the packaging that is rendered.
    pub state: State,
    /// The same on newer packaging, if there is some.
    pub newer: Option<State>,
}

impl Delta {
    pub(super) fn new(kind: &'static str, reason: String, span: Option<Span>) -> Self {
        Self {
            kind,
            reason,
            category: None,
            upstream_status: None,
            links: Vec::new(),
            span,
            line: None,
            authorship: None,
            state: State::Applies,
            newer: None,
        }
    }

    /// Returns `file:line` of the place it is written at.
    pub fn place(&self) -> String {
        match (&self.span, self.line) {
            (Some(span), Some(line)) => format!("{}:{line}", span.file),
            (Some(span), None) => span.file.clone(),
            (None, _) => String::new(),
        }
    }
}

/// The deviations of one component.
#[derive(Debug, Clone, Serialize)]
pub struct ComponentDeltas {
    /// Name.
    pub component: String,
    /// Groups it is in, which may be where a deviation comes from.
    pub groups: Vec<String>,
    /// Newer upstream commit that its overlays were tried on.
    pub newer: Option<String>,
    /// The deviations.
    pub deltas: Vec<Delta>,
}

/// What the deviations add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Components in all.
    pub components: usize,
    /// Components that differ from upstream.
    pub deviating: usize,
    /// Deviations.
    pub deltas: usize,
    /// Deviations nobody gave a reason for.
    pub without_reason: usize,
    /// Deviations that change nothing any more.
    pub no_ops: usize,
    /// Deviations that do not apply.
    pub failing: usize,
    /// Deviations by kind.
    pub by_kind: BTreeMap<&'static str, usize>,
    /// Deviations by category, where metadata says.
    pub by_category: BTreeMap<String, usize>,
}

impl Totals {
    pub(super) fn of(components: usize, listed: &[ComponentDeltas]) -> Self {
        let mut totals = Self { components, ..Self::default() };
        totals.deviating = listed.iter().filter(|component| !component.deltas.is_empty()).count();
        for delta in listed.iter().flat_map(|component| &component.deltas) {
            totals.deltas += 1;
            totals.without_reason += usize::from(delta.reason.trim().is_empty());
            totals.no_ops += usize::from(matches!(delta.state, State::NoOp(_)));
            totals.failing += usize::from(matches!(delta.state, State::Fails(_)));
            *totals.by_kind.entry(delta.kind).or_default() += 1;
            if let Some(category) = delta.category {
                *totals.by_category.entry(word(&category)).or_default() += 1;
            }
        }
        totals
    }
}

/// Returns a value's name in the TOML format.
pub(super) fn word<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Everything that differs.
#[derive(Debug, Clone, Serialize)]
pub struct DeltaReport {
    /// Components that differ, in the order of their names.
    pub components: Vec<ComponentDeltas>,
    /// What they add up to.
    pub totals: Totals,
    /// What they added up to at the commit asked for.
    pub before: Option<Totals>,
}

impl DeltaReport {
    /// Returns how the number of deviations moved, if there is something to compare with.
    pub(super) fn growth(&self) -> Option<String> {
        let before = self.before.as_ref()?;
        let signed = |now: usize, then: usize| format!("{:+}", now as i64 - then as i64);
        let (now, kinds) = (&self.totals, self.kinds_moved(before));
        let deltas = signed(now.deltas, before.deltas);
        let components = signed(now.deviating, before.deviating);
        Some(format!("{deltas} deviations, {components} deviating components{kinds}"))
    }

    fn kinds_moved(&self, before: &Totals) -> String {
        let kinds: std::collections::BTreeSet<_> = self.totals.by_kind.keys().chain(before.by_kind.keys()).collect();
        let count = |totals: &Totals, kind: &str| totals.by_kind.get(kind).copied().unwrap_or(0) as i64;
        let moved = kinds.into_iter().map(|kind| (kind, count(&self.totals, kind) - count(before, kind)));
        moved.filter(|(_, by)| *by != 0).map(|(kind, by)| format!(", {kind} {by:+}")).collect()
    }
}

impl fmt::Display for DeltaReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for component in &self.components {
            let newer = component.newer.as_deref().map(|commit| format!("  (newer upstream: {commit})"));
            writeln!(f, "{}{}", component.component, newer.unwrap_or_default())?;
            for delta in &component.deltas {
                write_delta(f, delta)?;
            }
        }
        let totals = &self.totals;
        writeln!(f, "{} of {} components differ from upstream", totals.deviating, totals.components)?;
        let (count, silent, no_ops) = (totals.deltas, totals.without_reason, totals.no_ops);
        writeln!(f, "{count} deviations: {silent} without a reason, {no_ops} no-ops, {} failing", totals.failing)?;
        for (kind, count) in &totals.by_kind {
            writeln!(f, "  {kind:<24} {count:>5}")?;
        }
        self.growth().map_or(Ok(()), |growth| writeln!(f, "since then: {growth}"))
    }
}

fn write_delta(f: &mut fmt::Formatter<'_>, delta: &Delta) -> fmt::Result {
    let reason = if delta.reason.is_empty() { "(no reason given)" } else { &delta.reason };
    write!(f, "  {:<24} {}", delta.kind, reason.lines().next().unwrap_or_default())?;
    if delta.state != State::Applies {
        write!(f, " [{}]", delta.state.label())?;
    }
    if let Some(newer) = &delta.newer {
        write!(f, " [newer upstream: {}]", newer.label())?;
    }
    writeln!(f, "  {}", delta.place())
}
