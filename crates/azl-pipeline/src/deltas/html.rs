//! The deviations as one HTML page without scripts or other files.

use std::fmt::Write as _;

use super::report::{ComponentDeltas, Delta, DeltaReport, word};
use super::trial::State;
use crate::html::escape;

const STYLE: &str = "
:root { color-scheme: light dark; --line: #8884; --good: #2a7d4f; --dull: #b7791f; --bad: #c53030; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .3rem .6rem; border-top: 1px solid var(--line); }
td.place, td.kind { font-family: ui-monospace, monospace; font-size: .85em; white-space: nowrap; }
.bar { background: #3b82f6; height: .7rem; border-radius: 2px; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.applies { color: var(--good); } .no-op, .unknown { color: var(--dull); } .fails { color: var(--bad); font-weight: 600; }
.totals { display: flex; gap: 2rem; flex-wrap: wrap; } .totals b { display: block; font-size: 1.8rem; }
";

/// Returns the report as a page that needs no other file.
pub fn page(report: &DeltaReport) -> String {
    let mut page = String::from("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n");
    let _ = writeln!(page, "<title>Deviations from upstream</title><style>{STYLE}</style></head><body>");
    page.push_str("<h1>Deviations from upstream</h1>\n");
    totals(report, &mut page);
    bars("By kind", report.totals.by_kind.iter().map(|(kind, count)| (*kind, *count)), &mut page);
    let categories = report.totals.by_category.iter().map(|(category, count)| (category.as_str(), *count));
    bars("By category", categories, &mut page);
    for component in &report.components {
        table(component, &mut page);
    }
    page.push_str("</body></html>\n");
    page
}

fn totals(report: &DeltaReport, page: &mut String) {
    let totals = &report.totals;
    let figures = [
        (totals.deltas, "deviations"),
        (totals.deviating, "components that differ"),
        (totals.components, "components"),
        (totals.without_reason, "without a reason"),
        (totals.no_ops, "no-ops"),
        (totals.failing, "failing"),
    ];
    page.push_str("<div class=\"totals\">");
    for (count, label) in figures {
        let _ = write!(page, "<div><b>{count}</b>{label}</div>");
    }
    page.push_str("</div>\n");
    if let Some(growth) = report.growth() {
        let _ = writeln!(page, "<p>Since then: {}.</p>", escape(&growth));
    }
}

fn bars<'a>(title: &str, counts: impl Iterator<Item = (&'a str, usize)>, page: &mut String) {
    let mut counts: Vec<_> = counts.collect();
    counts.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
    let Some(most) = counts.first().map(|(_, count)| *count) else { return };
    let _ = writeln!(page, "<h2>{title}</h2><table>");
    for (name, count) in counts {
        let width = count * 100 / most.max(1);
        let bar = format!("<div class=\"bar\" style=\"width:{width}%\"></div>");
        let name = escape(name);
        let _ = writeln!(page, "<tr><td class=\"kind\">{name}<td class=\"number\">{count}<td width=\"70%\">{bar}");
    }
    page.push_str("</table>\n");
}

fn table(component: &ComponentDeltas, page: &mut String) {
    let _ = writeln!(page, "<h2 id=\"{0}\">{0}</h2>", escape(&component.component));
    if let Some(commit) = &component.newer {
        let _ = writeln!(page, "<p>Newer upstream: commit <code>{}</code>.</p>", escape(commit));
    }
    page.push_str("<table>");
    page.push_str("<tr><th>Kind<th>Why<th>Upstream<th>Now<th>Newer upstream<th>Since<th>Where\n");
    for delta in &component.deltas {
        row(delta, page);
    }
    page.push_str("</table>\n");
}

fn row(delta: &Delta, page: &mut String) {
    let links = delta.links.iter().map(|link| format!(" <a href=\"{0}\">{0}</a>", escape(link))).collect::<String>();
    let status = delta.upstream_status.map(|status| word(&status)).unwrap_or_default();
    let newer = delta.newer.as_ref().map(state).unwrap_or_default();
    let since = delta.authorship.as_ref().map(|authorship| {
        let author = authorship.author.as_deref().unwrap_or("not committed");
        let date = azl_attest::rfc3339(authorship.time.unsigned_abs());
        format!("{} {}", escape(author), date.split('T').next().unwrap_or_default())
    });
    let _ = writeln!(
        page,
        "<tr><td class=\"kind\">{}<td>{}{links}<td>{status}<td>{}<td>{newer}<td>{}<td class=\"place\">{}",
        delta.kind,
        escape(&delta.reason),
        state(&delta.state),
        since.unwrap_or_default(),
        escape(&delta.place()),
    );
}

fn state(state: &State) -> String {
    let reason = match state {
        State::Applies => "",
        State::NoOp(reason) | State::Fails(reason) | State::Unknown(reason) => reason,
    };
    format!("<span class=\"{0}\" title=\"{1}\">{0}</span>", state.label(), escape(reason))
}
