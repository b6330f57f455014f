//! Objects by id or name, from one `git cat-file` that is kept running.
//!
//! **Invariant:** one process for a store, however many objects are read; a lock is held for one question at a time.

use std::io;
use std::sync::{Mutex, PoisonError};

use azl_host::Dialogue;

use super::commit::Commit;
use super::error::DistGitError;
use super::git::Git;
use super::name::CommitId;
use super::tree::{self, Entry};

/// Largest commit or tree that is read, in bytes.
const STRUCTURE_LIMIT: u64 = 16 << 20;

/// Reads the objects of one repository.
#[derive(Debug)]
pub(super) struct Objects {
    git: Git,
    process: Mutex<Option<Dialogue>>,
}

/// What is known of an object before it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    id: String,
    kind: String,
    size: u64,
}

/// A file's content.
#[derive(Debug)]
pub(super) enum Blob {
    /// It is there.
    Here(Vec<u8>),
    /// It was left out when its commit was fetched.
    Absent,
    /// It has more bytes than the caller takes.
    TooLarge(u64),
}

impl Objects {
    pub(super) fn new(git: Git) -> Self {
        Self { git, process: Mutex::new(None) }
    }

    /// Returns the commit a ref is at.
    pub(super) fn tip(&self, reference: &str) -> Result<Option<CommitId>, DistGitError> {
        let head = self.converse(|git| head(git, "info", reference))?;
        match head {
            Some(head) if head.kind == "commit" => Ok(Some(head.id.parse()?)),
            _ => Ok(None),
        }
    }

    /// Returns whether an object is there. A miss makes git look at every pack; callers bound their misses.
    pub(super) fn has(&self, id: &str) -> Result<bool, DistGitError> {
        self.converse(|git| Ok(head(git, "info", id)?.is_some()))
    }

    /// Reads a commit, if it is there.
    pub(super) fn commit(&self, id: &CommitId) -> Result<Option<Commit>, DistGitError> {
        let Some(bytes) = self.structure(id.as_str(), "commit")? else { return Ok(None) };
        Commit::parse(&bytes).map(Some).map_err(|reason| DistGitError::Malformed { object: id.to_string(), reason })
    }

    /// Reads a directory, if it is there.
    pub(super) fn tree(&self, id: &str) -> Result<Option<Vec<Entry>>, DistGitError> {
        let Some(bytes) = self.structure(id, "tree")? else { return Ok(None) };
        tree::parse(&bytes).map(Some).map_err(|reason| DistGitError::Malformed { object: id.to_owned(), reason })
    }

    /// Reads a file's content of at most `limit` bytes.
    pub(super) fn blob(&self, id: &str, limit: u64) -> Result<Blob, DistGitError> {
        self.converse(|git| match contents(git, id, limit)? {
            None => Ok(Blob::Absent),
            Some((head, None)) => Ok(Blob::TooLarge(head.size)),
            Some((_, Some(bytes))) => Ok(Blob::Here(bytes)),
        })
    }

    fn structure(&self, id: &str, kind: &str) -> Result<Option<Vec<u8>>, DistGitError> {
        let malformed = |reason| DistGitError::Malformed { object: id.to_owned(), reason };
        match self.converse(|git| contents(git, id, STRUCTURE_LIMIT))? {
            None => Ok(None),
            Some((head, _)) if head.kind != kind => Err(malformed("of another kind than expected")),
            Some((_, None)) => Err(malformed("too large for its kind")),
            Some((_, bytes)) => Ok(bytes),
        }
    }

    /// Has a talk with the process; one that ended, e.g. because someone killed it, is started again, once.
    fn converse<T>(&self, talk: impl Fn(&mut Dialogue) -> io::Result<T>) -> Result<T, DistGitError> {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let mut result = Err(io::ErrorKind::NotConnected.into());
        for _ in 0..2 {
            let mut git = match process.take() {
                Some(git) => git,
                None => self.git.offline().args(["cat-file", "--batch-command"]).converse()?,
            };
            result = talk(&mut git);
            if result.is_ok() {
                *process = Some(git);
                break;
            }
        }
        result.map_err(|error| DistGitError::Broken { reason: format!("`git cat-file`: {error}") })
    }
}

fn contents(git: &mut Dialogue, name: &str, limit: u64) -> io::Result<Option<(Head, Option<Vec<u8>>)>> {
    let Some(head) = head(git, "contents", name)? else { return Ok(None) };
    let bytes = match usize::try_from(head.size) {
        Ok(size) if head.size <= limit => {
            let mut bytes = vec![0; size];
            git.fill(&mut bytes)?;
            Some(bytes)
        }
        _ => {
            git.skip(head.size)?;
            None
        }
    };
    git.skip(1)?;
    Ok(Some((head, bytes)))
}

/// Asks `question` about an object and reads the line `<id> <kind> <size>`.
fn head(git: &mut Dialogue, question: &str, name: &str) -> io::Result<Option<Head>> {
    git.ask(format!("{question} {name}\n").as_bytes())?;
    let line = String::from_utf8_lossy(&git.line()?).into_owned();
    if line.strip_prefix(name).is_some_and(|rest| rest == " missing") {
        return Ok(None);
    }
    let unexpected = || io::Error::new(io::ErrorKind::InvalidData, format!("unexpected answer `{line}`"));
    let words: Vec<_> = line.split(' ').collect();
    let [id, kind, size] = words[..] else { return Err(unexpected()) };
    let size = size.parse().map_err(|_| unexpected())?;
    Ok(Some(Head { id: id.to_owned(), kind: kind.to_owned(), size }))
}
