//! Gets files whose digests are known beforehand, specs from dist-git, and asks apt what a seed consists of.
//!
//! [`HostFetcher`] does `Fetch` actions: every file's origins are tried in order, by one backend per kind of origin.
//! [`DistGit`] brings specs of other distributions, from their git repositories.
//! [`AptState`] is the only mover of the seed: it resolves package names to versions and digests, for a lock.
//!
//! Not here: keeping files (the store does), deciding what is wanted (the plan does).
//!
//! **Invariant:** bytes that do not have the wanted digest never reach the store.
//! **Invariant:** nothing of the host's own apt state is changed: lists, caches and settings stay as they are.

mod apt_state;
mod backends;
mod deb822;
mod dist_git;
mod fetcher;
mod mirrors;
mod verify;

#[cfg(test)]
mod fixture;

pub use apt_state::{AptState, Indexes, LockedPackage, LockedSource, ResolveError, Suites};
pub use dist_git::{
    Address, Branch, CommitId, DistGit, DistGitError, Fetched, History, Movement, NameError, Package, Pin, Prefetched,
    Reach, Record, Resolved, Selector, Signature, TreeFile, Warning,
};
pub use fetcher::HostFetcher;
pub use mirrors::MIRROR_VARIABLE;
