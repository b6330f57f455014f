//! Packaging from other distributions' dist-git: what a component's commit holds, what came before it, which it is.
//!
//! Not here: git itself, which is `azl-fetch`'s.
//!
//! **Invariant:** only [`DistGits::update`] and [`DistGits::complete`] use the network.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use azl_autospec::Commit;
use azl_config::{FileEntry, FileSet, ResolvedComponent, Upstream};
use azl_diagnostics::Diagnostic;
use azl_fetch::{Address, Branch, CommitId, DistGit, DistGitError, NameError, Package, Pin, Reach, Record, Selector};

use crate::error::Failure;

/// The dist-git stores of all distributions, each opened when it is first used.
#[derive(Debug)]
pub struct DistGits {
    directory: PathBuf,
    open: Mutex<BTreeMap<String, Arc<DistGit>>>,
    /// Packages that a server was asked for.
    fetched: AtomicUsize,
}

/// Fetches after which small packs are worth putting together; a few cost less than looking at all.
const MANY: usize = 16;

/// A commit that was chosen and fetched.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// Its whole id.
    pub commit: String,
    /// What a person should know of the choice.
    pub warnings: Vec<Diagnostic>,
}

impl DistGits {
    /// Names the stores below the store at `store`; nothing is opened yet.
    pub fn new(store: &Path) -> Self {
        Self { directory: store.join("dist-git"), open: Mutex::default(), fetched: AtomicUsize::new(0) }
    }

    /// Returns the files of a commit.
    ///
    /// # Errors
    /// If they were not fetched, or hold what is not taken.
    pub fn files(&self, name: &str, upstream: &Upstream, commit: &str) -> Result<FileSet, Failure> {
        let of_component = |error| failure(name, error);
        let (package, commit) = (named(name, &upstream.package)?, named(name, commit)?);
        let files = self.of(&upstream.distro).and_then(|store| store.files(&package, &commit)).map_err(of_component)?;
        let entries = files.into_iter().map(|(path, file)| {
            let entry = FileEntry { bytes: file.bytes.into(), executable: file.executable };
            (path, entry)
        });
        Ok(entries.collect())
    }

    /// Returns a commit and those before it on the line of first parents, newest first.
    ///
    /// # Errors
    /// If they were not fetched.
    pub fn commits(&self, name: &str, upstream: &Upstream, commit: &str) -> Result<Vec<Commit>, Failure> {
        let of_component = |error| failure(name, error);
        let (package, commit) = (named(name, &upstream.package)?, named(name, commit)?);
        let store = self.of(&upstream.distro).map_err(of_component)?;
        let records: Result<Vec<Record>, _> = store.history(&package, &commit).collect();
        Ok(records.map_err(of_component)?.into_iter().map(of_record).collect())
    }

    /// Fetches a component's branch, chooses its commit and fetches what rendering it needs; the files of the branch's
    /// newest commit too, so that overlays can be tried on them.
    ///
    /// # Errors
    /// If the server or the choice fails.
    pub fn update(&self, component: &ResolvedComponent, upstream: &Upstream, uri: &str) -> Result<Chosen, Failure> {
        let name = component.name.as_str();
        let of_component = |error| failure(name, error);
        let package: Package = named(name, &upstream.package)?;
        let url: Address = named(name, uri)?;
        let branch = branch(component, upstream)?;
        let selector = selector(name, upstream)?;
        let store = self.of(&upstream.distro).map_err(of_component)?;
        self.fetched.fetch_add(1, Ordering::Relaxed);
        let tip = store.fetch(&package, &url, &branch).map_err(of_component)?.tip;
        let mut resolved = store.resolve(&package, &branch, &selector);
        // A whole id may name a commit that is on no branch any more.
        let whole = upstream.commit.as_deref().and_then(|commit| commit.parse::<CommitId>().ok());
        if let (Err(DistGitError::Missing { .. }), Some(whole)) = (&resolved, whole) {
            store.fetch_commit(&package, &url, &whole).map_err(of_component)?;
            resolved = store.resolve(&package, &branch, &selector);
        }
        let resolved = resolved.map_err(|error| unresolved(component, error))?;
        store.prefetch(&package, &url, &resolved.commit, Reach::History).map_err(of_component)?;
        let mut warnings: Vec<_> = resolved.warnings.iter().map(|warning| warn(component, warning)).collect();
        if tip != resolved.commit
            && let Err(error) = store.prefetch(&package, &url, &tip, Reach::Files)
        {
            warnings.push(warn(component, &format!("files of the newest commit {tip} are not here: {error}")));
        }
        Ok(Chosen { commit: resolved.commit.to_string(), warnings })
    }

    /// Fetches what is missing of a commit that was chosen before; asks no server if nothing is.
    ///
    /// # Errors
    /// If the commit was never fetched, or the server fails.
    pub fn complete(&self, name: &str, upstream: &Upstream, uri: &str, commit: &str) -> Result<(), Failure> {
        let of_component = |error| failure(name, error);
        let (package, commit) = (named(name, &upstream.package)?, named(name, commit)?);
        let url: Address = named(name, uri)?;
        let store = self.of(&upstream.distro).map_err(of_component)?;
        store.prefetch(&package, &url, &commit, Reach::History).map(drop).map_err(of_component)
    }

