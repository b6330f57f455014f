//! What comes over the network.
//!
//! A package costs one pack for its commits and trees, and one for the contents that are wanted of it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use azl_host::{Cmd, CmdError};

use super::error::DistGitError;
use super::git::{ODDITIES, REMOTE};
use super::name::{Address, Branch, CommitId, Package};
use super::{DistGit, branch_ref, pin_ref};

/// Objects asked for in one request: 250 kB of ids.
const REQUEST: usize = 5_000;
/// Absent objects that are looked up one by one. Each makes git look at all packs; after so many, the rest is taken to
/// be absent too and is asked for: what was fetched before is there from the oldest on.
const MOST_MISSES: usize = 8;
/// Times a fetch is tried when another run moves the same ref.
const ATTEMPTS: usize = 3;

/// Leaves file contents out.
const PARTIAL: &str = "--filter=blob:none";
/// Of every fetch.
const OPTIONS: [&str; 7] = [
    "--no-tags",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
    "--no-recurse-submodules",
    "--no-show-forced-updates",
    "--refmap=",
    "--quiet",
];

/// A branch that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its newest commit.
    pub tip: CommitId,
    /// How it got there.
    pub movement: Movement,
}

/// How a fetch moved a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Movement {
    /// It was not known before.
    New,
    /// It is where it was.
    None,
    /// Commits were added to it.
    Forward,
    /// It was rewritten; the commit where it was is kept.
    Rewritten {
        /// Where it was.
        from: CommitId,
    },
}

/// How much a prefetch brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The files of the commit.
    Files,
    /// The files of the commit, and the spec and changelog of every commit in its first-parent history.
    History,
}

/// What a prefetch did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefetched {
    /// Contents that are needed.
    pub needed: usize,
    /// Contents that were asked for, since they were not there.
    pub asked: usize,
}

impl DistGit {
    /// Fetches the commits and directories of a branch; file contents are left out if the server can do so.
    ///
    /// # Errors
    /// [`DistGitError`] by what the caller can do; the branch stays where it was.
    pub fn fetch(&self, package: &Package, url: &Address, branch: &Branch) -> Result<Fetched, DistGitError> {
        let reference = branch_ref(package, branch);
        let before = self.objects.tip(&reference)?;
        let known = before.as_ref().map(|_| reference.as_str());
        self.bring(url, known, &format!("+refs/heads/{branch}:{reference}"), &format!("branch `{branch}`"))?;
        let broken = || DistGitError::Broken { reason: format!("`git fetch` left no {reference}") };
        let tip = self.objects.tip(&reference)?.ok_or_else(broken)?;
        let movement = self.movement(package, before, &tip)?;
        Ok(Fetched { tip, movement })
    }

    /// Fetches a commit by its id, with its history, for a pin that is on no branch; it is kept for good.
    ///
    /// # Errors
    /// [`DistGitError::Absent`] if the server has no such commit or does not give it away.
    pub fn fetch_commit(&self, package: &Package, url: &Address, commit: &CommitId) -> Result<(), DistGitError> {
        let reference = pin_ref(package, commit);
        if self.objects.tip(&reference)?.is_some() {
            return Ok(());
        }
        self.bring(url, None, &format!("{commit}:{reference}"), &format!("commit {commit}"))
    }

    /// Fetches the file contents that reading a commit needs, as far as they are not there, in one request or few.
    ///
    /// Sizes are not known beforehand, so that large files come too; [`DistGit::files`] is what refuses them.
    ///
    /// # Errors
    /// [`DistGitError::Missing`] if the commit was not fetched; otherwise as [`DistGit::fetch`].
    pub fn prefetch(
        &self,
        package: &Package,
        url: &Address,
        commit: &CommitId,
        reach: Reach,
    ) -> Result<Prefetched, DistGitError> {
        let mut needed = match reach {
            Reach::Files => Vec::new(),
            Reach::History => self.texts(package, commit)?,
        };
        needed.extend(self.blobs(package, commit)?);
        let mut seen = BTreeSet::new();
        needed.retain(|id| seen.insert(id.clone()));
        let absent = self.absent(&needed)?;
        for ids in absent.chunks(REQUEST) {
            let cmd = ask(self.git.online(url), None).args([PARTIAL, "--stdin", REMOTE]).input(ids.join("\n") + "\n");
            self.run(&cmd, url, &format!("file contents of commit {commit}"))?;
        }
        Ok(Prefetched { needed: needed.len(), asked: absent.len() })
    }

    /// Returns what is not there of a list that begins with what was probably fetched first.
    fn absent(&self, needed: &[String]) -> Result<Vec<String>, DistGitError> {
        let mut absent = Vec::new();
        for id in needed {
            if absent.len() >= MOST_MISSES || !self.objects.has(id)? {
                absent.push(id.clone());
            }
        }
        Ok(absent)
    }

