//! One group: made for a program, entered before that program is its first, asked, ended.
//!
//! Whoever made a group holds a lock on its directory, which the kernel drops with its process: a group that nobody
//! holds was left behind.
//!
//! **Invariant:** nothing that belongs to another living process is killed or removed.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Kept;
use super::report::{Report, processor_time};
use crate::clock::{self, Stopwatch};
use crate::process::Bounds;
use crate::{FileError, files};

/// The file with the processes of a group.
pub(super) const MEMBERS: &str = "cgroup.procs";

/// What the names of our groups begin with.
const PREFIX: &str = "azl-";

/// What the shell does that enters a group and becomes the program: a process that is started in its place cannot be
/// outside for a moment, and cannot leave anything outside.
const ENTER: &str = "echo $$ > \"$0\" && exec \"$@\"";

/// Files that older kernels, or kernels without swap, do not have.
const WHERE_PRESENT: [&str; 2] = ["memory.swap.max", "memory.oom.group"];

/// How long killed processes may take to end.
const END: Duration = Duration::from_secs(10);

/// A group that this process made.
#[derive(Debug)]
pub(crate) struct Group {
    directory: PathBuf,
    kept: Kept,
    _lock: File,
}

impl Group {
    pub(super) fn make(place: &Path, kept: Kept, bounds: &Bounds) -> Result<Self, FileError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            // A process of another namespace may have the same number.
            let directory = place.join(format!("{PREFIX}{}-{number}", std::process::id()));
            match fs::create_dir(&directory) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(source) => return Err(FileError { operation: "make group", path: directory, source }),
                Ok(()) => {}
            }
            // Whoever clears up may have been here between the two steps.
            if let Some(lock) = hold(&directory)? {
                let group = Self { directory, kept, _lock: lock };
                group.limit(bounds)?;
                return Ok(group);
            }
        }
    }

    /// Takes over a group that a killed process left behind.
    pub(super) fn left(place: &Path, name: &str) -> Option<Self> {
        let directory = Some(place.join(name)).filter(|_| name.starts_with(PREFIX))?;
        let lock = hold(&directory).ok().flatten()?;
        Some(Self { directory, kept: Kept::default(), _lock: lock })
    }

    fn limit(&self, bounds: &Bounds) -> Result<(), FileError> {
        for (name, value) in settings(self.kept, bounds) {
            if !WHERE_PRESENT.contains(&name) || files::exists(self.directory.join(name)) {
                self.write(name, &value)?;
            }
        }
        Ok(())
    }

    fn write(&self, name: &str, value: &str) -> Result<(), FileError> {
        let path = self.directory.join(name);
        let open = OpenOptions::new().write(true).open(&path);
        let written = open.and_then(|mut file| file.write_all(value.as_bytes()));
        written.map_err(|source| FileError { operation: "write", path, source })
    }

    fn read(&self, name: &str) -> String {
        files::read_to_string(self.directory.join(name)).unwrap_or_default()
    }

    /// Returns the program and its first arguments that enter the group, then run what the other arguments say.
    pub(crate) fn entrance(&self) -> [OsString; 4] {
        [Path::new("/bin/sh").into(), "-c".into(), ENTER.into(), self.directory.join(MEMBERS).into()]
    }

    /// Returns whether output is the complaint of a shell that could not enter: it begins with the shell's name, which
    /// is the path it writes to.
    pub(crate) fn is_refusal(&self, output: &str) -> bool {
        output.starts_with(&*self.directory.join(MEMBERS).to_string_lossy())
    }

    /// Returns what it keeps.
    pub(crate) fn kept(&self) -> Kept {
        self.kept
    }

    /// Returns the most memory it has had; before Linux 5.19, what it has now.
    pub(crate) fn memory(&self) -> u64 {
        let value = |name| self.read(name).trim().parse().ok();
        value("memory.peak").or_else(|| value("memory.current")).unwrap_or(0)
    }

    /// Returns the processor time of everything that ran in it.
    pub(crate) fn processor_time(&self) -> Duration {
        processor_time(&self.read("cpu.stat"))
    }

    /// Returns what became of its limits.
    pub(crate) fn report(&self) -> Report {
        Report::read(|name| self.read(name))
    }

    /// Kills all its processes; before Linux 5.14, none.
    pub(crate) fn kill(&self) {
        let _ = self.write("cgroup.kill", "1");
    }

    fn is_empty(&self) -> bool {
        !self.read("cgroup.events").contains("populated 1")
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let watch = Stopwatch::start();
        while !self.is_empty() && watch.elapsed() < END {
            self.kill();
            clock::sleep(Duration::from_millis(1));
        }
        // One that stays is removed when the next run looks for a place.
        let _ = files::remove_empty_dir(&self.directory);
    }
}

/// Returns what to write into the files of a new group.
fn settings(kept: Kept, bounds: &Bounds) -> Vec<(&'static str, String)> {
    let mut settings = Vec::new();
    if let Some(memory) = bounds.memory.filter(|_| kept.memory) {
        settings.push(("memory.max", memory.to_string()));
        settings.push(("memory.swap.max", "0".to_owned()));
        // A build that lost one process to the limit must not go on without it.
        settings.push(("memory.oom.group", "1".to_owned()));
    }
    if let Some(processes) = bounds.processes.filter(|_| kept.processes) {
        settings.push(("pids.max", processes.to_string()));
    }
    settings
}

/// Locks a directory; nothing if somebody else holds it or it is gone.
fn hold(directory: &Path) -> Result<Option<File>, FileError> {
    let failed = |source| FileError { operation: "lock", path: directory.to_owned(), source };
    let file = match File::open(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(failed)?,
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(file).filter(|_| files::is_dir(directory))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_group_keeps_is_written() {
        let bounds = Bounds { memory: Some(5), processes: Some(7), ..Bounds::default() };
        let names = |kept| settings(kept, &bounds).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        let (memory, processes) = (Kept { processes: false, ..Kept::ALL }, Kept { memory: false, ..Kept::ALL });
        assert_eq!(names(memory), ["memory.max", "memory.swap.max", "memory.oom.group"]);
        assert_eq!(settings(processes, &bounds), [("pids.max", "7".to_owned())]);
        assert_eq!(settings(Kept::ALL, &Bounds::default()), []);
    }
}