    /// Returns the newest commit of a component's branch, as of the last fetch.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn tip(&self, component: &ResolvedComponent, upstream: &Upstream) -> Result<Option<String>, Failure> {
        let of_component = |error| failure(&component.name, error);
        let package: Package = named(&component.name, &upstream.package)?;
        let branch = branch(component, upstream)?;
        match self.of(&upstream.distro).map_err(of_component)?.resolve(&package, &branch, &Selector::Tip) {
            Ok(resolved) => Ok(Some(resolved.commit.to_string())),
            Err(DistGitError::Missing { .. }) => Ok(None),
            Err(error) => Err(of_component(error)),
        }
    }

    /// Puts small packs of every opened store together, if many came in.
    ///
    /// # Errors
    /// If git fails; the stores are as good as before.
    pub fn tidy(&self) -> Result<(), Diagnostic> {
        if self.fetched.swap(0, Ordering::Relaxed) < MANY {
            return Ok(());
        }
        let open: Vec<_> = self.open.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        open.iter()
            .try_for_each(|store| store.tidy())
            .map_err(|error| Diagnostic::warning("dist-git", error.to_string()))
    }

    fn of(&self, distro: &str) -> Result<Arc<DistGit>, DistGitError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = open.get(distro) {
            return Ok(Arc::clone(store));
        }
        let store = Arc::new(DistGit::open(&self.directory.join(format!("{distro}.git")))?);
        open.insert(distro.to_owned(), Arc::clone(&store));
        Ok(store)
    }
}

fn warn(component: &ResolvedComponent, warning: &impl std::fmt::Display) -> Diagnostic {
    let warning = Diagnostic::warning("dist-git", format!("`{}`: {warning}", component.name));
    Diagnostic { span: Some(component.declared.clone()), ..warning }
}

fn branch(component: &ResolvedComponent, upstream: &Upstream) -> Result<Branch, Failure> {
    let Some(branch) = &upstream.branch else {
        let (name, distro, version) = (&component.name, &upstream.distro, &upstream.version);
        let message = format!("`{name}`: version `{version}` of distro `{distro}` has no `dist-git-branch`");
        return Err(at(component, Diagnostic::error("dist-git", message)));
    };
    named(&component.name, branch)
}

/// What was just fetched and still does not have the commit never will: another `update` is no remedy.
fn unresolved(component: &ResolvedComponent, error: DistGitError) -> Failure {
    let name = &component.name;
    match error {
        DistGitError::Missing { what, .. } => {
            let problem = Diagnostic::error("dist-git", format!("`{name}`: upstream has no {what}"));
            at(component, problem.hint("correct `spec.upstream-commit`"))
        }
        other => failure(name, other),
    }
}

fn at(component: &ResolvedComponent, problem: Diagnostic) -> Failure {
    Diagnostic { span: Some(component.declared.clone()), ..problem }.into()
}

fn selector(name: &str, upstream: &Upstream) -> Result<Selector, Failure> {
    if let Some(commit) = &upstream.commit {
        return Ok(Selector::Pin(named::<Pin>(name, commit)?));
    }
    match &upstream.snapshot {
        Some(snapshot) => {
            let snapshot = azl_config::Snapshot::parse(snapshot)
                .map_err(|problem| Failure::configuration("snapshot", format!("`{name}`: {problem}")))?;
            Ok(Selector::Before(snapshot.seconds()))
        }
        None => Ok(Selector::Tip),
    }
}

fn named<T: std::str::FromStr<Err = NameError>>(name: &str, text: &str) -> Result<T, Failure> {
    text.parse().map_err(|error| Failure::configuration("dist-git", format!("`{name}`: {error}")))
}

/// Texts of git are bytes; what is not UTF-8 is replaced, as rpmautospec does.
fn of_record(record: Record) -> Commit {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Commit {
        id: record.commit.to_string(),
        author: text(&record.author.name),
        email: text(&record.author.email),
        time: record.committer.time,
        message: text(&record.message),
        spec: record.spec,
        changelog: record.changelog,
    }
}

fn failure(name: &str, error: DistGitError) -> Failure {
    use DistGitError as E;
    let message = format!("`{name}`: {error}");
    match error {
        E::Missing { what, .. } => {
            let problem = Diagnostic::error("not-fetched", format!("`{name}`: {what} is not in the store of dist-git"));
            problem.hint(format!("cargo xtask update {name}")).into()
        }
        E::Name(_) | E::NoRepository { .. } | E::Absent { .. } | E::Ambiguous { .. } | E::NothingBefore { .. } => {
            Failure::configuration("dist-git", message)
        }
        E::Unacceptable { .. } => Failure::configuration("dist-git-files", message),
        _ => Failure::Infrastructure(message),
    }
}
