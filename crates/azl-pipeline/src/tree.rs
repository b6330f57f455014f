//! Reads the authored tree of a checkout into values.
//!
//! `azldev.toml` and every directory that people write in are read at once; `upstream/`, which may hold thousands of
//! packages, component by component when one is rendered. What the tool writes (`specs/`, `out/`, `target/`) and the
//! tool's own sources are not part of the tree.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use azl_config::render::Past;
use azl_config::{
    Change, Compat, Config, Descriptions, DistGit, FileEntry, FileSet, Fingerprint, Lock, Options, Packaging,
    ResolvedComponent, SpecSource, Upstream, lock_file,
};
use azl_diagnostics::Diagnostic;
use azl_host::files;

use crate::definition::{self, CompatToml, ReleaseToml};
use crate::dist_git::DistGits;
use crate::error::Failure;
use crate::repository;

/// The file that makes a directory the root of a tree.
const ROOT_FILE: &str = "azldev.toml";

/// What the release supplies; foreign trees have none.
const RELEASE_FILE: &str = "release.toml";

/// Top-level directories that hold nothing authored, or too much to read at once.
const NOT_AUTHORED: &[&str] = &["build", "crates", "out", "specs", "target", UPSTREAM, "xtask"];

/// Directory of packaging in dist-git layout; read component by component.
const UPSTREAM: &str = "upstream";

/// Where packaging that is not read with the rest is found.
#[derive(Debug, Clone)]
enum Packagings {
    /// In the checkout.
    OnDisk,
    /// Here, because the tree is not the one in the checkout.
    InMemory(FileSet),
}

/// The authored tree of a checkout.
#[derive(Debug, Clone)]
pub struct Tree {
    root: PathBuf,
    authored: FileSet,
    packagings: Packagings,
    config: Config,
    compat: Compat,
    supplied: BTreeMap<String, BTreeSet<String>>,
    dist_gits: Option<Arc<DistGits>>,
    warnings: Vec<Diagnostic>,
}

impl Tree {
    /// Reads and loads the tree at `root`.
    ///
    /// A tree whose `release.toml` says `compat = "none"` is ours: every overlay must give its reason. Any other is
    /// azldev's.
    ///
    /// # Errors
    /// If files cannot be read or the configuration has mistakes, all of them at once.
    pub fn read(root: &Path) -> Result<Self, Failure> {
        Self::load(root, read_authored(root)?, Packagings::OnDisk)
    }

    /// Reads and loads the tree as it was at a commit of its repository.
    ///
    /// # Errors
    /// As [`Tree::read`], and if git fails.
    pub fn at(root: &Path, commit: &str) -> Result<Self, Failure> {
        let top = repository::top_level(root, commit)?;
        let (packaging, authored): (Vec<_>, Vec<_>) =
            top.into_iter().filter(|name| is_authored(name) || name == UPSTREAM).partition(|name| name == UPSTREAM);
        let packaging = repository::files_at(root, commit, &packaging)?;
        Self::load(root, repository::files_at(root, commit, &authored)?, Packagings::InMemory(packaging))
    }

    fn load(root: &Path, authored: FileSet, packagings: Packagings) -> Result<Self, Failure> {
        let mut diagnostics = Vec::new();
        let release = read_release(&authored).unwrap_or_else(|mistake| {
            diagnostics.push(mistake);
            None
        });
        let compat = match release.as_ref().map(|release| release.overlays.compat) {
            Some(CompatToml::None) => Compat::None,
            Some(CompatToml::Azldev) | None => Compat::Azldev,
        };
        let descriptions = if compat == Compat::None { Descriptions::Required } else { Descriptions::Optional };
        let (config, found) = azl_config::load(&authored, Options { descriptions, ..Options::default() });
        diagnostics.extend(found);
        if azl_diagnostics::has_errors(&diagnostics) {
            return Err(Failure::Configuration(diagnostics));
        }
        let supplied = release.map(supplied).unwrap_or_default();
        Ok(Self {
            root: root.to_owned(),
            authored,
            packagings,
            config,
            compat,
            supplied,
            dist_gits: None,
            warnings: diagnostics,
        })
    }

    /// Returns the tree with its overlays applied in another way.
    #[must_use]
    pub fn with_compat(self, compat: Compat) -> Self {
        Self { compat, ..self }
    }

    /// Returns the tree with packaging from dist-git, as far as it was fetched into the store.
    #[must_use]
    pub fn with_store(self, store: &Path) -> Self {
        Self { dist_gits: Some(Arc::new(DistGits::new(store))), ..self }
    }

    /// Returns whose results overlays have.
    pub fn compat(&self) -> Compat {
        self.compat
    }

