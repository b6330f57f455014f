//! One entry per canonical path, with all its owners, or a conflict that names both.

use std::borrow::Cow;
use std::collections::BTreeMap;

use azl_rpm::{FileEntry, FileKind};

use super::aliases::Aliases;
use super::{ComposeError, Package};
use crate::tree::{is_clean_path, join, split};

/// The merged files, owners still by name.
pub(super) struct Merge<'a> {
    entries: BTreeMap<String, Merged<'a>>,
    /// Owners of `%ghost` files, which a derived file may fill.
    ghosts: BTreeMap<String, Vec<usize>>,
    aliases: Aliases<'a>,
    names: Vec<String>,
}

/// One path.
#[derive(Debug, Clone)]
pub(super) struct Merged<'a> {
    pub(super) source: Source<'a>,
    pub(super) mode: u32,
    pub(super) user: Cow<'a, str>,
    pub(super) group: Cow<'a, str>,
    /// `None` for files of the image, which take the epoch.
    pub(super) mtime: Option<u64>,
    pub(super) capabilities: Option<&'a str>,
    pub(super) owners: Vec<usize>,
}

/// What the path holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source<'a> {
    Directory,
    Symlink(Cow<'a, str>),
    Content(Cow<'a, [u8]>),
}

impl Source<'_> {
    /// Returns the same, borrowed from nothing.
    pub(super) fn into_owned<'o>(self) -> Source<'o> {
        match self {
            Self::Directory => Source::Directory,
            Self::Symlink(target) => Source::Symlink(Cow::Owned(target.into_owned())),
            Self::Content(content) => Source::Content(Cow::Owned(content.into_owned())),
        }
    }
}

impl<'a> Merge<'a> {
    /// Merges the files of all packages; `packages` are in their final order.
    pub(super) fn of_packages(packages: &[&'a Package], errors: &mut Vec<ComposeError>) -> Self {
        let mut links = Vec::new();
        for file in packages.iter().flat_map(|package| &package.files) {
            if let (FileKind::Symlink { target }, false) = (&file.entry.kind, file.entry.ghost) {
                links.push((file.entry.path.as_str(), target.as_str()));
            }
        }
        let names = packages.iter().map(|package| package.header.nevra.to_string()).collect();
        let aliases = Aliases::of(&links);
        let mut merge = Self { entries: BTreeMap::new(), ghosts: BTreeMap::new(), aliases, names };
        for (owner, package) in packages.iter().enumerate() {
            for file in &package.files {
                errors.extend(merge.add(owner, &file.entry, &file.content).err());
            }
        }
        merge
    }

    /// Adds a file or link of root's that belongs to the image; it may fill a package's `%ghost`, never replace a file.
    pub(super) fn add_image_file(&mut self, path: &str, mode: u32, source: Source<'a>, errors: &mut Vec<ComposeError>) {
        let canonical = match self.canonical("the image", path) {
            Ok(canonical) => canonical,
            Err(error) => return errors.push(error),
        };
        if let Some(existing) = self.entries.get(&canonical) {
            let owner = existing.owners.first().map_or("the image".to_owned(), |owner| self.names[*owner].clone());
            errors.push(ComposeError::DerivedConflict { path: canonical, owner });
            return;
        }
        let owners = match (&source, self.ghosts.get(&canonical)) {
            (_, Some(owners)) => owners.clone(),
            // A link is there for what it points to.
            (Source::Symlink(target), None) => self.owners(target),
            (_, None) => Vec::new(),
        };
        self.insert(canonical, of_root(source, mode, owners));
    }

    /// Gives a file new content; root's file of that mode is made if there is none.
    pub(super) fn put(&mut self, path: &str, mode: u32, content: Vec<u8>) {
        let content = Source::Content(Cow::Owned(content));
        match self.entries.get_mut(path) {
            Some(existing) => (existing.source, existing.mtime) = (content, None),
            None => self.insert(path.to_owned(), of_root(content, mode, Vec::new())),
        }
    }

    /// Adds what is at a canonical path, or replaces it.
    pub(super) fn insert(&mut self, path: String, merged: Merged<'a>) {
        self.entries.insert(path, merged);
    }

    /// Returns whether something real is at a path.
    pub(super) fn has(&self, path: &str) -> bool {
        self.aliases.canonical(path).is_ok_and(|path| self.entries.contains_key(&path))
    }

    /// Returns the bytes of the regular file at a path.
    pub(super) fn content(&self, path: &str) -> Option<&[u8]> {
        match &self.entries.get(path)?.source {
            Source::Content(content) => Some(content),
            Source::Directory | Source::Symlink(_) => None,
        }
    }

    /// Returns the bytes of the file at a path or at the end of the link there; `/dev/null` has none.
    pub(super) fn read(&self, path: &str) -> Option<&[u8]> {
        let Some(target) = self.link(path) else { return self.content(path) };
        let parent = split(path).map_or("/", |(parent, _)| parent);
        let target = if target.starts_with('/') { target.to_owned() } else { join(parent, target) };
        self.content(&self.aliases.canonical(&target).ok()?)
    }

    /// Returns the target of the link at a canonical path.
    pub(super) fn link(&self, path: &str) -> Option<&str> {
        match &self.entries.get(path)?.source {
            Source::Symlink(target) => Some(target),
            Source::Directory | Source::Content(_) => None,
        }
    }

    /// Returns the canonical form of a clean path, if it has one.
    pub(super) fn resolve(&self, path: &str) -> Option<String> {
        if is_clean_path(path) { self.aliases.canonical(path).ok() } else { None }
    }

    /// Returns the owners of what is at a path.
    pub(super) fn owners(&self, path: &str) -> Vec<usize> {
        let canonical = self.resolve(path).unwrap_or_default();
        self.entries.get(&canonical).map_or(Vec::new(), |merged| merged.owners.clone())
    }

    /// Returns the paths that begin with a prefix.
    pub(super) fn below(&self, prefix: &str) -> impl Iterator<Item = &str> {
        let prefix = prefix.to_owned();
        let from = self.entries.range(prefix.clone()..).map(|(path, _)| path.as_str());
        from.take_while(move |path| path.starts_with(&prefix))
    }

    /// Returns copies of what is at a path and below it.
    pub(super) fn subtree(&self, path: &str) -> Vec<(String, Merged<'a>)> {
        let inner = format!("{path}/");
        let within = |entry: &(&String, &Merged<'a>)| entry.0 == path || entry.0.starts_with(&inner);
        self.entries.iter().filter(within).map(|(path, merged)| (path.clone(), merged.clone())).collect()
    }

    /// Returns what is at a canonical path, to change it.
    pub(super) fn get_mut(&mut self, path: &str) -> Option<&mut Merged<'a>> {
        self.entries.get_mut(path)
    }

    /// Returns everything, to change it.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Merged<'a>)> {
        self.entries.iter_mut().map(|(path, merged)| (path.as_str(), merged))
    }

