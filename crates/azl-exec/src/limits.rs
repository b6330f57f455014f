//! What one action may use before it is stopped.
//!
//! | limit | with control groups | else | why so |
//! |---|---|---|---|
//! | memory | `memory.max`, no swap | the processes and files in memory are watched | a limit on address space breaks programs that reserve much and use little |
//! | processes | `pids.max`; a thread counts as one | watched | `RLIMIT_NPROC` does not bind root, and counts what else the user runs |
//! | file size | `RLIMIT_FSIZE` | the same | exact; a file on a disk can grow faster than one can look |
//! | log | watched | the same | also what a program prints is the machine's disk |
//! | time | watched | the same | – |
//!
//! Groups are used as far as this user may make them (`azl_host::cgroup`): the kernel then stops what one who looks now
//! and then sees too late. Each of the two is watched where groups do not keep it, and so are actions that may not take
//! long.
//!
//! Limits are the machine's policy: they decide whether there is a result, never which.
//!
//! **Invariant:** no limit is in an action's digest.

use std::time::Duration;

use azl_host::cgroup::{self, Place};
use azl_host::environment;
use azl_host::process::Bounds;

/// Seconds that an action may take at least to be worth a group. Unless another process entered one just before, the
/// kernel lets who enters wait until every processor has come by, 5 to 30 ms: more than all else round an action.
const LONG: u64 = 600;

/// Returns where to make the group of an action that may take so many seconds, if it is to have one.
pub(crate) fn place(seconds: u64) -> Option<&'static Place> {
    if seconds >= LONG { cgroup::place().ok() } else { None }
}

/// What one action may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory of all its processes and of its files in memory.
    pub memory: u64,
    /// Processes at one time; where a group counts them, threads.
    pub processes: u64,
    /// Bytes of one file.
    pub file: u64,
    /// Bytes of output to the log.
    pub log: u64,
    /// Seconds of wall time; an action's own time limit may be shorter.
    pub seconds: u64,
}

impl Default for Limits {
    /// Three quarters of the machine's memory; 64 processes a processor, and 4096 at least; 64 GiB for a file; 256 MiB
    /// for the log, which is 30 times that of a kernel; a day.
    fn default() -> Self {
        let processes = 64 * u64::try_from(environment::processors()).unwrap_or(u64::MAX);
        Self {
            memory: environment::total_memory() / 4 * 3,
            processes: processes.max(4096),
            file: 64 << 30,
            log: 256 << 20,
            seconds: 24 * 3600,
        }
    }
}

impl Limits {
    /// Takes the machine's defaults, and what `AZL_LIMIT_MEMORY`, `_PROCESSES`, `_FILE`, `_LOG` and `_SECONDS` say
    /// instead; sizes may end in `K`, `M` or `G`.
    ///
    /// # Errors
    /// Names each variable that is not a number.
    pub fn from_environment() -> Result<Self, String> {
        Self::resolve(environment::var)
    }

    fn resolve(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let mut limits = Self::default();
        let fields = [
            ("AZL_LIMIT_MEMORY", &mut limits.memory),
            ("AZL_LIMIT_PROCESSES", &mut limits.processes),
            ("AZL_LIMIT_FILE", &mut limits.file),
            ("AZL_LIMIT_LOG", &mut limits.log),
            ("AZL_LIMIT_SECONDS", &mut limits.seconds),
        ];
        let mut wrong = Vec::new();
        for (name, field) in fields {
            let Some(text) = variable(name) else { continue };
            match number(&text) {
                Some(value) if value > 0 => *field = value,
                _ => wrong.push(format!("`{name}` is `{text}`, not a number\n  hint: write it like 6G, 512M or 3600")),
            }
        }
        if wrong.is_empty() { Ok(limits) } else { Err(wrong.join("\n")) }
    }

    /// Returns the bounds of a program that may take `seconds` by itself.
    pub(crate) fn bounds(&self, seconds: u64) -> Bounds {
        Bounds {
            time: Some(Duration::from_secs(seconds.min(self.seconds))),
            memory: Some(self.memory),
            in_memory: Vec::new(),
            processes: usize::try_from(self.processes).ok(),
            output: Some(self.log),
        }
    }

    /// Says how large a file may be.
    pub(crate) fn file_hint(&self) -> String {
        format!("\n  hint: a file may have at most {} bytes here; `AZL_LIMIT_FILE` changes that", self.file)
    }

    /// Returns the arguments of prlimit(1). Sizes of stack and table of files are not limits but surroundings: programs
    /// look at them, and they must not be the host's.
    pub(crate) fn prlimit(&self) -> [String; 5] {
        [
            format!("--fsize={}", self.file),
            "--core=0".to_owned(),
            "--nofile=1024:".to_owned(),
            "--stack=8388608:".to_owned(),
            "--".to_owned(),
        ]
    }
}

fn number(text: &str) -> Option<u64> {
    let (digits, shift) = match text.strip_suffix(['K', 'M', 'G']) {
        Some(digits) => (
            digits,
            if text.ends_with('K') {
                10
            } else if text.ends_with('M') {
                20
            } else {
                30
            },
        ),
        None => (text, 0),
    };
    digits.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_replace_defaults() {
        let limits = Limits::resolve(|name| (name == "AZL_LIMIT_MEMORY").then(|| "6G".to_owned())).expect("valid");
        assert_eq!(limits, Limits { memory: 6 << 30, ..Limits::default() });
    }

    #[test]
    fn every_wrong_variable_is_named() {
        let error = Limits::resolve(|name| (name != "AZL_LIMIT_LOG").then(|| "much".to_owned())).expect_err("wrong");
        assert_eq!(error.matches("not a number").count(), 4, "{error}");
        assert!(Limits::resolve(|_| Some("99999999999G".to_owned())).is_err(), "too large");
    }

    #[test]
    fn a_short_action_does_not_wait_for_a_group() {
        assert_eq!(place(LONG - 1), None);
    }

    #[test]
    fn the_shorter_time_counts() {
        let limits = Limits { seconds: 60, ..Limits::default() };
        assert_eq!(limits.bounds(7200).time, Some(Duration::from_secs(60)));
        assert_eq!(limits.bounds(30).time, Some(Duration::from_secs(30)));
    }
}
