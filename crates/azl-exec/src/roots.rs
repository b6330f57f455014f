//! Composed roots: `roots/<digest of the layers>/`, a farm of hard links to the unpacked packages; beside it
//! `<digest>.used`, whose time says when it was used last.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use azl_action::Blob;
use azl_action::ports::{BlobStore, PortError, RootComposer};
use azl_host::{files, lock};

use crate::merge::{self, Entry, Listing};
use crate::trees::{self, file_error};

/// Directories that every root has, so that the sandbox can mount something there.
const MOUNT_POINTS: [&str; 9] = ["proc", "dev", "sys", "tmp", "var/tmp", "run", "builddir", "in", "out"];

/// Composes roots below a store directory.
#[derive(Debug)]
pub struct Roots {
    trees: PathBuf,
    roots: PathBuf,
    /// One composition at a time, here and in other processes: they share trees, and the disk is the bottleneck.
    composing: Mutex<()>,
}

impl Roots {
    /// Keeps trees and roots in the given store directory.
    pub fn new(store: &Path) -> Self {
        Self::over(store.join("trees"), store.join("roots"))
    }

    /// Keeps trees and roots in the given directories, which must be on one file system.
    pub fn over(trees: PathBuf, roots: PathBuf) -> Self {
        Self { trees, roots, composing: Mutex::default() }
    }

    fn materialise(&self, root: &Path, listing: &Listing) -> Result<(), PortError> {
        let mut directories: BTreeSet<&str> =
            listing.iter().filter(|(_, entry)| **entry == Entry::Directory).map(|(path, _)| path.as_str()).collect();
        directories.extend(MOUNT_POINTS);
        for directory in directories {
            files::create_dir_all(root.join(directory)).map_err(file_error)?;
        }
        let entries: Vec<(&String, &Entry)> = listing.iter().collect();
        // Neighbours share a directory, so each processor gets a stretch of the tree.
        let share = entries.len().div_ceil(azl_host::environment::processors().max(1)).max(1);
        std::thread::scope(|scope| {
            let threads: Vec<_> = entries.chunks(share).map(|chunk| scope.spawn(|| self.place(root, chunk))).collect();
            threads.into_iter().try_for_each(|thread| thread.join().expect("linking does not panic"))
        })
    }

    fn place(&self, root: &Path, entries: &[(&String, &Entry)]) -> Result<(), PortError> {
        for (path, entry) in entries {
            match entry {
                Entry::Directory => continue,
                Entry::File { source } => files::link_or_copy(self.trees.join(source), root.join(path)),
                Entry::Link { target } => files::symlink(target, root.join(path)),
            }
            .map_err(file_error)?;
        }
        Ok(())
    }
}

impl RootComposer for Roots {
    fn compose(&self, layers: &[Blob], store: &dyn BlobStore) -> Result<PathBuf, PortError> {
        let root = self.roots.join(azl_digest::canonical("root.v1", &layers).to_string());
        let used = root.with_extension("used");
        if files::is_dir(&root) {
            files::touch(&used).map_err(file_error)?;
            return Ok(root);
        }
        let _one = self.composing.lock();
        let _alone = lock::wait(&self.roots.join("lock"), "compose a root").map_err(file_error)?;
        if files::is_dir(&root) {
            return Ok(root);
        }
        let listings: Vec<Listing> = unpack_all(&self.trees, layers, store)?;
        let merged = merge::merge(&listings);
        let scratch = store.scratch("root")?;
        self.materialise(&scratch, &merged)?;
        files::touch(&used).map_err(file_error)?;
        files::rename(&scratch, &root).map_err(file_error)?;
        Ok(root)
    }
}

/// Unpacks on all processors; the order of the result is the order of the layers.
fn unpack_all(trees: &Path, layers: &[Blob], store: &dyn BlobStore) -> Result<Vec<Listing>, PortError> {
    let workers = azl_host::environment::processors().max(1);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let work = || {
        let mut mine = Vec::new();
        loop {
            let index = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let Some(layer) = layers.get(index) else { return mine };
            mine.push((index, trees::listing(trees, layer, store)));
        }
    };
    let mut all = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("unpacking does not panic")).collect::<Vec<_>>()
    });
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, listing)| listing).collect()
}