    /// Returns what somebody should look at, though the tree could be read.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Returns the root directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the files people write, by path.
    pub fn authored(&self) -> &FileSet {
        &self.authored
    }

    /// Returns the names of a component's sources that the build supplies: the certificate of the signing key.
    pub fn supplied(&self, component: &str) -> BTreeSet<String> {
        self.supplied.get(component).cloned().unwrap_or_default()
    }

    /// Returns the files of a component's packaging.
    ///
    /// # Errors
    /// If it cannot be read, or is in dist-git and was not fetched. An absent directory is an empty set.
    pub fn packaging(&self, component: &ResolvedComponent) -> Result<FileSet, Failure> {
        if let Some((upstream, _)) = remote(component) {
            let commit = self.commit(component, upstream)?;
            return self.dist_gits()?.files(&component.name, upstream, &commit);
        }
        let directory = azl_config::render::packaging_place(component);
        let top = directory.split('/').next().unwrap_or(directory);
        match &self.packagings {
            _ if is_authored(top) => Ok(self.authored.below(directory)),
            Packagings::OnDisk => read_below(&self.root, directory).map(|files| files.below(directory)),
            Packagings::InMemory(files) => Ok(files.below(directory)),
        }
    }

    /// Returns what came before a component's present state: upstream's commits and our changes.
    ///
    /// # Errors
    /// If its lock is wrong, or its history was not fetched.
    pub fn past(&self, component: &ResolvedComponent) -> Result<Past, Failure> {
        let commits = match remote(component) {
            Some((upstream, _)) => {
                let commit = self.commit(component, upstream)?;
                self.dist_gits()?.commits(&component.name, upstream, &commit)?
            }
            None => Vec::new(),
        };
        let mut past = Past { commits, author_email: self.author_email(), ..Past::default() };
        if let Some(lock) = self.lock(&component.name)? {
            past.manual_bump = lock.manual_bump;
            past.changes.clone_from(&lock.changes);
            past.changes.extend(self.unlocked_change(component, &lock, &past)?);
        }
        Ok(past)
    }

    /// Returns the change that was made since the lock was written, if any. It has the time of what is before it, so
    /// that it renders alike today and tomorrow.
    fn unlocked_change(
        &self,
        component: &ResolvedComponent,
        lock: &Lock,
        past: &Past,
    ) -> Result<Option<Change>, Failure> {
        if lock.inputs.is_empty() || self.fingerprint(component)? == lock.inputs {
            return Ok(None);
        }
        let locked = lock.changes.last().map(|change| change.time);
        let time = locked.or(past.commits.first().map(|commit| commit.time)).unwrap_or(0);
        let message = "Local changes that are not locked".to_owned();
        Ok(Some(Change { time, upstream_commit: lock.upstream_commit.clone(), message }))
    }

    fn author_email(&self) -> String {
        let written = self.config.project.default_author_email.clone();
        written.unwrap_or_else(|| "azurelinux@microsoft.com".to_owned())
    }

    /// Returns the upstream commit that is rendered: the locked one, else a pin that is a whole id.
    fn commit(&self, component: &ResolvedComponent, upstream: &Upstream) -> Result<String, Failure> {
        let refuse = |code, message| {
            let problem = Diagnostic { span: Some(component.declared.clone()), ..Diagnostic::error(code, message) };
            Failure::from(problem.hint(format!("cargo xtask update {}", component.name)))
        };
        let name = &component.name;
        match (self.known_commit(component, upstream)?, &upstream.commit) {
            (None, _) => Err(refuse("not-locked", format!("no upstream commit of `{name}` is locked"))),
            (Some(commit), Some(pin)) if !commit.starts_with(pin.as_str()) => {
                let message = format!("`{name}` is locked at upstream commit {commit}, but pinned to {pin}");
                Err(refuse("stale-lock", message))
            }
            (Some(commit), _) => Ok(commit),
        }
    }

    /// As [`Tree::commit`], whether or not the lock fits the configuration.
    fn known_commit(&self, component: &ResolvedComponent, upstream: &Upstream) -> Result<Option<String>, Failure> {
        let locked = self.lock(&component.name)?.and_then(|lock| lock.upstream_commit);
        Ok(locked.or(upstream.commit.clone().filter(|commit| commit.len() == 40)))
    }

    /// Returns the stores of dist-git.
    ///
    /// # Errors
    /// If the tree was read without a store.
    pub fn dist_gits(&self) -> Result<&DistGits, Failure> {
        self.dist_gits.as_deref().ok_or_else(|| Failure::Infrastructure("no store to read dist-git from".to_owned()))
    }

