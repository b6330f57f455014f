//! What there is in a store, how large it is, when it was used, and whether one of the last runs needs it.
//!
//! A run needs the actions that its `runs/<id>/actions.json` lists: their results, outputs and logs.
//!
//! **Invariant:** if it cannot be told what one of the last runs needs, there is no inventory.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use azl_action::ActionResult;
use azl_action::ports::PortError;
use azl_digest::Digest;
use azl_host::{FileError, files};

use crate::actions;
use crate::blobs::infrastructure;

/// Kinds of things that can be removed; of equals, the first goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A buildroot.
    Root,
    /// An unpacked package.
    Tree,
    /// A file that was not what its name said.
    Refused,
    /// The record of a run.
    Run,
    /// What an action printed.
    Log,
    /// The result of an action.
    Result,
    /// Content.
    Blob,
}

impl Kind {
    /// Returns the name of many of them.
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "roots",
            Self::Tree => "trees",
            Self::Refused => "quarantine",
            Self::Run => "runs",
            Self::Log => "logs",
            Self::Result => "results",
            Self::Blob => "blobs",
        }
    }

    /// Whether it is made again from the rest without doing an action.
    pub(super) fn is_derived(self) -> bool {
        matches!(self, Self::Root | Self::Tree | Self::Refused)
    }
}

/// One thing.
#[derive(Debug, Clone)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was used last, in seconds since 1970.
    pub used: u64,
    /// Whether one of the last runs needs it.
    pub needed: bool,
}

/// What runs say of actions.
#[derive(Default)]
struct Uses {
    needed: HashSet<Digest>,
    /// When a run listed the action last.
    used: HashMap<Digest, u64>,
    /// When the first run that counts was.
    since: Option<u64>,
}

/// Lists everything that garbage collection may remove.
pub(super) fn take(store: &Path, runs: usize) -> Result<Vec<Item>, PortError> {
    let mut items = Vec::new();
    let uses = read_runs(store, runs, &mut items)?;
    let blobs = results(store, &uses, &mut items).map_err(infrastructure)?;
    files_below(store, Kind::Blob, &mut items, |digest| blobs.get(&digest).copied().unwrap_or_default())
        .map_err(infrastructure)?;
    logs(store, &uses, &mut items).map_err(infrastructure)?;
    derived(store, uses.since, &mut items).map_err(infrastructure)?;
    Ok(items)
}

/// When something was used, and whether it is needed.
#[derive(Debug, Clone, Copy, Default)]
struct Use {
    used: u64,
    needed: bool,
}

fn read_runs(store: &Path, keep: usize, items: &mut Vec<Item>) -> Result<Uses, PortError> {
    let directory = store.join("runs");
    let mut uses = Uses::default();
    let mut left = keep;
    for name in files::list(&directory).map_err(infrastructure)?.iter().rev().filter(|name| !name.starts_with('.')) {
        let path = directory.join(name);
        let list = path.join("actions.json");
        let used = files::modified(&list).or_else(|| files::modified(&path)).unwrap_or(0);
        let counts = left > 0 && files::exists(&list);
        match actions_of(&list) {
            Ok(actions) => {
                for action in actions {
                    let last = uses.used.entry(action).or_default();
                    *last = used.max(*last);
                    if counts {
                        uses.needed.insert(action);
                    }
                }
            }
            Err(why) if counts => return Err(unreadable(&list, &why)),
            Err(_) => {}
        }
        if counts {
            left -= 1;
            uses.since = Some(uses.since.map_or(used, |since| since.min(used)));
        }
        let bytes = files::usage(&path).map_err(infrastructure)?.files;
        items.push(Item { kind: Kind::Run, path, bytes, used, needed: counts });
    }
    Ok(uses)
}

fn actions_of(list: &Path) -> Result<Vec<Digest>, String> {
    let bytes = files::read(list).map_err(|error| error.to_string())?;
    let actions: BTreeMap<String, Digest> = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    Ok(actions.into_values().collect())
}

fn unreadable(list: &Path, why: &str) -> PortError {
    let run = list.parent().unwrap_or(list).display();
    PortError::Infrastructure(format!(
        "cannot tell what a run needs: `{}`: {why}\n  hint: remove `{run}`, or keep fewer runs",
        list.display()
    ))
}

