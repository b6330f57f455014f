//! What differs between two builds that must give the same bytes.

use std::path::PathBuf;

use azl_exec::Conditions;
use azl_host::environment;
use azl_rpm::{Cause, Clue};
use serde::Serialize;

/// One condition that a build must not notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variation {
    /// The clock is ahead by [`DAYS_AHEAD`].
    Clock,
    /// The library that makes the clock be ahead is there, and the clock is right. Tells what notices the library from
    /// what notices the time.
    ClockLibrary,
    /// The order of directory entries, and the length of the path outside the sandbox.
    Directories,
    /// The name of the machine.
    HostName,
    /// Scratch directories are in memory instead of on disk, or on disk instead of in memory.
    Place,
    /// One processor instead of all.
    Processors,
    /// The permission bits that new files do not get.
    Umask,
}

/// More than a year, so that no part of a date stays the same by chance.
const DAYS_AHEAD: i64 = 400;
const HOST_NAME: &str = "another-host";
const UMASK: u32 = 0o027;

impl Variation {
    /// All that a package must not notice; [`Self::ClockLibrary`] is no such thing.
    pub const ALL: [Self; 6] =
        [Self::Clock, Self::Directories, Self::HostName, Self::Place, Self::Processors, Self::Umask];

    /// Reads a name, with `-` for blanks.
    ///
    /// # Errors
    /// If it names nothing that is varied; the names are listed.
    pub fn parse(name: &str) -> Result<Self, String> {
        let known = Self::ALL.map(|variation| variation.name().replace(' ', "-"));
        let at = known.iter().position(|known| known == name);
        at.map(|at| Self::ALL[at])
            .ok_or_else(|| format!("nothing of that name is varied; there is {}", known.join(", ")))
    }

    /// Returns its name on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clock => "clock",
            Self::ClockLibrary => "clock's library",
            Self::Directories => "directories",
            Self::HostName => "host name",
            Self::Place => "memory or disk",
            Self::Processors => "processors",
            Self::Umask => "umask",
        }
    }

    /// Says why this host cannot make this variation, if it cannot.
    pub fn obstacle(self) -> Option<&'static str> {
        (self == Self::Processors && environment::processors() == 1).then_some("this host has one processor")
    }

    /// Changes conditions; twice is as often as never for none of them.
    fn apply(self, usual: &Usual, conditions: &mut Conditions) {
        match self {
            Self::Clock => {
                conditions.clock_library = Some(usual.clock_library.clone());
                conditions.clock_offset_days = DAYS_AHEAD;
            }
            Self::ClockLibrary => conditions.clock_library = Some(usual.clock_library.clone()),
            Self::Directories => conditions.shuffle_directories = true,
            Self::HostName => conditions.host_name = HOST_NAME.to_owned(),
            Self::Place => conditions.build_in_memory = Some(!usual.conditions.in_memory()),
            Self::Processors => conditions.processors = 1,
            Self::Umask => conditions.umask = UMASK,
        }
    }
}

/// What is varied.
pub(super) struct Usual {
    /// The conditions of the first build.
    pub(super) conditions: Conditions,
    /// What it takes to make a clock be off: a file of the seed.
    pub(super) clock_library: PathBuf,
}

/// Returns the usual conditions with the variations made to them.
pub(super) fn varied(usual: &Usual, variations: &[Variation]) -> Conditions {
    let mut conditions = usual.conditions.clone();
    variations.iter().for_each(|variation| variation.apply(usual, &mut conditions));
    conditions
}

/// Returns what is known to read differently in the two builds.
pub(super) fn clues(usual: &Conditions, varied: &Conditions) -> Vec<Clue> {
    let text = |conditions: &Conditions| {
        [
            (Cause::Host, conditions.host_name.clone()),
            (Cause::Processors, conditions.processors.to_string()),
            (Cause::User, format!("{:04o}", conditions.umask)),
        ]
    };
    text(usual)
        .into_iter()
        .zip(text(varied))
        .filter(|((_, one), (_, other))| one != other)
        .map(|((cause, one), (_, other))| Clue { cause, one, other })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual() -> Usual {
        let conditions = Conditions { processors: 4, ..Conditions::default() };
        Usual { conditions, clock_library: PathBuf::from("libfaketime.so") }
    }

    #[test]
    fn every_variation_changes_the_conditions() {
        let usual = usual();
        for variation in Variation::ALL.into_iter().chain([Variation::ClockLibrary]) {
            assert_ne!(varied(&usual, &[variation]), usual.conditions, "{variation:?}");
        }
        assert_eq!(varied(&usual, &[]), usual.conditions);
    }

    #[test]
    fn clues_are_what_was_varied() {
        let usual = usual();
        let clues = clues(&usual.conditions, &varied(&usual, &[Variation::Processors]));
        assert_eq!(clues, [Clue { cause: Cause::Processors, one: "4".to_owned(), other: "1".to_owned() }]);
    }
}
