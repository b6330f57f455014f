//! Which commit is meant.
//!
//! **Invariant:** a pin is looked for among the package's own commits only; the store holds thousands of packages, and
//! seven digits of one are soon those of another.

use std::collections::BTreeSet;

use super::commit::Commit;
use super::error::DistGitError;
use super::name::{Branch, CommitId, Package, Pin};
use super::{DistGit, branch_ref, pin_ref};

/// How a commit is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// The one commit of the package whose id begins so.
    Pin(Pin),
    /// The newest commit of the branch's first-parent history whose committer date, in seconds since 1970, is this or
    /// earlier. Newest is by history, not by date: where dates go backwards, a commit that is dated early enough is
    /// taken although a commit before it is dated later, and the result says so.
    Before(i64),
    /// The newest commit of the branch, as of the last fetch.
    Tip,
}

/// A commit that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The commit.
    pub commit: CommitId,
    /// What a person should know of the choice.
    pub warnings: Vec<Warning>,
}

/// What may be wrong with a choice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// The pinned commit cannot be reached from the branch: another branch's, or the branch was rewritten.
    #[error("commit {commit} is not on branch `{branch}`")]
    NotOnBranch {
        /// The commit.
        commit: CommitId,
        /// The branch.
        branch: Branch,
    },
    /// The chosen commit is dated early enough, but comes after one that is not.
    #[error("commit {chosen} comes after {younger}, which is dated later: a date in this history is wrong")]
    DatesGoBackwards {
        /// The chosen commit.
        chosen: CommitId,
        /// The nearest commit before it that is dated after the wanted instant.
        younger: CommitId,
    },
}

impl DistGit {
    /// Chooses a commit from what was fetched.
    ///
    /// # Errors
    /// [`DistGitError::Missing`] if the branch or the commit was not fetched, [`DistGitError::Ambiguous`] if a pin has too
    /// few digits, [`DistGitError::NothingBefore`] if the branch is younger than the instant.
    pub fn resolve(&self, package: &Package, branch: &Branch, selector: &Selector) -> Result<Resolved, DistGitError> {
        let missing = || DistGitError::Missing { package: package.to_string(), what: format!("branch `{branch}`") };
        let tip = self.objects.tip(&branch_ref(package, branch))?;
        match selector {
            Selector::Tip => Ok(Resolved { commit: tip.ok_or_else(missing)?, warnings: Vec::new() }),
            Selector::Before(seconds) => self.before(package, branch, tip.ok_or_else(missing)?, *seconds),
            Selector::Pin(pin) => self.pinned(package, branch, tip, pin),
        }
    }

    /// Returns a commit that must be there.
    pub(super) fn commit(&self, package: &Package, id: &CommitId) -> Result<Commit, DistGitError> {
        let missing = || DistGitError::Missing { package: package.to_string(), what: format!("commit {id}") };
        self.objects.commit(id)?.ok_or_else(missing)
    }

    fn before(
        &self,
        package: &Package,
        branch: &Branch,
        tip: CommitId,
        seconds: i64,
    ) -> Result<Resolved, DistGitError> {
        let (mut next, mut chosen) = (Some(tip), None);
        // The walk goes on behind the chosen commit, to the first that is dated too late.
        while let Some(id) = next {
            let commit = self.commit(package, &id)?;
            match (commit.committer.time <= seconds, &chosen) {
                (true, None) => chosen = Some(id),
                (false, Some(chosen)) => {
                    let warning = Warning::DatesGoBackwards { chosen: chosen.clone(), younger: id };
                    return Ok(Resolved { commit: chosen.clone(), warnings: vec![warning] });
                }
                _ => {}
            }
            next = commit.parents.into_iter().next();
        }
        let nothing =
            || DistGitError::NothingBefore { package: package.to_string(), branch: branch.to_string(), seconds };
        Ok(Resolved { commit: chosen.ok_or_else(nothing)?, warnings: Vec::new() })
    }

    fn pinned(
        &self,
        package: &Package,
        branch: &Branch,
        tip: Option<CommitId>,
        pin: &Pin,
    ) -> Result<Resolved, DistGitError> {
        let on_branch = self.meant_by(package, pin, tip)?;
        if let Some(commit) = only(package, pin, on_branch)? {
            return Ok(Resolved { commit, warnings: Vec::new() });
        }
        let elsewhere = self.meant_by(package, pin, self.tips_of(package, pin)?)?;
        if let Some(commit) = only(package, pin, elsewhere)? {
            let warning = Warning::NotOnBranch { commit: commit.clone(), branch: branch.clone() };
            return Ok(Resolved { commit, warnings: vec![warning] });
        }
        let whole = pin.as_str().len() == 40;
        let more = if whole { "" } else { " (a commit that is on no branch needs all its 40 digits)" };
        Err(DistGitError::Missing { package: package.to_string(), what: format!("commit `{}`{more}", pin.as_str()) })
    }

    /// Returns the commits that the pin means among all that can be reached; a whole id ends the search.
    fn meant_by(
        &self,
        package: &Package,
        pin: &Pin,
        from: impl IntoIterator<Item = CommitId>,
    ) -> Result<Vec<CommitId>, DistGitError> {
        let mut waiting: Vec<CommitId> = from.into_iter().collect();
        let mut seen: BTreeSet<CommitId> = waiting.iter().cloned().collect();
        let mut found = Vec::new();
        while let Some(id) = waiting.pop() {
            if id.is_meant_by(pin) {
                found.push(id.clone());
                if pin.as_str().len() == 40 {
                    break;
                }
            }
            for parent in self.commit(package, &id)?.parents {
                if seen.insert(parent.clone()) {
                    waiting.push(parent);
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// Returns whether `ancestor` can be reached from `from`.
    pub(super) fn reaches(
        &self,
        package: &Package,
        from: &CommitId,
        ancestor: &CommitId,
    ) -> Result<bool, DistGitError> {
        let pin: Pin = ancestor.as_str().parse()?;
        Ok(!self.meant_by(package, &pin, [from.clone()])?.is_empty())
    }

    /// Returns where all branches and kept commits of a package are; costs a process unless the pin is kept itself.
    fn tips_of(&self, package: &Package, pin: &Pin) -> Result<Vec<CommitId>, DistGitError> {
        if let Ok(id) = pin.as_str().parse()
            && let Some(kept) = self.objects.tip(&pin_ref(package, &id))?
        {
            return Ok(vec![kept]);
        }
        let patterns = [format!("refs/dist-git/{package}/"), format!("refs/dist-git-pin/{package}/")];
        let list = self.git.offline().args(["for-each-ref", "--format=%(objectname)"]).args(patterns).output()?;
        let ids = String::from_utf8_lossy(&list.stdout).lines().map(str::parse).collect::<Result<_, _>>()?;
        Ok(ids)
    }
}

fn only(package: &Package, pin: &Pin, mut found: Vec<CommitId>) -> Result<Option<CommitId>, DistGitError> {
    match found.len() {
        0 | 1 => Ok(found.pop()),
        _ => Err(DistGitError::Ambiguous {
            package: package.to_string(),
            pin: pin.to_string(),
            commits: found.iter().map(CommitId::to_string).collect(),
        }),
    }
}