    fn movement(&self, package: &Package, before: Option<CommitId>, tip: &CommitId) -> Result<Movement, DistGitError> {
        let Some(from) = before else { return Ok(Movement::New) };
        if from == *tip {
            return Ok(Movement::None);
        }
        if self.reaches(package, tip, &from)? {
            return Ok(Movement::Forward);
        }
        let keep = ["update-ref".to_owned(), pin_ref(package, &from), from.to_string()];
        self.git.offline().args(keep).output()?;
        Ok(Movement::Rewritten { from })
    }

    /// Fetches commits and directories to a ref.
    ///
    /// Git (2.47 at least) lets no harmless oddity pass where contents are left out, whatever it is told; with contents
    /// it does. The few packages that have one come whole.
    fn bring(&self, url: &Address, known: Option<&str>, refspec: &str, wanted: &str) -> Result<(), DistGitError> {
        let partial = self.run(&ask(self.git.online(url), known).args([PARTIAL, REMOTE, refspec]), url, wanted);
        let odd = |reason: &String| ODDITIES.iter().any(|oddity| reason.contains(&format!(": {oddity}: ")));
        match partial {
            Err(DistGitError::Refused { reason, .. }) if odd(&reason) => {
                self.run(&ask(self.git.online_whole(url), known).args([REMOTE, refspec]), url, wanted)
            }
            other => other,
        }
    }

    fn run(&self, cmd: &Cmd, url: &Address, wanted: &str) -> Result<(), DistGitError> {
        let mut attempt = 1;
        while let Err(error) = cmd.output() {
            let CmdError::Failed { cause, tail, .. } = &error else { return Err(error.into()) };
            if attempt == ATTEMPTS || !is_race(tail) {
                return Err(refusal(url, wanted, cause, tail));
            }
            attempt += 1;
        }
        self.count_pack();
        Ok(())
    }
}

/// Begins a fetch that tells the server of the commits behind `known` and of no others: the store has all packages'.
fn ask(cmd: Cmd, known: Option<&str>) -> Cmd {
    match known {
        Some(reference) => cmd.arg("fetch").args(OPTIONS).arg(format!("--negotiation-tip={reference}")),
        None => cmd.args(["-c", "fetch.negotiationAlgorithm=noop", "fetch"]).args(OPTIONS),
    }
}

/// Returns whether another run moved the ref in between; it is then enough to ask again.
fn is_race(tail: &str) -> bool {
    tail.contains("cannot lock ref") && !tail.contains("Unable to create")
}

/// Tells by what git said, in the C locale, what the caller can do.
fn refusal(url: &Address, wanted: &str, cause: &str, tail: &str) -> DistGitError {
    let says = |parts: &[&str]| parts.iter().any(|part| tail.contains(part));
    let (url, reason) = (url.to_string(), reason(cause, tail));
    if let Some(path) = lock_file(tail) {
        return DistGitError::Locked { path };
    }
    if says(&["find remote ref", "not our ref", "unadvertised object"]) {
        return DistGitError::Absent { url, wanted: wanted.to_owned() };
    }
    if says(&["Could not resolve", "Failed to connect", "Couldn't connect", "Could not connect", "Connection refused"])
    {
        return DistGitError::Unreachable { url, reason };
    }
    if says(&["' not found", "could not read Username", "Authentication failed", "returned error: 403"]) {
        return DistGitError::NoRepository { url, reason };
    }
    DistGitError::Refused { url, reason }
}

/// Finds `Unable to create '<path>.lock': File exists`.
fn lock_file(tail: &str) -> Option<PathBuf> {
    let (_, rest) = tail.split_once("Unable to create '")?;
    let (path, rest) = rest.split_once('\'')?;
    rest.starts_with(": File exists").then(|| PathBuf::from(path))
}

/// Returns git's own complaints, or else how it ended.
fn reason(cause: &str, tail: &str) -> String {
    let complaint = |line: &&str| ["fatal: ", "error: ", "remote: "].iter().any(|word| line.starts_with(word));
    let complaints: Vec<_> = tail.lines().filter(complaint).take(5).collect();
    if complaints.is_empty() { cause.to_owned() } else { complaints.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_says_becomes_what_one_can_do() {
        let url: Address = "https://host.example/rpms/bash.git".parse().expect("an address");
        let of = |tail: &str| refusal(&url, "branch `f43`", "exit status 128", tail);
        assert!(matches!(of("fatal: couldn't find remote ref refs/heads/f43"), DistGitError::Absent { .. }));
        assert!(matches!(
            of("fatal: unable to access 'https://host.example/': Could not resolve host: host.example"),
            DistGitError::Unreachable { .. }
        ));
        assert!(matches!(of("fatal: repository 'https://host.example/' not found"), DistGitError::NoRepository { .. }));
        let DistGitError::Refused { reason, .. } = of("fatal: pack has bad object at offset 7: fsck error") else {
            panic!("refused")
        };
        assert_eq!(reason, "fatal: pack has bad object at offset 7: fsck error");
        let locked =
            of("error: cannot lock ref 'refs/x': Unable to create '/s/refs/x.lock': File exists.\n\nAnother git");
        assert_eq!(locked.to_string().lines().next(), Some("`/s/refs/x.lock` is locked"));
    }
}
