//! The locks of components: upstream's commit, the fingerprint of the inputs, the list of our changes.
//!
//! **Invariant:** a lock is written only if it changes; one component's failure costs no other its lock.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use azl_config::{Change, Lock, ResolvedComponent, lock_file};
use azl_diagnostics::Diagnostic;
use azl_digest::canonical;
use azl_host::{clock, files};
use serde::Serialize;

use crate::dist_git::Chosen;
use crate::error::Failure;
use crate::tree::{Tree, remote};

/// Servers are asked for this many packages at a time.
const FETCHES: usize = 8;

/// What is done beyond looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Updating {
    /// Locks are written.
    Write,
    /// Locks are compared only.
    Check,
}

/// How components are updated.
#[derive(Debug, Clone)]
pub struct UpdateOptions {
    /// Whether locks are written.
    pub updating: Updating,
    /// How much each release is raised by hand, though no input changed.
    pub bump: u32,
    /// What changed, for the changelog; told from the inputs if absent.
    pub message: Option<String>,
}

/// How a lock moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Movement {
    /// There was none.
    New,
    /// It is as it was.
    Same,
    /// It moved, and this is what changed.
    Moved(Vec<String>),
    /// Its component is gone, and so is it.
    Removed,
}

/// What became of one component's lock.
#[derive(Debug, Clone, Serialize)]
pub struct ComponentUpdate {
    /// Component.
    pub component: String,
    /// Upstream commit that is locked.
    pub commit: Option<String>,
    /// How the lock moved.
    pub movement: Movement,
}

/// What became of all.
#[derive(Debug, Clone, Serialize)]
pub struct ComponentsReport {
    /// The components, in the order of their names.
    pub components: Vec<ComponentUpdate>,
    /// What somebody should look at.
    pub warnings: Vec<Diagnostic>,
    /// Whether anything moved.
    pub moved: bool,
}

impl fmt::Display for ComponentsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for update in self.components.iter().filter(|update| update.movement != Movement::Same) {
            let commit = update.commit.as_deref().map(|commit| format!(" at {commit}")).unwrap_or_default();
            match &update.movement {
                Movement::New => writeln!(f, "locked {}{commit}", update.component)?,
                Movement::Removed => writeln!(f, "removed the lock of {}", update.component)?,
                Movement::Moved(inputs) => writeln!(f, "moved {}{commit}: {}", update.component, inputs.join(", "))?,
                Movement::Same => {}
            }
        }
        writeln!(
            f,
            "{} components, {}",
            self.components.len(),
            if self.moved { "locks moved" } else { "nothing moved" }
        )
    }
}

/// Updates the locks of the named components. If none is named: of all whose packaging is in dist-git and all that have
/// a lock; locks of components that are gone are removed then.
///
/// # Errors
/// Every failure, after the locks of the other components were written; with [`Updating::Check`], any movement.
pub fn components(tree: &Tree, named: &[String], options: &UpdateOptions) -> Result<ComponentsReport, Failure> {
    let chosen = choose(tree, named)?;
    let mut report = ComponentsReport { components: Vec::new(), warnings: Vec::new(), moved: false };
    let mut failures = Vec::new();
    for (component, fetched) in chosen.iter().zip(fetch_all(tree, &chosen)) {
        let updated = fetched.and_then(|fetched| Ok((update(tree, component, fetched.as_ref(), options)?, fetched)));
        match updated {
            Ok((update, fetched)) => {
                report.warnings.extend(fetched.map(|fetched| fetched.warnings).unwrap_or_default());
                report.components.push(update);
            }
            Err(failure) => failures.push(failure),
        }
    }
    if named.is_empty() {
        report.components.extend(remove_orphans(tree, options.updating)?);
        report.components.sort_by(|one, other| one.component.cmp(&other.component));
    }
    report.moved = report.components.iter().any(|update| update.movement != Movement::Same);
    if let Some(failure) = together(failures) {
        return Err(failure);
    }
    if chosen.iter().any(|component| remote(component).is_some())
        && let Err(warning) = tree.dist_gits()?.tidy()
    {
        report.warnings.push(warning);
    }
    if options.updating == Updating::Check && report.moved {
        return Err(Failure::Verification(format!("locks are not up to date\n{report}  hint: cargo xtask update")));
    }
    Ok(report)
}

/// Makes one failure of all: of the configuration if any is, since that is what a person can mend.
fn together(failures: Vec<Failure>) -> Option<Failure> {
    let (mut mistakes, mut others) = (Vec::new(), Vec::new());
    for failure in failures {
        match failure {
            Failure::Configuration(found) => mistakes.extend(found),
            Failure::Build(text) | Failure::Verification(text) | Failure::Infrastructure(text) => others.push(text),
        }
    }
    if mistakes.is_empty() {
        return (!others.is_empty()).then(|| Failure::Infrastructure(others.join("\n")));
    }
    mistakes.extend(others.into_iter().map(|text| Diagnostic::error("update", text)));
    Some(Failure::Configuration(mistakes))
}

fn choose(tree: &Tree, named: &[String]) -> Result<Vec<ResolvedComponent>, Failure> {
    if named.is_empty() {
        let (all, mistakes) = tree.config().resolve_all();
        if !mistakes.is_empty() {
            return Err(Failure::Configuration(mistakes));
        }
        let is_locked = |component: &ResolvedComponent| tree.authored().contains(&path(tree, &component.name));
        return Ok(all.into_iter().filter(|one| remote(one).is_some() || is_locked(one)).collect());
    }
    let named: BTreeSet<&String> = named.iter().collect();
    let resolved: Vec<_> = named.into_iter().map(|name| tree.config().resolve(name)).collect();
    let (good, bad): (Vec<_>, Vec<_>) = resolved.into_iter().partition(Result::is_ok);
    let mistakes: Vec<_> = bad.into_iter().filter_map(Result::err).collect();
    if mistakes.is_empty() { Ok(good.into_iter().flatten().collect()) } else { Err(Failure::Configuration(mistakes)) }
}