    /// Returns a component's lock, if it has one.
    ///
    /// # Errors
    /// Every mistake in the lock.
    pub fn lock(&self, component: &str) -> Result<Option<Lock>, Failure> {
        let file = lock_file(self.config.project.lock_dir(), component);
        let Some(text) = self.authored.text(&file) else { return Ok(None) };
        Lock::parse(&file, text).map(Some).map_err(Failure::Configuration)
    }

    /// Returns the fingerprint of what a component is rendered from.
    ///
    /// # Errors
    /// If its lock or packaging cannot be read.
    pub fn fingerprint(&self, component: &ResolvedComponent) -> Result<Fingerprint, Failure> {
        match remote(component) {
            Some((upstream, _)) => self.fingerprint_at(component, self.known_commit(component, upstream)?.as_deref()),
            None => self.fingerprint_at(component, None),
        }
    }

    /// As [`Tree::fingerprint`], with another commit of dist-git.
    ///
    /// # Errors
    /// If packaging in the tree cannot be read.
    pub fn fingerprint_at(&self, component: &ResolvedComponent, commit: Option<&str>) -> Result<Fingerprint, Failure> {
        let of = |packaging| Fingerprint::of(component, packaging, &self.authored, self.compat);
        match remote(component) {
            Some(_) => Ok(of(Packaging::Commit(commit.unwrap_or_default()))),
            None => Ok(of(Packaging::Files(&self.packaging(component)?))),
        }
    }
}

/// Returns where a component's dist-git is, if it is not a directory of the tree.
pub(crate) fn remote(component: &ResolvedComponent) -> Option<(&Upstream, &str)> {
    match &component.spec {
        SpecSource::Upstream(upstream) => match &upstream.dist_git {
            DistGit::Remote(uri) => Some((upstream, uri)),
            DistGit::Tree(_) => None,
        },
        SpecSource::Local { .. } => None,
    }
}

fn read_release(authored: &FileSet) -> Result<Option<ReleaseToml>, Diagnostic> {
    authored.text(RELEASE_FILE).map(|text| definition::parse(RELEASE_FILE, text)).transpose()
}

fn supplied(release: ReleaseToml) -> BTreeMap<String, BTreeSet<String>> {
    let signing = release.signing;
    BTreeMap::from([(signing.certificate_component, BTreeSet::from([signing.certificate_file]))])
}

fn read_authored(root: &Path) -> Result<FileSet, Failure> {
    if !files::exists(root.join(ROOT_FILE)) {
        let message = format!("no tree at `{}`: it has no `{ROOT_FILE}`", root.display());
        return Err(Failure::configuration("no-tree", message));
    }
    let mut found = FileSet::new();
    for name in files::list(root)? {
        if is_authored(&name) && files::is_dir(root.join(&name)) {
            read_into(root, &name, &mut found)?;
        } else if name.ends_with(".toml") {
            insert(root, &name, &mut found)?;
        }
    }
    Ok(found)
}

fn is_authored(top: &str) -> bool {
    !top.starts_with('.') && !NOT_AUTHORED.contains(&top)
}

fn read_below(root: &Path, directory: &str) -> Result<FileSet, Failure> {
    let mut found = FileSet::new();
    read_into(root, directory, &mut found)?;
    Ok(found)
}

/// Reads a directory in dist-git layout, which may be anywhere.
///
/// # Errors
/// If it cannot be read, or a link leaves it.
pub(crate) fn read_directory(directory: &Path) -> Result<FileSet, Failure> {
    let mut found = FileSet::new();
    for name in files::walk_files(directory)?.into_iter().filter(|name| !name.starts_with(".git/")) {
        insert(directory, &name, &mut found)?;
    }
    Ok(found)
}

fn read_into(root: &Path, directory: &str, found: &mut FileSet) -> Result<(), Failure> {
    let names = match files::walk_files(root.join(directory)) {
        Err(error) if error.is_not_found() => return Ok(()),
        names => names?,
    };
    for name in names {
        insert(root, &format!("{directory}/{name}"), found)?;
    }
    Ok(())
}

/// Reads one file. Links are followed within the tree; those to directories are passed over, since includes and
/// overlays name files.
fn insert(root: &Path, path: &str, found: &mut FileSet) -> Result<(), Failure> {
    let host = root.join(path);
    if files::is_link(&host) {
        let target = files::canonicalize(&host)?;
        if !target.starts_with(files::canonicalize(root)?) {
            return Err(Failure::configuration("link-outside-tree", format!("link leaves the tree: `{path}`")));
        }
        if files::is_dir(&target) {
            return Ok(());
        }
    }
    let executable = files::mode(&host)? & 0o100 != 0;
    found.insert(path, FileEntry { bytes: files::read(&host)?.into(), executable });
    Ok(())
}
