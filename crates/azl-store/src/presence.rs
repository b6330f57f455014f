//! Which names are there, below the 256 directories of blobs or of results: read once, not asked file by file.
//!
//! Not here: whether the bytes under a name are right; that is seen when they are used.
//!
//! **Invariant:** what is listed was there when its directory was read; what is not listed is looked for.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use azl_digest::Digest;
use azl_host::files;

/// The names below one directory, each in a directory of its first two digits.
#[derive(Debug)]
pub(crate) struct Presence {
    root: PathBuf,
    shards: Vec<Mutex<Option<HashSet<Digest>>>>,
}

impl Presence {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root, shards: std::iter::repeat_with(Mutex::default).take(256).collect() }
    }

    /// Returns the path of a name, whether or not it is there.
    pub(crate) fn path(&self, digest: Digest) -> PathBuf {
        let name = digest.to_string();
        self.root.join(&name[..2]).join(name)
    }

    pub(crate) fn contains(&self, digest: Digest) -> bool {
        let mut shard = self.shard(digest);
        let names = shard.get_or_insert_with(|| list(&self.root, digest));
        // Another run may have put it there since.
        names.contains(&digest) || (files::size(self.path(digest)).is_some() && names.insert(digest))
    }

    /// Notes that a name appeared.
    pub(crate) fn insert(&self, digest: Digest) {
        if let Some(names) = &mut *self.shard(digest) {
            names.insert(digest);
        }
    }

    /// Notes that a name is not what it was said to be.
    pub(crate) fn forget(&self, digest: Digest) {
        if let Some(names) = &mut *self.shard(digest) {
            names.remove(&digest);
        }
    }

    fn shard(&self, digest: Digest) -> MutexGuard<'_, Option<HashSet<Digest>>> {
        let shard = &self.shards[usize::from(digest.as_bytes()[0])];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An unreadable directory has no names; each is then looked for by itself.
fn list(root: &Path, digest: Digest) -> HashSet<Digest> {
    let directory = root.join(format!("{:02x}", digest.as_bytes()[0]));
    files::list(directory).unwrap_or_default().iter().filter_map(|name| name.parse().ok()).collect()
}