fn path(tree: &Tree, component: &str) -> String {
    lock_file(tree.config().project.lock_dir(), component)
}

/// Fetches the dist-git of all components that have one, several at a time; the results are in their order.
fn fetch_all(tree: &Tree, components: &[ResolvedComponent]) -> Vec<Result<Option<Chosen>, Failure>> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..FETCHES.min(components.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(component) = components.get(index) else { return };
                    let result = fetch(tree, component);
                    results.lock().unwrap_or_else(PoisonError::into_inner).insert(index, result);
                }
            });
        }
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

fn fetch(tree: &Tree, component: &ResolvedComponent) -> Result<Option<Chosen>, Failure> {
    let Some((upstream, uri)) = remote(component) else { return Ok(None) };
    let before = tree.lock(&component.name)?;
    let known = before.as_ref().and_then(|lock| lock.upstream_commit.as_deref());
    let settled = upstream.commit.is_some() || upstream.snapshot.is_some();
    let asked_before = before.as_ref().and_then(|lock| lock.resolution_input_hash.as_deref());
    // What was resolved from the same question cannot have another answer, if it was fetched.
    let same_question = settled && asked_before == Some(&*question(component));
    if let Some(commit) = known.filter(|_| same_question)
        && tree.dist_gits()?.complete(&component.name, upstream, uri, commit).is_ok()
    {
        return Ok(Some(Chosen { commit: commit.to_owned(), warnings: Vec::new() }));
    }
    tree.dist_gits()?.update(component, upstream, uri).map(Some)
}

/// Returns the digest of what decides which upstream commit is taken.
fn question(component: &ResolvedComponent) -> String {
    let asked = remote(component).map(|(upstream, uri)| {
        let at = (&upstream.branch, &upstream.commit, &upstream.snapshot);
        (&upstream.distro, &upstream.version, &upstream.package, uri, at)
    });
    canonical("resolution.v1", &asked).to_string()
}

fn update(
    tree: &Tree,
    component: &ResolvedComponent,
    fetched: Option<&Chosen>,
    options: &UpdateOptions,
) -> Result<ComponentUpdate, Failure> {
    let before = tree.lock(&component.name)?;
    let mut lock = before.clone().unwrap_or_default();
    if let Some(Chosen { commit, .. }) = fetched {
        lock.upstream_commit = Some(commit.clone());
        lock.import_commit.get_or_insert_with(|| commit.clone());
        lock.resolution_input_hash = Some(question(component));
    }
    let fingerprint = tree.fingerprint_at(component, lock.upstream_commit.as_deref())?;
    let known = before.as_ref().is_some_and(|before| !before.inputs.is_empty());
    let mut changes: Vec<String> = fingerprint.changes_since(&lock.inputs).iter().map(ToString::to_string).collect();
    let told = (lock.inputs != fingerprint).then(|| told(known, &changes));
    let told = told.into_iter().chain((0..options.bump).map(|_| "Rebuild".to_owned()));
    let change = |told: String| Change {
        time: clock::now() as i64,
        upstream_commit: lock.upstream_commit.clone(),
        message: options.message.clone().unwrap_or(told),
    };
    let more: Vec<Change> = told.map(change).collect();
    if options.bump > 0 {
        changes.push("release raised".to_owned());
    }
    lock.changes.extend(more);
    lock.input_fingerprint = Some(fingerprint.digest().to_string());
    lock.inputs = fingerprint;
    let movement = match &before {
        None => Movement::New,
        Some(before) if *before == lock => Movement::Same,
        Some(_) if changes.is_empty() => Movement::Moved(vec!["where upstream is looked up".to_owned()]),
        Some(_) => Movement::Moved(changes),
    };
    if movement != Movement::Same && options.updating == Updating::Write {
        write(tree, &component.name, &lock)?;
    }
    Ok(ComponentUpdate { component: component.name.clone(), commit: lock.upstream_commit, movement })
}

/// Says what changed where nobody did. A lock of azldev does not say what its inputs were.
fn told(known: bool, changes: &[String]) -> String {
    if !known {
        return "Import into Azure Linux".to_owned();
    }
    format!("Changed: {}", changes.join(", "))
}

fn write(tree: &Tree, component: &str, lock: &Lock) -> Result<(), Failure> {
    let host = tree.root().join(path(tree, component));
    if let Some(directory) = host.parent() {
        files::create_dir_all(directory)?;
    }
    Ok(files::write_atomic(host, lock.to_string().as_bytes())?)
}

fn remove_orphans(tree: &Tree, updating: Updating) -> Result<Vec<ComponentUpdate>, Failure> {
    let locks = tree.authored().below(tree.config().project.lock_dir());
    let names: BTreeSet<&str> = locks.iter().filter_map(|(path, _)| path.strip_suffix(".lock")).collect();
    let mut removed = Vec::new();
    for name in names.into_iter().filter(|name| !tree.config().components.contains_key(*name)) {
        if updating == Updating::Write {
            files::remove_file(tree.root().join(path(tree, name)))?;
        }
        removed.push(ComponentUpdate { component: name.to_owned(), commit: None, movement: Movement::Removed });
    }
    Ok(removed)
}

#[cfg(test)]
mod tests;
