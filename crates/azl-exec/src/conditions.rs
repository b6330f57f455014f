//! What may vary round a build without changing a byte of it.
//!
//! A release builds under [`Conditions::default`]. Building once more under others shows what a package takes from its
//! surroundings.
//!
//! Not here: what the sandbox pins by contract (user, locale, time zone, environment, paths); it never varies.
//!
//! **Invariant:** no condition is in an action's digest.

use std::path::{Path, PathBuf};

use azl_host::{FileError, environment, files};

/// With this much memory to spare, builds happen in memory: unpacking and removing a kernel's 90,000 files on a disk
/// takes minutes. The largest build of the set needs 4 GiB.
const MEMORY_FOR_BUILDS: u64 = 12 << 30;

/// The permission bits that new files do not get in a release's builds.
pub const UMASK: u32 = 0o022;

/// Where a preloaded library is in the sandbox.
const PRELOADED: &str = "/run/preloaded.so";

/// The surroundings of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conditions {
    /// Processors that an action may use; it sees no others.
    pub processors: usize,
    /// The name of the machine.
    pub host_name: String,
    /// Whether scratch directories are in memory; `None` decides by the memory that is free.
    pub build_in_memory: Option<bool>,
    /// Days by which the clock is ahead, or behind if negative. Needs `clock_library`.
    pub clock_offset_days: i64,
    /// libfaketime on this host: the file to preload (`libfaketimeMT.so.1`), whether or not the clock is off.
    pub clock_library: Option<PathBuf>,
    /// Whether the entries of root, inputs and scratch are created in reverse order, below a path of another length.
    pub shuffle_directories: bool,
    /// The permission bits that new files do not get.
    pub umask: u32,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            processors: environment::processors(),
            host_name: "azl-build".to_owned(),
            build_in_memory: None,
            clock_offset_days: 0,
            clock_library: None,
            shuffle_directories: false,
            umask: UMASK,
        }
    }
}

impl Conditions {
    /// Says what cannot be had.
    pub(crate) fn check(&self) -> Result<(), String> {
        match &self.clock_library {
            None if self.clock_offset_days != 0 => Err(format!(
                "a clock that is {} days off needs libfaketime\n  hint: give its file as `clock_library`",
                self.clock_offset_days
            )),
            Some(library) if !files::exists(library) => Err(format!("libfaketime is not at `{}`", library.display())),
            _ => Ok(()),
        }
    }

    /// Returns the variables that the sandbox gets besides the action's.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let mut variables = vec![("RPM_BUILD_NCPUS".to_owned(), self.processors.to_string())];
        if self.clock_library.is_some() {
            // Waiting must take as long as ever: only the calendar is off.
            variables.push(("DONT_FAKE_MONOTONIC".to_owned(), "1".to_owned()));
            // Times of files are on the same calendar, read and written: configure scripts and makefiles compare the clock with
            // what a file just made says, and a machine whose clock is off has no such contradiction.
            variables.push(("FAKE_UTIME".to_owned(), "1".to_owned()));
            variables.push(("FAKETIME".to_owned(), format!("{:+}d", self.clock_offset_days)));
            variables.push(("LD_PRELOAD".to_owned(), PRELOADED.to_owned()));
        }
        variables
    }

    /// Returns the library to preload and where it is to appear.
    pub(crate) fn preloaded(&self) -> Option<(&Path, &'static str)> {
        self.clock_library.as_deref().map(|library| (library, PRELOADED))
    }

    /// Returns whether scratch directories are in memory, now.
    pub fn in_memory(&self) -> bool {
        self.build_in_memory.unwrap_or_else(|| environment::available_memory() >= MEMORY_FOR_BUILDS)
    }

    /// Returns what a scratch directory is called.
    pub(crate) fn scratch_label(&self) -> &'static str {
        if self.shuffle_directories { "run-below-a-path-of-another-length" } else { "run" }
    }

    /// Returns the things in the order to create them in.
    pub(crate) fn order<T: Clone>(&self, things: &[T]) -> Vec<T> {
        let mut ordered = things.to_vec();
        if self.shuffle_directories {
            ordered.reverse();
        }
        ordered
    }

    /// Copies a tree by hard links, its entries created in this order.
    pub(crate) fn link_tree(&self, from: &Path, to: &Path) -> Result<(), FileError> {
        files::create_dir_all(to)?;
        for name in self.order(&files::list(from)?) {
            let (source, target) = (from.join(&name), to.join(&name));
            if files::is_link(&source) {
                files::symlink(files::read_link(&source)?, target)?;
            } else if files::is_dir(&source) {
                self.link_tree(&source, &target)?;
            } else {
                files::link_or_copy(source, target)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_clock_without_the_library_is_an_error() {
        let conditions = Conditions { clock_offset_days: 15, ..Conditions::default() };
        assert!(conditions.check().expect_err("no library").contains("needs libfaketime"));
        let conditions = Conditions { clock_library: Some("/nonexistent.so".into()), ..conditions };
        assert!(conditions.check().expect_err("no such file").contains("/nonexistent.so"));
    }

    #[test]
    fn the_default_preloads_nothing() {
        let conditions = Conditions::default();
        assert_eq!(conditions.environment().len(), 1);
        assert_eq!(conditions.preloaded(), None);
    }

    #[test]
    fn a_clock_behind_has_its_sign() {
        let library = Some("/nonexistent.so".into());
        let conditions = Conditions { clock_offset_days: -3, clock_library: library, ..Conditions::default() };
        assert!(conditions.environment().contains(&("FAKETIME".to_owned(), "-3d".to_owned())));
    }

    #[test]
    fn files_are_on_the_calendar_of_the_clock() {
        let library = Some("/nonexistent.so".into());
        let conditions = Conditions { clock_offset_days: 400, clock_library: library, ..Conditions::default() };
        let names: Vec<_> = conditions.environment().into_iter().map(|(name, _)| name).collect();
        assert!(names.contains(&"FAKE_UTIME".to_owned()), "{names:?}");
        assert!(!names.contains(&"NO_FAKE_STAT".to_owned()), "{names:?}");
    }
}
