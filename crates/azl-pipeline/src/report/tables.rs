//! The tables of a report.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Bar, Ended, Extras, critical};
use crate::events::{Event, Stamped};
use crate::html::escape;
use crate::progress::span;

/// Rows of the tables that end somewhere.
const ROWS: usize = 25;

/// What was done and what was known, by stage.
pub(super) fn stages(bars: &[Bar], events: &[Stamped]) -> String {
    #[derive(Default)]
    struct Row {
        done: usize,
        cached: usize,
        work: u64,
        cpu: u64,
    }
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for bar in bars {
        let row = rows.entry(bar.stage()).or_default();
        row.done += 1;
        row.work += bar.millis();
        row.cpu += bar.usage.cpu_millis;
    }
    for Stamped { event, .. } in events {
        if let Event::Finished { node, cached: true, .. } = event {
            rows.entry(node.split(':').next().unwrap_or(node)).or_default().cached += 1;
        }
    }
    let mut html = head("Stages", &["Stage", "Done", "Known already", "Work", "Processors"]);
    for (stage, row) in rows {
        let numbers = [row.done.to_string(), row.cached.to_string(), span(row.work), measured(row.cpu)];
        line(&mut html, &escape(stage), &numbers);
    }
    html + "</table>\n"
}

fn measured(millis: u64) -> String {
    if millis == 0 { "–".to_owned() } else { span(millis) }
}

/// The longest chain, in order, with what each waited for a free place after the one before.
pub(super) fn critical_path(bars: &[Bar], events: &[Stamped]) -> String {
    let by_node: BTreeMap<&str, &Bar> = bars.iter().map(|bar| (bar.node.as_str(), bar)).collect();
    let path = critical(events).into_iter().filter_map(|node| by_node.get(node)).collect::<Vec<_>>();
    let total: u64 = path.iter().map(|bar| bar.millis()).sum();
    let title = format!("Critical path: {}", span(total));
    let mut html = head(&title, &["Node", "Took", "Began", "Waited for a place"]);
    let mut before = None;
    for bar in path {
        let waited = before.map_or(0, |end| bar.begin.saturating_sub(end));
        before = Some(bar.end);
        line(&mut html, &node(bar), &[span(bar.millis()), span(bar.begin), span(waited)]);
    }
    html + "</table>\n"
}

/// The actions that took longest.
pub(super) fn slowest(bars: &[Bar]) -> String {
    let mut bars: Vec<&Bar> = bars.iter().collect();
    bars.sort_by_key(|bar| std::cmp::Reverse(bar.millis()));
    let mut html = head("Slowest actions", &["Node", "Took", "Expected", "Processors", "Memory"]);
    for bar in bars.into_iter().take(ROWS) {
        let expected = if bar.expected == 0 { "–".to_owned() } else { span(bar.expected) };
        let cells = [span(bar.millis()), expected, measured(bar.usage.cpu_millis), bytes(bar.usage.peak_memory)];
        line(&mut html, &node(bar), &cells);
    }
    html + "</table>\n"
}

/// The nodes that gave most bytes.
pub(super) fn largest(extras: &Extras) -> String {
    let mut sizes: Vec<(&String, &u64)> = extras.sizes.iter().filter(|(_, size)| **size > 0).collect();
    sizes.sort_by_key(|(_, size)| std::cmp::Reverse(**size));
    if sizes.is_empty() {
        return String::new();
    }
    let total: u64 = sizes.iter().map(|(_, size)| **size).sum();
    let mut html = head(&format!("Largest outputs, of {}", bytes(total)), &["Node", "Outputs"]);
    for (node, size) in sizes.into_iter().take(ROWS) {
        line(&mut html, &escape(node), &[bytes(*size)]);
    }
    html + "</table>\n"
}

/// What failed, with the end of its log and what to do next; then what was lost with it, and what was noted.
pub(super) fn failures(events: &[Stamped], extras: &Extras) -> String {
    let mut html = String::new();
    for Stamped { event, .. } in events {
        let Event::Failed { node, message, .. } = event else { continue };
        let _ = writeln!(html, "<h3>{}</h3>\n<pre>{}</pre>", escape(node), escape(message));
        if let Some(tail) = extras.tails.get(node) {
            let _ = writeln!(html, "<p>The end of its log:</p>\n<pre>{}</pre>", escape(tail));
            let log = escape(&crate::runs::log_name(node).replace('%', "%25"));
            let _ = writeln!(html, "<p><a href=\"logs/{log}\">The whole log</a></p>");
        }
        let name = escape(node);
        let _ = writeln!(
            html,
            "<p>Next: <code>cargo xtask log {name}</code>, or <code>cargo xtask explain {name}</code> for what changed.</p>"
        );
    }
    let lost = events.iter().filter_map(|stamped| match &stamped.event {
        Event::Lost { node, because } => Some(format!("{} (because of {})", escape(node), escape(because))),
        _ => None,
    });
    let lost: Vec<String> = lost.collect();
    if !lost.is_empty() {
        let _ = writeln!(html, "<p>Not tried because of it: {}.</p>", lost.join(", "));
    }
    if html.is_empty() { html } else { format!("<h2>Failures</h2>\n{html}") }
}

/// What people should know.
pub(super) fn notes(events: &[Stamped]) -> String {
    let mut html = String::new();
    for Stamped { at, event, .. } in events {
        let text = match event {
            Event::Note { message } => escape(message),
            Event::Waiting { node, holder } => {
                format!("{} was being done by {}, which was waited for", escape(node), escape(holder))
            }
            Event::Retried { node, attempt, message } => {
                format!("{} failed the {attempt}. time and was tried again: {}", escape(node), escape(message))
            }
            _ => continue,
        };
        let _ = writeln!(html, "<li>{}: {text}</li>", span(*at));
    }
    if html.is_empty() { html } else { format!("<h2>Notes</h2>\n<ul>{html}</ul>\n") }
}

fn head(title: &str, columns: &[&str]) -> String {
    let columns: String = columns.iter().map(|column| format!("<th>{column}")).collect();
    format!("<h2>{}</h2>\n<table><tr>{columns}\n", escape(title))
}

fn line(html: &mut String, first: &str, numbers: &[String]) {
    let numbers: String = numbers.iter().map(|number| format!("<td class=\"number\">{number}")).collect();
    let _ = writeln!(html, "<tr><td>{first}{numbers}");
}

fn node(bar: &Bar) -> String {
    let name = escape(&bar.node);
    match bar.ended {
        Ended::Done => name,
        Ended::Failed => format!("<b>{name}</b> (failed)"),
        Ended::Unfinished => format!("{name} (did not end)"),
    }
}

/// Returns bytes as people say them.
fn bytes(bytes: u64) -> String {
    match bytes {
        0 => "–".to_owned(),
        1..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes >> 10),
        1_048_576..10_737_418_240 => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
        _ => format!("{:.1} GiB", bytes as f64 / 1_073_741_824.0),
    }
}
