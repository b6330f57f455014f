//! The first-parent history of a commit, with what release counting and changelogs are made of.
//!
//! **Invariant:** a commit is read once, a blob once in a row of commits that share it; the cost is linear.

use std::sync::Arc;

use super::DistGit;
use super::commit::Signature;
use super::error::DistGitError;
use super::name::{CommitId, Package};
use super::objects::Blob;

/// Largest spec or changelog that is taken, in bytes.
const TEXT_LIMIT: u64 = 16 << 20;

/// A commit of a package's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its id.
    pub commit: CommitId,
    /// Who made the change.
    pub author: Signature,
    /// Who made the commit.
    pub committer: Signature,
    /// Encoding of names and message, if it is not UTF-8.
    pub encoding: Option<String>,
    /// The whole message.
    pub message: Vec<u8>,
    /// How many commits it comes after; more than one for a merge.
    pub parents: usize,
    /// Content of `<package>.spec`, if there was one.
    pub spec: Option<Arc<[u8]>>,
    /// Content of `changelog`, if there was one.
    pub changelog: Option<Arc<[u8]>>,
}

/// A history, newest commit first; each is read when it is asked for. After an error nothing more comes.
#[derive(Debug)]
pub struct History<'a> {
    store: &'a DistGit,
    package: &'a Package,
    next: Option<CommitId>,
    texts: Texts,
}

/// What the commit before had; most commits share it.
#[derive(Debug, Default)]
struct Texts {
    tree: String,
    spec: Option<Text>,
    changelog: Option<Text>,
}

#[derive(Debug, Clone)]
struct Text {
    id: String,
    bytes: Arc<[u8]>,
}

impl DistGit {
    /// Returns the history of a commit along first parents, newest first, from what was fetched. Nothing is read before it
    /// is asked for, so `take` and `take_while` limit the cost.
    pub fn history<'a>(&'a self, package: &'a Package, commit: &CommitId) -> History<'a> {
        History { store: self, package, next: Some(commit.clone()), texts: Texts::default() }
    }

    /// Returns the ids of all specs and changelogs in the history of a commit, oldest first, without repetition in a row.
    pub(super) fn texts(&self, package: &Package, commit: &CommitId) -> Result<Vec<String>, DistGitError> {
        let (mut ids, mut next, mut last) = (Vec::new(), Some(commit.clone()), (None, None));
        while let Some(id) = next {
            let commit = self.commit(package, &id)?;
            let now = self.text_ids(package, &commit.tree)?;
            if now.0 != last.0 {
                ids.extend(now.0.clone());
            }
            if now.1 != last.1 {
                ids.extend(now.1.clone());
            }
            (last, next) = (now, commit.parents.into_iter().next());
        }
        ids.reverse();
        Ok(ids)
    }

    /// Returns the ids of a directory's spec and changelog.
    fn text_ids(&self, package: &Package, tree: &str) -> Result<(Option<String>, Option<String>), DistGitError> {
        let missing = || DistGitError::Missing { package: package.to_string(), what: format!("directory {tree}") };
        let entries = self.objects.tree(tree)?.ok_or_else(missing)?;
        let id_of = |name: &str| {
            let entry = entries.iter().find(|entry| entry.name == name.as_bytes() && entry.is_file());
            entry.map(|entry| entry.id.clone())
        };
        Ok((id_of(&format!("{package}.spec")), id_of("changelog")))
    }
}

impl History<'_> {
    fn record(&mut self, id: CommitId) -> Result<Record, DistGitError> {
        let commit = self.store.commit(self.package, &id)?;
        if self.texts.tree != commit.tree {
            let (spec, changelog) = self.store.text_ids(self.package, &commit.tree)?;
            let spec = self.text(spec, self.texts.spec.clone(), &id)?;
            let changelog = self.text(changelog, self.texts.changelog.clone(), &id)?;
            self.texts = Texts { tree: commit.tree, spec, changelog };
        }
        let parents = commit.parents.len();
        self.next = commit.parents.into_iter().next();
        Ok(Record {
            commit: id,
            author: commit.author,
            committer: commit.committer,
            encoding: commit.encoding,
            message: commit.message,
            parents,
            spec: self.texts.spec.as_ref().map(|text| Arc::clone(&text.bytes)),
            changelog: self.texts.changelog.as_ref().map(|text| Arc::clone(&text.bytes)),
        })
    }

    fn text(&self, id: Option<String>, last: Option<Text>, commit: &CommitId) -> Result<Option<Text>, DistGitError> {
        let Some(id) = id else { return Ok(None) };
        if let Some(last) = last.filter(|last| last.id == id) {
            return Ok(Some(last));
        }
        match self.store.objects.blob(&id, TEXT_LIMIT)? {
            Blob::Here(bytes) => Ok(Some(Text { id, bytes: bytes.into() })),
            Blob::TooLarge(_) => Err(DistGitError::Malformed { object: id, reason: "a spec or changelog over 16 MiB" }),
            Blob::Absent => Err(DistGitError::Missing {
                package: self.package.to_string(),
                what: format!("spec or changelog of commit {commit}"),
            }),
        }
    }
}

impl Iterator for History<'_> {
    type Item = Result<Record, DistGitError>;

    fn next(&mut self) -> Option<Self::Item> {
        let id = self.next.take()?;
        Some(self.record(id))
    }
}