    pub(super) fn into_entries(self) -> BTreeMap<String, Merged<'a>> {
        self.entries
    }

    fn canonical(&self, package: &str, path: &str) -> Result<String, ComposeError> {
        let (package, path) = (package.to_owned(), path.to_owned());
        if !is_clean_path(&path) {
            return Err(ComposeError::InvalidPath { package, path });
        }
        self.aliases.canonical(&path).map_err(|_| ComposeError::SymlinkLoop { package, path })
    }

    fn add(&mut self, owner: usize, entry: &'a FileEntry, content: &'a [u8]) -> Result<(), ComposeError> {
        let path = self.canonical(&self.names[owner], &entry.path)?;
        if entry.ghost {
            self.ghosts.entry(path).or_default().push(owner);
            return Ok(());
        }
        let merged = self.merged(owner, entry, content)?;
        let Some(existing) = self.entries.get_mut(&path) else {
            self.entries.insert(path, merged);
            return Ok(());
        };
        match difference(existing, &merged) {
            None => {
                existing.owners.push(owner);
                Ok(())
            }
            Some(difference) => {
                let first = existing.owners.first().map_or(String::new(), |first| self.names[*first].clone());
                Err(ComposeError::Conflict { path, first, second: self.names[owner].clone(), difference })
            }
        }
    }

    fn merged(&self, owner: usize, entry: &'a FileEntry, content: &'a [u8]) -> Result<Merged<'a>, ComposeError> {
        let (source, mode) = match &entry.kind {
            FileKind::Directory => (Source::Directory, entry.mode),
            FileKind::Regular => (Source::Content(content.into()), entry.mode),
            // Linux has no permissions of links; packages record whatever the build host's filesystem said.
            FileKind::Symlink { target } => (Source::Symlink(target.into()), 0o777),
            FileKind::Device { .. } | FileKind::Fifo | FileKind::Socket => {
                let (package, path) = (self.names[owner].clone(), entry.path.clone());
                return Err(ComposeError::SpecialFile { package, path });
            }
        };
        Ok(Merged {
            source,
            mode: mode & 0o7777,
            user: Cow::Borrowed(&entry.user),
            group: Cow::Borrowed(&entry.group),
            mtime: Some(entry.mtime.into()),
            capabilities: entry.caps.as_deref().filter(|text| !text.trim().is_empty()),
            owners: vec![owner],
        })
    }
}

fn of_root(source: Source<'_>, mode: u32, owners: Vec<usize>) -> Merged<'_> {
    let root = || Cow::Borrowed("root");
    Merged { source, mode, user: root(), group: root(), mtime: None, capabilities: None, owners }
}

/// Says in what two owners of one path disagree.
fn difference(a: &Merged<'_>, b: &Merged<'_>) -> Option<&'static str> {
    match (&a.source, &b.source) {
        (Source::Symlink(a), Source::Symlink(b)) if a != b => Some("link target"),
        (Source::Content(a), Source::Content(b)) if a != b => Some("content"),
        (left, right) if std::mem::discriminant(left) != std::mem::discriminant(right) => Some("kind of file"),
        _ if a.mode != b.mode => Some("mode"),
        _ if (&a.user, &a.group) != (&b.user, &b.group) => Some("owner"),
        _ if a.capabilities != b.capabilities => Some("capabilities"),
        _ => None,
    }
}
