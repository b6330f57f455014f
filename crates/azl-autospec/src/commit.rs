//! Commits, as far as the rules look at them. Not here: reading git.

use std::fmt;
use std::sync::Arc;

/// One commit of a package's repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Name to show in diagnostics: the commit's hash, or what stands for it.
    pub id: String,
    /// The author's name. Who reads git replaces what is not UTF-8 by U+FFFD, here and in the other texts.
    pub author: String,
    /// The author's address.
    pub email: String,
    /// When it was committed (not authored), in seconds since 1970 UTC. Dates of entries are in UTC, whatever the
    /// zone of the commit.
    pub time: i64,
    /// The whole message.
    pub message: String,
    /// The spec at this commit, if there is one.
    pub spec: Option<Arc<[u8]>>,
    /// The file `changelog` at this commit, if there is one.
    pub changelog: Option<Arc<[u8]>>,
}

/// The commits on the line of first parents, newest first; at least one.
///
/// The last one is the root: nothing is known to be before it. A shallow clone must not be passed for a whole one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History(Vec<Commit>);

/// A history without commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmptyHistory;

impl fmt::Display for EmptyHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the history has no commits")
    }
}

impl std::error::Error for EmptyHistory {}

impl History {
    /// Makes a history of commits, newest first.
    pub fn new(commits: Vec<Commit>) -> Result<Self, EmptyHistory> {
        if commits.is_empty() { Err(EmptyHistory) } else { Ok(Self(commits)) }
    }

    /// Returns the commits, newest first.
    pub fn commits(&self) -> &[Commit] {
        &self.0
    }

    /// Returns the newest commit.
    pub fn newest(&self) -> &Commit {
        &self.0[0]
    }

    /// Returns the history with another spec at its newest commit.
    pub(crate) fn with_newest_spec(&self, spec: Arc<[u8]>) -> Self {
        let mut commits = self.0.clone();
        commits[0].spec = Some(spec);
        Self(commits)
    }
}
