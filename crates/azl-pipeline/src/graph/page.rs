//! A graph as one HTML page: drawn on a canvas, to be moved, zoomed and searched. It needs no network and no library.

use serde_json::{Value, json};

use super::{View, layout};
use crate::html::{data, escape};

/// Returns the page of a release: its components, and its nodes. `chosen` is shown first.
pub fn page(title: &str, views: &[&View], chosen: Option<&str>) -> String {
    let levels: Vec<Value> = views.iter().map(|view| level(view)).collect();
    let data = data(&json!({ "levels": levels, "chosen": chosen }));
    let (style, script) = (include_str!("page.css"), include_str!("page.js"));
    let title = escape(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<title>{title}</title>\n<style>\n{style}</style></head>\n\
         <body>\n<header><b>{title}</b> <select id=\"level\" title=\"what is drawn\"></select>\n\
         <input id=\"search\" type=\"search\" placeholder=\"search\" list=\"names\"><datalist id=\"names\"></datalist>\n\
         <button id=\"fit\">whole</button> <span id=\"legend\"></span></header>\n\
         <main><canvas id=\"canvas\"></canvas><aside id=\"side\"></aside></main>\n\
         <script type=\"application/json\" id=\"data\">{data}</script>\n<script>\n{script}</script>\n</body></html>\n"
    )
}

/// Stages and states are lists of words with indices into them, which keeps the page small.
fn level(view: &View) -> Value {
    let words = |word: &dyn Fn(usize) -> String| {
        let set: std::collections::BTreeSet<String> = (0..view.points.len()).map(word).collect();
        set.into_iter().collect::<Vec<String>>()
    };
    let stages = words(&|at| view.points[at].stage.clone());
    let states = words(&|at| view.points[at].state.clone());
    let places = layout::places(view);
    let points = view.points.iter().zip(places).map(|(point, (x, y))| {
        let stage = stages.binary_search(&point.stage).unwrap_or(0);
        let state = states.binary_search(&point.state).unwrap_or(0);
        json!([point.name, x, y, stage, state, point.nodes, point.needs])
    });
    json!({ "level": view.level, "stages": stages, "states": states, "points": points.collect::<Vec<_>>() })
}
