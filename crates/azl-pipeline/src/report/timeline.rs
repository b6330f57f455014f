//! The timeline of a run and how busy it kept the machine, as SVG.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Bar, Ended};
use crate::html::escape;
use crate::progress::span;
use crate::runs::Host;

/// Width of the drawing in its own units.
const WIDTH: u64 = 1200;
/// Height of one row.
const ROW: usize = 16;
/// Height of the curve.
const CURVE: f64 = 90.0;
/// Points of the curve.
const BUCKETS: u64 = 200;

/// Returns the colour of each stage, the same for the same set of stages.
pub(super) fn colours(bars: &[Bar]) -> Vec<(&str, String)> {
    let stages: BTreeSet<&str> = bars.iter().map(Bar::stage).collect();
    // Steps of the golden angle keep neighbours apart.
    stages.into_iter().enumerate().map(|(i, stage)| (stage, format!("hsl({} 55% 50%)", 210 + i * 137))).collect()
}

/// Draws the actions: a row for each that ran beside others, time from left to right.
pub(super) fn gantt(bars: &[Bar], millis: u64) -> String {
    let colours = colours(bars);
    let rows = bars.iter().map(|bar| bar.slot + 1).max().unwrap_or(0);
    // What is thinner than a third of a unit cannot be seen, but would make the page of a long run slow.
    let (shown, thin): (Vec<&Bar>, Vec<&Bar>) = bars.iter().partition(|bar| bar.millis() * WIDTH * 3 >= millis);
    let mut svg = String::new();
    let height = rows * ROW + 20;
    let _ = writeln!(svg, "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"timeline\">");
    axis(&mut svg, millis, rows * ROW);
    for bar in shown {
        let colour = colours.iter().find(|(stage, _)| *stage == bar.stage()).map_or("gray", |(_, colour)| colour);
        rectangle(&mut svg, bar, millis, colour);
    }
    svg.push_str("</svg>\n<p class=\"legend\">");
    for (stage, colour) in &colours {
        let _ = write!(svg, "<span><i style=\"background:{colour}\"></i>{}</span> ", escape(stage));
    }
    svg.push_str("</p>\n");
    if !thin.is_empty() {
        let _ = writeln!(svg, "<p>{} actions were too short to be drawn.</p>", thin.len());
    }
    svg
}

fn axis(svg: &mut String, millis: u64, bottom: usize) {
    for tenth in 0..10 {
        let x = WIDTH * tenth / 10;
        let label = span(millis * tenth / 10);
        let _ = writeln!(svg, "<line class=\"grid\" x1=\"{x}\" x2=\"{x}\" y1=\"0\" y2=\"{bottom}\"/>");
        let _ = writeln!(svg, "<text x=\"{}\" y=\"{}\">{label}</text>", x + 2, bottom + 14);
    }
}

fn rectangle(svg: &mut String, bar: &Bar, millis: u64, colour: &str) {
    let unit = WIDTH as f64 / millis.max(1) as f64;
    let (x, width) = (bar.begin as f64 * unit, (bar.millis() as f64 * unit).max(0.5));
    let (y, height) = (bar.slot * ROW + 1, ROW - 2);
    let node = escape(&bar.node);
    let class = match bar.ended {
        Ended::Done => "",
        Ended::Failed => " class=\"failed\"",
        Ended::Unfinished => " class=\"unfinished\"",
    };
    let title = format!("{node}: {} from {}{}", span(bar.millis()), span(bar.begin), usage(bar));
    let _ = writeln!(
        svg,
        "<g><title>{title}</title><rect{class} x=\"{x:.2}\" y=\"{y}\" width=\"{width:.2}\" height=\"{height}\" \
         fill=\"{colour}\"/>"
    );
    // About seven units a character.
    if width > 7.0 * bar.node.chars().count() as f64 {
        let _ = write!(svg, "<text class=\"name\" x=\"{:.2}\" y=\"{}\">{node}</text>", x + 3.0, y + 11);
    }
    svg.push_str("</g>\n");
}

fn usage(bar: &Bar) -> String {
    let mut text = String::new();
    if bar.expected > 0 {
        let _ = write!(text, ", expected {}", span(bar.expected));
    }
    if bar.usage.cpu_millis > 0 {
        let _ = write!(text, ", processors {}", span(bar.usage.cpu_millis));
    }
    if bar.usage.peak_memory > 0 {
        let _ = write!(text, ", memory {} MiB", bar.usage.peak_memory >> 20);
    }
    text
}

/// Draws how many actions ran, and how many processors they kept busy where that was measured, over time.
pub(super) fn curve(bars: &[Bar], millis: u64, host: &Host) -> String {
    let running = buckets(bars, millis, |_| 1.0);
    let busy = buckets(bars, millis, |bar| bar.usage.cpu_millis as f64 / bar.millis().max(1) as f64);
    let top = running.iter().chain(&busy).fold(host.cores as f64, |top, value| top.max(*value)).max(1.0);
    let y = |value: f64| CURVE - value / top * CURVE;
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {CURVE}\" role=\"img\" aria-label=\"utilisation\">\n");
    for (class, values) in [("running", &running), ("busy", &busy)] {
        let step = WIDTH as f64 / BUCKETS as f64;
        let points = values.iter().enumerate().map(|(i, value)| format!("{:.1},{:.1} ", i as f64 * step, y(*value)));
        let points: String = points.collect();
        let _ = writeln!(svg, "<polyline class=\"{class}\" points=\"0,{CURVE} {points}{WIDTH},{CURVE}\"/>");
    }
    let cores = y(host.cores as f64);
    let _ =
        writeln!(svg, "<line class=\"cores\" x1=\"0\" x2=\"{WIDTH}\" y1=\"{cores:.1}\" y2=\"{cores:.1}\"/>\n</svg>");
    let _ = writeln!(
        svg,
        "<p class=\"legend\"><span><i class=\"running\"></i>actions running</span> <span><i class=\"busy\"></i>processors \
         busy, where measured</span> <span>dashed: {} processors</span></p>",
        host.cores
    );
    svg
}

/// Adds up a rate over the time that each action covers of each bucket.
fn buckets(bars: &[Bar], millis: u64, rate: impl Fn(&Bar) -> f64) -> Vec<f64> {
    let length = millis.max(1) as f64 / BUCKETS as f64;
    let mut values = vec![0.0; BUCKETS as usize];
    for bar in bars {
        let first = (bar.begin as f64 / length) as usize;
        for (bucket, value) in values.iter_mut().enumerate().skip(first) {
            let (from, to) = (bucket as f64 * length, (bucket + 1) as f64 * length);
            if from >= bar.end as f64 {
                break;
            }
            let covered = to.min(bar.end as f64) - from.max(bar.begin as f64);
            *value += rate(bar) * covered.max(0.0) / length;
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use azl_action::Usage;

    use super::*;

    #[test]
    fn a_bucket_counts_what_covers_it() {
        let usage = Usage { cpu_millis: 200, peak_memory: 0 };
        let bar =
            |begin, end| Bar { node: "a:b".to_owned(), begin, end, expected: 0, usage, ended: Ended::Done, slot: 0 };
        let values = buckets(&[bar(0, 100), bar(50, 100)], 200, |_| 1.0);
        assert!((values[0] - 1.0).abs() < 1e-9 && (values[75] - 2.0).abs() < 1e-9 && values[100].abs() < 1e-9);
    }
}
