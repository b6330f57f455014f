//! Specs from dist-git: one repository for each package, kept in one store of git objects for each distribution.
//!
//! The store is a bare repository that only this module writes. The branch `f43` of `bash` is its
//! `refs/dist-git/bash/f43`; commits that were fetched by id, or that a rewritten branch left behind, are
//! `refs/dist-git-pin/bash/<id>`. Commits and trees come first, file contents when they are asked for.
//!
//! | uses the network | reads the store only |
//! |---|---|
//! | [`DistGit::fetch`], [`DistGit::fetch_commit`], [`DistGit::prefetch`] | [`DistGit::resolve`], [`DistGit::files`], [`DistGit::history`] |
//!
//! Git itself does the work, by its command line: it is where git's formats and its defences against servers that lie
//! are kept up. It is told every setting; the host's and the user's are not read.
//!
//! Not here: which commit is wanted (the lock says), tarballs (a `sources` file names them), what a spec means.
//!
//! **Invariant:** a read never uses the network: no remote is configured for it, so that git cannot fetch behind it.
//! **Invariant:** what a server sends is checked by git (hashes, form, connection) before it can be found in the store.
//! **Invariant:** no object is ever deleted from the store, so that a commit once pinned stays.

mod commit;
mod error;
mod files;
mod git;
mod history;
mod name;
mod objects;
mod resolve;
mod transfer;
mod tree;
mod upkeep;

use std::path::Path;

pub use commit::Signature;
pub use error::DistGitError;
pub use files::TreeFile;
pub use history::{History, Record};
pub use name::{Address, Branch, CommitId, NameError, Package, Pin};
pub use resolve::{Resolved, Selector, Warning};
pub use transfer::{Fetched, Movement, Prefetched, Reach};

use git::Git;
use objects::Objects;
use upkeep::Upkeep;

/// The dist-git repositories of one distribution, as far as they were fetched.
///
/// Several threads may use one; several processes may use one directory.
#[derive(Debug)]
pub struct DistGit {
    git: Git,
    objects: Objects,
    upkeep: Upkeep,
}

impl DistGit {
    /// Opens the store at `directory`, e.g. `<store>/dist-git/fedora.git`; an absent one is made.
    ///
    /// # Errors
    /// [`DistGitError::NoGit`] if git is absent or older than 2.39; otherwise what the file system said.
    pub fn open(directory: &Path) -> Result<Self, DistGitError> {
        let git = Git::open(directory)?;
        Ok(Self { objects: Objects::new(git.clone()), git, upkeep: Upkeep::default() })
    }
}

/// Returns the ref that holds a branch.
fn branch_ref(package: &Package, branch: &Branch) -> String {
    format!("refs/dist-git/{package}/{branch}")
}

/// Returns the ref that keeps a commit which is on no branch.
fn pin_ref(package: &Package, commit: &CommitId) -> String {
    format!("refs/dist-git-pin/{package}/{commit}")
}
