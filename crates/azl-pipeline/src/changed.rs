//! `changed`: which components differ between two states of the tree, and by which input.
//!
//! **Invariant:** equal inputs with different rendered files are a failure: somebody edited `specs/` by hand, or
//! rendering is not deterministic.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use azl_config::render::rendered_directory;
use azl_config::{Change, Difference, Fingerprint, InputChange, ResolvedComponent};
use azl_digest::{Digest, canonical};
use serde::Serialize;

use crate::error::Failure;
use crate::repository;
use crate::tree::Tree;

/// How a component differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeType {
    /// It is new.
    Added,
    /// Its inputs or rendered files differ.
    Changed,
    /// It is gone.
    Deleted,
    /// Neither inputs nor rendered files differ.
    Unchanged,
}

/// One component.
#[derive(Debug, Clone, Serialize)]
pub struct ChangedComponent {
    /// Name.
    pub component: String,
    /// How it differs.
    pub change: ChangeType,
    /// Inputs that differ.
    pub inputs: Vec<InputChange>,
    /// Rendered files that differ.
    pub rendered: Vec<String>,
    /// Whether its pinned tarballs differ.
    pub sources: bool,
}

impl ChangedComponent {
    /// Returns whether rendered files differ without any input that does.
    fn is_tampered(&self) -> bool {
        self.change == ChangeType::Changed && self.inputs.is_empty()
    }
}

/// What differs.
#[derive(Debug, Clone, Serialize)]
pub struct ChangedReport {
    /// Commit before.
    pub from: String,
    /// Commit after; `None` is the work tree.
    pub to: Option<String>,
    /// The components, in the order of their names.
    pub components: Vec<ChangedComponent>,
}

impl ChangedReport {
    /// Makes rendered files that differ for equal inputs a failure.
    ///
    /// # Errors
    /// If there are such components.
    pub fn into_result(self) -> Result<(), Failure> {
        let tampered = self.components.iter().filter(|component| component.is_tampered());
        let names: Vec<&str> = tampered.map(|component| component.component.as_str()).collect();
        if names.is_empty() {
            return Ok(());
        }
        let message = format!("rendered files differ though no input does: {}", names.join(", "));
        Err(Failure::Verification(format!("{message}\n  hint: cargo xtask render --diff")))
    }
}

impl fmt::Display for ChangedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for component in &self.components {
            let word = match component.change {
                ChangeType::Added => "added",
                ChangeType::Changed => "changed",
                ChangeType::Deleted => "deleted",
                ChangeType::Unchanged => "unchanged",
            };
            writeln!(f, "{word:<9} {}", component.component)?;
            for input in &component.inputs {
                writeln!(f, "            {input}")?;
            }
            if component.change == ChangeType::Changed {
                writeln!(f, "            {} rendered files differ", component.rendered.len())?;
            }
        }
        writeln!(f, "{} components", self.components.len())
    }
}

/// Whether components that do not differ are listed too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unchanged {
    /// They are.
    Listed,
    /// They are left out.
    LeftOut,
}

/// Compares the tree at `from` with that at `to`, or with the work tree.
///
/// # Errors
/// If a revision is unknown or a configuration has mistakes.
pub fn changed(root: &Path, from: &str, to: Option<&str>, unchanged: Unchanged) -> Result<ChangedReport, Failure> {
    let from = repository::commit(root, from)?;
    let to = to.map(|revision| repository::commit(root, revision)).transpose()?;
    let before = states(&Tree::at(root, &from)?)?;
    let tree = to.as_ref().map_or_else(|| Tree::read(root), |commit| Tree::at(root, commit))?;
    let after = states(&tree)?;
    let base = tree.config().project.rendered_specs_dir();
    let rendered = rendered_by_directory(&repository::differing(root, &from, to.as_deref(), base)?, base);
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let components = names.into_iter().map(|name| {
        let files = rendered.get(&rendered_directory(name)).cloned().unwrap_or_default();
        compare(name, before.get(name), after.get(name), files)
    });
    let wanted =
        |component: &ChangedComponent| unchanged == Unchanged::Listed || component.change != ChangeType::Unchanged;
    Ok(ChangedReport { from, to, components: components.filter(wanted).collect() })
}

fn compare(name: &str, before: Option<&State>, after: Option<&State>, rendered: Vec<String>) -> ChangedComponent {
    let inputs = match (before, after) {
        (Some(before), Some(after)) => {
            let others = [
                ("locked changes", before.history != after.history),
                ("files named in the header", before.origins != after.origins),
            ];
            let others = others.into_iter().filter(|(_, differs)| *differs);
            let others =
                others.map(|(input, _)| InputChange { input: input.to_owned(), difference: Difference::Changed });
            after.inputs.changes_since(&before.inputs).into_iter().chain(others).collect()
        }
        _ => Vec::new(),
    };
    let change = match (before, after) {
        (None, _) => ChangeType::Added,
        (_, None) => ChangeType::Deleted,
        _ if inputs.is_empty() && rendered.is_empty() => ChangeType::Unchanged,
        _ => ChangeType::Changed,
    };
    let sources = rendered.iter().any(|path| path.ends_with("/sources"));
    ChangedComponent { component: name.to_owned(), change, inputs, rendered, sources }
}

/// What a component is rendered from at one commit.
struct State {
    inputs: Fingerprint,
    /// Digest over what its lock says of our changes, from which release and changelog are made.
    history: Option<Digest>,
    /// What the header of its rendered spec names. Moving an overlay to another file changes that line and nothing else.
    origins: Vec<String>,
}

/// Returns the state of every component.
fn states(tree: &Tree) -> Result<BTreeMap<String, State>, Failure> {
    let (components, mut mistakes) = tree.config().resolve_all();
    let mut states = BTreeMap::new();
    for component in &components {
        match state(tree, component) {
            Ok(state) => drop(states.insert(component.name.clone(), state)),
            Err(Failure::Configuration(found)) => mistakes.extend(found),
            Err(other) => return Err(other),
        }
    }
    if mistakes.is_empty() { Ok(states) } else { Err(Failure::Configuration(mistakes)) }
}

fn state(tree: &Tree, component: &ResolvedComponent) -> Result<State, Failure> {
    let history = tree.lock(&component.name)?.map(|lock| {
        let change = |change: &Change| (change.time, change.upstream_commit.clone(), change.message.clone());
        let changes: Vec<_> = lock.changes.iter().map(change).collect();
        canonical("locked-changes.v1", &(changes, lock.manual_bump))
    });
    let origins = azl_config::render::origins(component);
    Ok(State { inputs: tree.fingerprint(component)?, history, origins })
}

/// Groups paths such as `specs/b/bash/bash.spec` by `b/bash`.
fn rendered_by_directory(paths: &[String], base: &str) -> BTreeMap<String, Vec<String>> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in paths {
        let below = path.strip_prefix(base).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path);
        let directory: Vec<&str> = below.split('/').take(2).collect();
        groups.entry(directory.join("/")).or_default().push(path.clone());
    }
    groups
}

#[cfg(test)]
mod tests;