/// Adds all results and returns the use of the blobs that they name.
fn results(store: &Path, uses: &Uses, items: &mut Vec<Item>) -> Result<HashMap<Digest, Use>, FileError> {
    let mut blobs: HashMap<Digest, Use> = HashMap::new();
    let first = items.len();
    let of_action = |action: Digest| Use {
        used: uses.used.get(&action).copied().unwrap_or(0),
        needed: uses.needed.contains(&action),
    };
    files_below(store, Kind::Result, items, of_action)?;
    for item in &items[first..] {
        let Some(ActionResult { outputs, log, .. }) = actions::read(&item.path) else { continue };
        for blob in outputs.into_values().chain(log) {
            let of_blob = blobs.entry(blob).or_default();
            of_blob.used = of_blob.used.max(item.used);
            of_blob.needed |= item.needed;
        }
    }
    Ok(blobs)
}

/// Adds the files of `blobs/` or `actions/`.
fn files_below(store: &Path, kind: Kind, items: &mut Vec<Item>, of: impl Fn(Digest) -> Use) -> Result<(), FileError> {
    let root = store.join(if kind == Kind::Blob { "blobs" } else { "actions" });
    for shard in directories(&root)? {
        for name in files::list(&shard)? {
            let Ok(digest) = name.parse() else { continue };
            add(kind, shard.join(name), of(digest), items);
        }
    }
    Ok(())
}

fn logs(store: &Path, uses: &Uses, items: &mut Vec<Item>) -> Result<(), FileError> {
    let root = store.join("logs");
    for name in files::list(&root)? {
        let action: Option<Digest> = name.strip_suffix(".log").and_then(|name| name.parse().ok());
        let needed = action.is_some_and(|action| uses.needed.contains(&action));
        add(Kind::Log, root.join(name), Use { used: 0, needed }, items);
    }
    Ok(())
}

fn add(kind: Kind, path: PathBuf, of: Use, items: &mut Vec<Item>) {
    let bytes = files::size(&path).unwrap_or(0);
    let used = files::modified(&path).unwrap_or(0).max(of.used);
    items.push(Item { kind, path, bytes, used, needed: of.needed });
}

/// Adds roots, trees, which are used as lately as the roots that link to them, and refused files.
fn derived(store: &Path, since: Option<u64>, items: &mut Vec<Item>) -> Result<(), FileError> {
    let is_used = |used: u64| since.is_some_and(|since| used >= since);
    let mut used_files: HashMap<u64, u64> = HashMap::new();
    let roots = store.join("roots");
    for path in directories(&roots)? {
        let used = files::modified(path.with_extension("used")).or_else(|| files::modified(&path)).unwrap_or(0);
        let usage = files::usage(&path)?;
        for inode in usage.inodes {
            let last = used_files.entry(inode).or_default();
            *last = used.max(*last);
        }
        // Its files are the trees'.
        items.push(Item { kind: Kind::Root, path, bytes: usage.directories, used, needed: is_used(used) });
    }
    for path in directories(&store.join("trees"))? {
        let usage = files::usage(&path)?;
        let linked = usage.inodes.iter().filter_map(|inode| used_files.get(inode)).max();
        let used = files::modified(path.with_extension("json")).unwrap_or(0).max(linked.copied().unwrap_or(0));
        let bytes = usage.files + usage.directories;
        items.push(Item { kind: Kind::Tree, path, bytes, used, needed: is_used(used) });
    }
    let refused = store.join("quarantine");
    for name in files::list(&refused)? {
        add(Kind::Refused, refused.join(name), Use::default(), items);
    }
    Ok(())
}

fn directories(root: &Path) -> Result<Vec<PathBuf>, FileError> {
    let paths = files::list(root)?.into_iter().map(|name| root.join(name));
    Ok(paths.filter(|path| files::is_dir(path)).collect())
}

/// Removes temporary files of killed runs, and marks of roots and listings of trees that are gone.
pub(super) fn remove_litter(store: &Path) -> Result<(), FileError> {
    let sharded = ["blobs", "actions"].map(|name| store.join(name));
    let mut places: Vec<PathBuf> =
        ["roots", "trees", "logs", "history", "runs", ""].map(|name| store.join(name)).into();
    for root in sharded {
        places.extend(directories(&root)?);
    }
    for place in places {
        for name in files::list(&place)?.iter().filter(|name| name.starts_with('.')) {
            let path = place.join(name);
            if files::size(&path).is_some() {
                files::remove_file(path)?;
            }
        }
    }
    for (directory, mark) in [("roots", "used"), ("trees", "json")] {
        let directory = store.join(directory);
        for name in files::list(&directory)? {
            let path = directory.join(&name);
            if name.ends_with(mark) && !files::is_dir(path.with_extension("")) {
                files::remove_file(path)?;
            }
        }
    }
    Ok(())
}
