//! What a group's files say: what was used, and whether a limit was met.
//!
//! **Invariant:** a program that met a limit has failed, whatever it made of it: a limit decides whether there is a
//! result, never which.

use std::time::Duration;

use crate::process::Bounds;

/// What became of the limits of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Report {
    /// How often its memory was full.
    memory_full: u64,
    /// How many of its processes were killed for memory, be it the group's or that of one round it.
    killed_for_memory: u64,
    /// How often a process or thread was refused.
    processes_refused: u64,
}

impl Report {
    /// Reads the files, by name; those of a controller that is not there are empty.
    pub(super) fn read(text: impl Fn(&str) -> String) -> Self {
        let (memory, processes) = (text("memory.events"), text("pids.events"));
        Self {
            memory_full: field(&memory, "oom"),
            killed_for_memory: field(&memory, "oom_kill"),
            processes_refused: field(&processes, "max"),
        }
    }

    /// Returns which bound was met.
    pub(crate) fn exceeded(&self, bounds: &Bounds) -> Option<String> {
        if self.processes_refused > 0 {
            return Some(bounds.too_many_processes());
        }
        match (self.killed_for_memory, self.memory_full) {
            (0, _) => None,
            (_, 0) => Some("was killed because this machine, or a group round this one, had no memory left".to_owned()),
            (_, _) => Some(bounds.too_much_memory()),
        }
    }
}

/// Reads the processor time of everything that ran in a group, from `cpu.stat`, which is there without any controller.
pub(super) fn processor_time(text: &str) -> Duration {
    Duration::from_micros(field(text, "usage_usec"))
}

/// Reads a line of a name and a number.
fn field(text: &str, name: &str) -> u64 {
    let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
    text.lines().find_map(value).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds =
        Bounds { time: None, memory: Some(512 << 20), in_memory: Vec::new(), processes: Some(100), output: None };

    fn exceeded(memory: &str, processes: &str) -> Option<String> {
        let text = |name: &str| match name {
            "memory.events" => memory.to_owned(),
            "pids.events" => processes.to_owned(),
            _ => String::new(),
        };
        Report::read(text).exceeded(&BOUNDS)
    }

    #[test]
    fn the_bound_that_was_met_is_named_as_it_is_without_groups() {
        let full = "low 0\nhigh 0\nmax 31\noom 1\noom_kill 3\noom_group_kill 1\n";
        assert_eq!(exceeded(full, "max 0\n").as_deref(), Some("used more than 512 MiB of memory"));
        assert_eq!(exceeded("", "max 7\n").as_deref(), Some("had more than 100 processes at one time"));
    }

    #[test]
    fn memory_that_could_be_had_back_is_no_failure() {
        assert_eq!(exceeded("max 900\noom 0\noom_kill 0\n", "max 0\n"), None);
        assert_eq!(exceeded("max 900\noom 2\noom_kill 0\n", ""), None);
        assert_eq!(exceeded("", ""), None);
    }

    #[test]
    fn a_machine_without_memory_is_not_the_programs_fault() {
        let text = exceeded("oom 0\noom_kill 1\n", "").expect("a cause");
        assert!(text.contains("had no memory left"), "{text}");
    }

    #[test]
    fn processor_time_is_read_in_microseconds() {
        assert_eq!(processor_time("usage_usec 1500\nuser_usec 1000\n"), Duration::from_micros(1500));
    }
}
