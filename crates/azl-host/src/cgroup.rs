//! Control groups of version 2 (cgroups(7)): what a program and all it starts may use, kept and counted by the kernel.
//!
//! A group is made in the nearest group round this process that this user may write and that hands memory or processes
//! on to the groups in it. Whether that works is tried once.
//!
//! Not here: version 1, whose memory and processes are two trees of groups; limits kept without groups, which
//! [`process`](crate::process) does by looking.
//!
//! **Invariant:** a group is gone when its [`Group`] is; what a killed program left behind goes when the next one looks
//! for a place.

mod group;
mod location;
mod report;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::fs::{Access, access};

use crate::process::{Bounds, Cmd};
use crate::{FileError, files};
pub(crate) use group::Group;
use location::Candidate;

/// What the kernel keeps for a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kept {
    /// Memory, with the files in it.
    pub memory: bool,
    /// Processes; a thread counts as one.
    pub processes: bool,
}

impl Kept {
    /// Everything that a group can keep.
    pub(crate) const ALL: Self = Self { memory: true, processes: true };

    /// Reads `cgroup.subtree_control`.
    fn parse(controllers: &str) -> Self {
        let has = |name| controllers.split_whitespace().any(|word| word == name);
        Self { memory: has("memory"), processes: has("pids") }
    }

    fn any(self) -> bool {
        self.memory || self.processes
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.memory, self.processes) {
            (true, true) => "memory and processes",
            (true, false) => "memory",
            (false, true) => "processes",
            (false, false) => "neither memory nor processes",
        })
    }
}

/// Where groups can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The directory of the group they are made in.
    pub directory: PathBuf,
    /// What groups made there keep.
    pub kept: Kept,
}

/// Returns where groups can be made, or why they cannot; it is found out once.
///
/// # Errors
/// In words for people, if limits have to be kept in another way.
pub fn place() -> Result<&'static Place, &'static str> {
    static FOUND: OnceLock<Result<Place, String>> = OnceLock::new();
    FOUND.get_or_init(Place::of_this_process).as_ref().map_err(String::as_str)
}

impl Place {
    fn of_this_process() -> Result<Self, String> {
        let read = |path| files::read_to_string(path).map_err(|error| error.to_string());
        let place = Self::find(&read("/proc/self/cgroup")?, &read("/proc/self/mountinfo")?)?;
        place.clear();
        place.try_out().map_err(|error| format!("no group can be used in `{}`: {error}", place.directory.display()))?;
        Ok(place)
    }

    /// Finds the place by what `/proc/self/cgroup` and `/proc/self/mountinfo` say.
    fn find(own: &str, mounts: &str) -> Result<Self, String> {
        location::choose(location::round(own, mounts)?.into_iter().map(look).collect())
    }

    /// Makes a group that keeps its programs within the bounds, as far as groups here can.
    pub(crate) fn group(&self, bounds: &Bounds) -> Result<Group, FileError> {
        Group::make(&self.directory, self.kept, bounds)
    }

    /// Removes what killed programs left behind.
    fn clear(&self) {
        let names = files::list(&self.directory).unwrap_or_default();
        names.iter().for_each(|name| drop(Group::left(&self.directory, name)));
    }

    fn try_out(&self) -> Result<(), String> {
        let bounds = Bounds { memory: Some(64 << 20), processes: Some(16), ..Bounds::default() };
        let group = self.group(&bounds).map_err(|error| error.to_string())?;
        Cmd::new("/bin/true", "/").enter(&group).output().map(drop).map_err(|error| error.to_string())
    }
}

fn look(directory: PathBuf) -> Candidate {
    let text = files::read_to_string(directory.join("cgroup.subtree_control")).unwrap_or_default();
    // Whoever puts a process into a group also needs the right to do so in the one round both.
    let writable = [&directory, &directory.join(group::MEMBERS)].iter().all(|path| may_write(path));
    Candidate { kept: Kept::parse(&text), directory, writable }
}

fn may_write(path: &Path) -> bool {
    access(path, Access::WRITE_OK).is_ok()
}
