//! The page itself.

use std::fmt::Write as _;

use super::{Extras, bars, critical, tables, timeline};
use crate::events::Stamped;
use crate::html::escape;
use crate::progress::span;
use crate::runs::{Outcome, Record};

const STYLE: &str = "
:root { color-scheme: light dark; --line: #8884; --bad: #c53030; --good: #2a7d4f; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 80rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; } h3 { font-size: 1rem; color: var(--bad); }
table { border-collapse: collapse; } td, th { text-align: left; padding: .2rem .8rem .2rem 0; border-top: 1px solid var(--line); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.totals { display: flex; gap: 2rem; flex-wrap: wrap; } .totals b { display: block; font-size: 1.6rem; }
.failed-run, .interrupted-run { color: var(--bad); } .succeeded-run { color: var(--good); }
pre { overflow-x: auto; border: 1px solid var(--line); padding: .5rem; font-size: .85em; white-space: pre-wrap; }
svg { width: 100%; height: auto; display: block; } svg text { font: 10px system-ui, sans-serif; fill: currentColor; }
svg text.name { fill: #fff; } .grid { stroke: var(--line); } rect:hover { opacity: .7; }
rect.failed { stroke: var(--bad); stroke-width: 2; } rect.unfinished { opacity: .4; }
.legend span { margin-right: 1rem; } .legend i { display: inline-block; width: .8rem; height: .8rem; margin-right: .3rem; }
polyline.running { fill: #3b82f644; stroke: #3b82f6; } polyline.busy { fill: none; stroke: #dd6b20; }
i.running { background: #3b82f6; } i.busy { background: #dd6b20; } .cores { stroke: currentColor; stroke-dasharray: 4 4; }
";

/// Returns the report as a page that needs no other file.
pub fn page(record: &Record, events: &[Stamped], extras: &Extras) -> String {
    let bars = bars(record, events);
    let millis = bars.iter().map(|bar| bar.end).chain([record.millis]).max().unwrap_or(0);
    let title = format!("{} {}", record.verb, record.outcome.word());
    let mut page = String::from("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n");
    let _ = writeln!(page, "<title>{}</title><style>{STYLE}</style></head><body>", escape(&title));
    let _ = writeln!(
        page,
        "<h1>{} <span class=\"{2}-run\">{2}</span> after {1}</h1>",
        escape(&record.verb),
        span(millis),
        record.outcome.word()
    );
    about(record, &mut page);
    totals(record, events, &bars, millis, &mut page);
    if let (Some(message), Outcome::Failed) = (&record.message, record.outcome) {
        let _ = writeln!(page, "<pre>{}</pre>", escape(message));
    }
    page.push_str(&tables::failures(events, extras));
    if !bars.is_empty() {
        let _ = writeln!(page, "<h2>Timeline</h2>\n{}", timeline::gantt(&bars, millis));
        page.push_str(&timeline::curve(&bars, millis, &record.host));
        page.push_str(&tables::critical_path(&bars, events));
        page.push_str(&tables::slowest(&bars));
    }
    page.push_str(&tables::stages(&bars, events));
    page.push_str(&tables::largest(extras));
    page.push_str(&tables::notes(events));
    page.push_str("</body></html>\n");
    page
}

fn about(record: &Record, page: &mut String) {
    let commit = record.program.commit.as_deref().unwrap_or("unknown");
    let _ = writeln!(
        page,
        "<p><code>cargo xtask {}</code>, begun {}, run <code>{}</code>.<br>\n{} processors, {} actions at a time, {:.1} GiB \
         of memory free; program {}, commit <code>{}</code>.</p>",
        escape(&record.arguments.join(" ")),
        azl_attest::rfc3339(record.began),
        escape(&record.id),
        record.host.cores,
        record.host.jobs,
        record.host.memory as f64 / 1_073_741_824.0,
        escape(&record.program.version),
        escape(commit),
    );
}

fn totals(record: &Record, events: &[Stamped], bars: &[super::Bar], millis: u64, page: &mut String) {
    let counts = &record.counts;
    let nodes = counts.done + counts.cached;
    let cpu: u64 = bars.iter().map(|bar| bar.usage.cpu_millis).sum();
    let path = critical(events);
    let chain: u64 = bars.iter().filter(|bar| path.contains(&bar.node.as_str())).map(super::Bar::millis).sum();
    let mut figures = vec![
        (counts.done.to_string(), "done"),
        (counts.cached.to_string(), "known already"),
        (format!("{} %", (counts.cached * 100).checked_div(nodes).unwrap_or(100)), "of results known"),
        (counts.failed.to_string(), "failed"),
        (span(bars.iter().map(super::Bar::millis).sum()), "of work"),
        (span(chain), "critical path"),
    ];
    if cpu > 0 {
        let capacity = millis.max(1) * record.host.cores.max(1) as u64;
        figures.push((span(cpu), "of processor time"));
        figures.push((format!("{} %", cpu * 100 / capacity), "of the processors used"));
    }
    page.push_str("<div class=\"totals\">");
    for (figure, label) in figures {
        let _ = write!(page, "<div><b>{figure}</b>{label}</div>");
    }
    page.push_str("</div>\n");
}
