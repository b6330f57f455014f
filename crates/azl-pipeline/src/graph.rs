//! `graph`: what would be done and what needs what, as text, dot, JSON or a page to walk through.
//!
//! Nodes are what the engine sees; a component stands for all nodes that are about it.
//!
//! Not here: what a release consists of (`azl_plan`), what would happen to a node (`forecast`).
//!
//! **Invariant:** every form is a function of a [`View`].

mod layout;
mod page;
#[cfg(test)]
mod tests;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use azl_action::{Graph, NodeId};
use azl_diagnostics::Diagnostic;
use azl_plan::boot;
use serde::Serialize;

use crate::error::Failure;
pub use page::page;

/// Version of the JSON form.
pub const SCHEMA: u32 = 2;

/// How a graph is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A line for each, or a tree.
    Text,
    /// Graphviz.
    Dot,
    /// A JSON object.
    Json,
}

/// What the points of a view stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Components, and what is no component by itself: images, repositories, sets of the seed.
    Component,
    /// Nodes.
    Node,
}

/// Which way edges are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From a point to what it needs.
    Needs,
    /// From a point to what needs it.
    NeededBy,
}

/// One point of a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Point {
    /// Its name.
    pub name: String,
    /// The stage of a node; for a component the kind of thing it is.
    pub stage: String,
    /// What would happen to it: `cached`, `due`, `open`, `impossible`; of a component's nodes, the least settled.
    pub state: String,
    /// How many nodes it stands for.
    pub nodes: usize,
    /// Points it needs, as indices.
    pub needs: Vec<usize>,
}

/// A graph to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct View {
    /// What the points are.
    pub level: Level,
    /// The points, in the order of their names.
    pub points: Vec<Point>,
}

impl View {
    /// Makes a view of a graph; `state` says what would happen to a node.
    pub fn new(graph: &Graph, level: Level, state: &dyn Fn(&NodeId) -> &'static str) -> Self {
        let name = |id: &NodeId| match level {
            Level::Node => id.0.clone(),
            Level::Component => component(graph, id),
        };
        let mut members: BTreeMap<String, Vec<&NodeId>> = BTreeMap::new();
        for id in graph.nodes().keys() {
            members.entry(name(id)).or_default().push(id);
        }
        let index: BTreeMap<&str, usize> = members.keys().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
        let points = members.iter().enumerate().map(|(own, (point, nodes))| {
            let needs: BTreeSet<usize> = nodes
                .iter()
                .flat_map(|node| graph.needs(node))
                .map(|need| index[name(need).as_str()])
                .filter(|need| *need != own)
                .collect();
            let states = nodes.iter().map(|node| state(node));
            Point {
                name: point.clone(),
                stage: stage(point, level).to_owned(),
                state: states.max_by_key(|state| unsettled(state)).unwrap_or_default().to_owned(),
                nodes: nodes.len(),
                needs: needs.into_iter().collect(),
            }
        });
        Self { level, points: points.collect() }
    }

    /// Returns the index of a point.
    ///
    /// # Errors
    /// If there is none of this name; with the nearest one.
    pub fn find(&self, name: &str) -> Result<usize, Failure> {
        self.points.iter().position(|point| point.name == name).ok_or_else(|| {
            let error = Diagnostic::error("unknown-node", format!("the graph has no `{name}`"));
            let near = azl_diagnostics::closest(name, self.points.iter().map(|point| point.name.as_str()));
            let hint = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`cargo xtask graph` lists components, `cargo xtask graph --nodes` nodes".to_owned(),
            };
            error.hint(hint).into()
        })
    }

    /// Returns the neighbours of each point in a direction.
    fn edges(&self, direction: Direction) -> Vec<Vec<usize>> {
        if direction == Direction::Needs {
            return self.points.iter().map(|point| point.needs.clone()).collect();
        }
        let mut edges = vec![Vec::new(); self.points.len()];
        for (from, point) in self.points.iter().enumerate() {
            for need in &point.needs {
                edges[*need].push(from);
            }
        }
        edges
    }

    /// Returns the part of the view that is reached from a point in at most `depth` steps, the point included.
    #[must_use]
    pub fn around(&self, point: usize, direction: Direction, depth: usize) -> Self {
        let edges = self.edges(direction);
        let mut kept = BTreeSet::from([point]);
        let mut border = vec![point];
        for _ in 0..depth.min(self.points.len()) {
            border =
                border.into_iter().flat_map(|at| edges[at].iter().copied()).filter(|at| kept.insert(*at)).collect();
        }
        let index: BTreeMap<usize, usize> = kept.iter().enumerate().map(|(new, old)| (*old, new)).collect();
        let points = kept.iter().map(|old| {
            let point = &self.points[*old];
            Point { needs: point.needs.iter().filter_map(|need| index.get(need).copied()).collect(), ..point.clone() }
        });
        Self { level: self.level, points: points.collect() }
    }

    /// Returns the view in a form; from one point if there is one, which is a tree as text.
    pub fn show(&self, from: Option<(usize, Direction, usize)>, form: Form) -> String {
        let part = from.map(|(point, direction, depth)| self.around(point, direction, depth));
        match (form, from) {
            (Form::Text, Some((point, direction, depth))) => text::tree(self, point, direction, depth),
            (Form::Text, None) => text::list(self),
            (Form::Dot, _) => text::dot(part.as_ref().unwrap_or(self)),
            (Form::Json, _) => text::json(part.as_ref().unwrap_or(self)),
        }
    }
}

/// Returns what a node is about.
fn component(graph: &Graph, id: &NodeId) -> String {
    let subject = id.subject();
    let has = |stage: &str, subject: &str| graph.get(&NodeId::new(stage, subject)).is_some();
    let owner = if id.stage() == "source" { subject.split('/').next().unwrap_or(subject) } else { subject };
    match id.stage() {
        "seed" => return id.0.clone(),
        "image" | "derived" | "programs" | "programs-sign" => return format!("image:{subject}"),
        "boot" => return format!("image:{}", boot::image_of(id)),
        "repo" | "repo-sign" => return format!("repo:{subject}"),
        _ => {}
    }
    // Documents about an image or a repository are named after both.
    let about = subject.split_once('-').filter(|(kind, rest)| matches!(*kind, "image" | "repo") && has(kind, rest));
    match about {
        Some((kind, rest)) => format!("{kind}:{rest}"),
        None => owner.to_owned(),
    }
}

fn stage(point: &str, level: Level) -> &str {
    match (point.split_once(':'), level) {
        (Some((stage, _)), _) => stage,
        (None, Level::Component) => "component",
        (None, Level::Node) => point,
    }
}

/// Orders states: what is known comes first.
fn unsettled(state: &str) -> usize {
    ["cached", "due", "open", "impossible"].iter().position(|known| *known == state).unwrap_or(0)
}
