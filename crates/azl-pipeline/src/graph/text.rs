//! A view as text, dot and JSON.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Direction, SCHEMA, View};

/// A line for each point: name, state, what it needs.
pub(super) fn list(view: &View) -> String {
    let lines = view.points.iter().map(|point| {
        let needs: Vec<&str> = point.needs.iter().map(|need| view.points[*need].name.as_str()).collect();
        let line = format!("{:<44} {:<10} {}", point.name, point.state, needs.join(" "));
        format!("{}\n", line.trim_end())
    });
    lines.collect()
}

/// A tree from one point; what was shown before is not unfolded again.
pub(super) fn tree(view: &View, root: usize, direction: Direction, depth: usize) -> String {
    let edges = view.edges(direction);
    let mut text = String::new();
    let mut unfolded = BTreeSet::new();
    // Prefix of the line, prefix of what is below it, the point, the depth left.
    let mut open = vec![(String::new(), String::new(), root, depth)];
    while let Some((prefix, below, at, left)) = open.pop() {
        let point = &view.points[at];
        let is_first = unfolded.insert(at);
        let more = match edges[at].is_empty() || (is_first && left > 0) {
            true => "",
            false if is_first => "  …",
            false => "  (above)",
        };
        let _ = writeln!(text, "{prefix}{}  [{}]{more}", point.name, point.state);
        if !is_first || left == 0 {
            continue;
        }
        for (place, next) in edges[at].iter().rev().enumerate() {
            let (branch, bar) = if place == 0 { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            open.push((format!("{below}{branch}"), format!("{below}{bar}"), *next, left - 1));
        }
    }
    text
}

/// Graphviz; arrows lead from what is needed to what needs it.
pub(super) fn dot(view: &View) -> String {
    let quote = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let mut text = String::from("digraph release {\n  rankdir=LR;\n  node [shape=box];\n");
    for point in &view.points {
        let style = if point.state == "cached" { "solid" } else { "dashed" };
        let _ = writeln!(text, "  {} [style={style}];", quote(&point.name));
    }
    for point in &view.points {
        for need in &point.needs {
            let _ = writeln!(text, "  {} -> {};", quote(&view.points[*need].name), quote(&point.name));
        }
    }
    text + "}\n"
}

/// An object of points: name → stage, state, number of nodes, names of what it needs.
pub(super) fn json(view: &View) -> String {
    let points = view.points.iter().map(|point| {
        let needs: Vec<&str> = point.needs.iter().map(|need| view.points[*need].name.as_str()).collect();
        let value = serde_json::json!({
            "stage": point.stage, "state": point.state, "nodes": point.nodes, "needs": needs,
        });
        (point.name.clone(), value)
    });
    let points: serde_json::Map<String, serde_json::Value> = points.collect();
    format!("{}\n", serde_json::json!({ "schema": SCHEMA, "level": view.level, "points": points }))
}
