//! Whether overlays still do something: each is tried on a component's packaging.

use std::path::Path;

use azl_config::render::gather;
use azl_config::{FileSet, ResolvedComponent, SpecSource};
use azl_diagnostics::Diagnostic;
use serde::Serialize;

use crate::error::Failure;
use crate::tree::{Tree, read_directory, remote};

/// What became of an overlay on some packaging.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state", content = "reason")]
pub enum State {
    /// It applies and changes something.
    Applies,
    /// Its change is there already: it can go.
    NoOp(String),
    /// It does not apply.
    Fails(String),
    /// It could not be tried.
    Unknown(String),
}

impl State {
    fn of(problem: &Diagnostic) -> Self {
        match problem.code {
            "overlay-no-effect" | "overlay-file-exists" => Self::NoOp(problem.message.clone()),
            _ => Self::Fails(problem.message.clone()),
        }
    }

    /// Returns the state in a word or two.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Applies => "applies",
            Self::NoOp(_) => "no-op",
            Self::Fails(_) => "fails",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// Tries a component's overlays on the packaging that is rendered.
pub(super) fn on_current(tree: &Tree, component: &ResolvedComponent) -> Result<Vec<State>, Failure> {
    if component.overlays.is_empty() {
        return Ok(Vec::new());
    }
    match tree.packaging(component) {
        Ok(packaging) => Ok(on(tree, component, &packaging)),
        Err(Failure::Configuration(problems)) => Ok(unknown(component, &problems)),
        Err(other) => Err(other),
    }
}

/// Tries them on the packaging in a directory of newer packages.
pub(super) fn on_newer(tree: &Tree, component: &ResolvedComponent, newer: &Path) -> Result<Vec<State>, Failure> {
    let SpecSource::Upstream(upstream) = &component.spec else {
        return Ok(vec![State::Unknown("the spec is ours".to_owned()); component.overlays.len()]);
    };
    let directory = newer.join(&upstream.package);
    if !azl_host::files::is_dir(&directory) {
        return Ok(vec![State::Unknown("no newer packaging".to_owned()); component.overlays.len()]);
    }
    Ok(on(tree, component, &read_directory(&directory)?))
}

/// Tries them on the newest commit of their branch that was fetched; nothing if that is what is rendered, or unknown.
pub(super) fn on_tip(tree: &Tree, component: &ResolvedComponent) -> Result<Option<(String, Vec<State>)>, Failure> {
    let Some((upstream, _)) = remote(component).filter(|_| !component.overlays.is_empty()) else { return Ok(None) };
    let locked = tree.lock(&component.name).ok().flatten().and_then(|lock| lock.upstream_commit);
    let tip = match (&locked, tree.dist_gits()?.tip(component, upstream)) {
        (Some(locked), Ok(Some(tip))) if *locked != tip => tip,
        // What is wrong with the configuration was said of the packaging that is rendered.
        (_, Ok(_) | Err(Failure::Configuration(_))) => return Ok(None),
        (_, Err(other)) => return Err(other),
    };
    match tree.dist_gits()?.files(&component.name, upstream, &tip) {
        Ok(packaging) => Ok(Some((tip, on(tree, component, &packaging)))),
        Err(Failure::Configuration(problems)) => Ok(Some((tip, unknown(component, &problems)))),
        Err(other) => Err(other),
    }
}

fn unknown(component: &ResolvedComponent, problems: &[Diagnostic]) -> Vec<State> {
    let reason = problems.first().map_or("packaging is not here", |problem| problem.message.as_str());
    vec![State::Unknown(reason.to_owned()); component.overlays.len()]
}

/// One that fails is left out, so that those behind it are judged by themselves.
fn on(tree: &Tree, component: &ResolvedComponent, packaging: &FileSet) -> Vec<State> {
    let mut sources = match gather(component, packaging) {
        Ok(sources) => sources,
        Err(problem) => return unknown(component, &[problem]),
    };
    let try_one = |overlay: &azl_config::Overlay| match overlay.apply(&mut sources, tree.authored(), tree.compat()) {
        Ok(_) => State::Applies,
        Err(problem) => State::of(&problem),
    };
    component.overlays.iter().map(try_one).collect()
}
