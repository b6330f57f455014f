//! Why dist-git did not give what was asked for.

use std::path::PathBuf;

use azl_host::{CmdError, FileError};

use super::name::NameError;

/// What can go wrong with dist-git, a variant per decision a caller can make.
#[derive(Debug, thiserror::Error)]
pub enum DistGitError {
    /// A name is not one.
    #[error(transparent)]
    Name(#[from] NameError),
    /// There is no git, or one that is too old.
    #[error("git is needed to take specs from dist-git: {reason}\n  hint: install git 2.39 or newer")]
    NoGit {
        /// What was found instead.
        reason: String,
    },
    /// The server could not be reached; other packages there need not be tried.
    #[error("cannot reach the server of `{url}`: {reason}")]
    Unreachable {
        /// What was asked for.
        url: String,
        /// What git said.
        reason: String,
    },
    /// There is no such repository, or the server wants a password for it.
    #[error("there is no repository `{url}`: {reason}\n  hint: check `upstream-name` of the component")]
    NoRepository {
        /// What was asked for.
        url: String,
        /// What git said.
        reason: String,
    },
    /// The repository lacks the branch or the commit.
    #[error("`{url}` has no {wanted}\n  hint: check `dist-git-base-uri`, `dist-git-branch` and `upstream-commit`")]
    Absent {
        /// What was asked for.
        url: String,
        /// The branch or commit.
        wanted: String,
    },
    /// The server answered, but not as a git server should; nothing of the answer was kept.
    #[error("cannot take `{url}`: {reason}")]
    Refused {
        /// What was asked for.
        url: String,
        /// What git said.
        reason: String,
    },
    /// A lock file of git is in the way.
    #[error(
        "`{}` is locked\n  hint: another run works there, or one was killed; if none runs, remove the file", path.display()
    )]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// Something was not fetched yet; this is never an occasion to use the network.
    #[error("{what} of `{package}` is not in the store of dist-git\n  hint: cargo xtask update {package}")]
    Missing {
        /// The package.
        package: String,
        /// What is missing, e.g. ``file `a.patch` ``.
        what: String,
    },
    /// A pin means several commits of the package.
    #[error("`{pin}` is the beginning of several commits of `{package}`: {}\n  hint: write more digits", commits.join(", "))]
    Ambiguous {
        /// The package.
        package: String,
        /// The pin.
        pin: String,
        /// Whole ids of the commits.
        commits: Vec<String>,
    },
    /// No commit is as old as asked for.
    #[error("branch `{branch}` of `{package}` has no commit at or before {seconds} (seconds since 1970)")]
    NothingBefore {
        /// The package.
        package: String,
        /// The branch.
        branch: String,
        /// The instant.
        seconds: i64,
    },
    /// A commit holds files that are not taken.
    #[error("commit {commit} of `{package}` is refused:\n  {}", problems.join("\n  "))]
    Unacceptable {
        /// The package.
        package: String,
        /// The commit.
        commit: String,
        /// Every problem, with its path.
        problems: Vec<String>,
    },
    /// An object is not what its kind should look like.
    #[error("object {object} of dist-git is malformed: {reason}")]
    Malformed {
        /// Its id.
        object: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// The running git did not answer as expected.
    #[error("git broke off: {reason}")]
    Broken {
        /// What was seen.
        reason: String,
    },
    /// A git command failed for another reason.
    #[error(transparent)]
    Command(#[from] CmdError),
    /// A file of the store could not be used.
    #[error(transparent)]
    File(#[from] FileError),
}
