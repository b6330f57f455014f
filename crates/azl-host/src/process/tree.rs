//! A program and everything it started, as `/proc` shows them (proc(5)).
//!
//! Not here: killing, waiting.
//!
//! **Invariant:** a process is known by its id and the time it started; an id that was given away again is not
//! mistaken for it.

use std::fs;
use std::time::Duration;

/// The kernel tells programs times in hundredths of a second, on every architecture we know (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// One process at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) id: i32,
    pub(super) parent: i32,
    /// Ticks since the machine started.
    started: u64,
    /// Processor time of its own and of the children it waited for.
    pub(super) cpu: Duration,
}

impl Process {
    /// Looks at a process; one that ended and was not waited for can be seen too.
    pub(super) fn look(id: i32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        Self::parse(id, &text)
    }

    /// The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
    fn parse(id: i32, stat: &str) -> Option<Self> {
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
        let number = |index: usize| fields.get(index - 3)?.parse::<u64>().ok();
        let mut ticks = 0;
        for field in 14..=17 {
            ticks += number(field)?;
        }
        let cpu = TICK * u32::try_from(ticks).unwrap_or(u32::MAX);
        Some(Self { id, parent: fields.get(1)?.parse().ok()?, started: number(22)?, cpu })
    }

    /// Looks again; `None` if it was waited for.
    pub(super) fn again(&self) -> Option<Self> {
        Self::look(self.id).filter(|now| now.started == self.started)
    }

    /// Returns the resident memory it has had at most, and what of it now belongs to no file, in bytes.
    pub(super) fn memory(&self) -> (u64, u64) {
        let text = fs::read_to_string(format!("/proc/{}/status", self.id)).unwrap_or_default();
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim_start_matches(':').trim().strip_suffix(" kB")?.parse::<u64>().ok()
        };
        (field("VmHWM").unwrap_or(0) << 10, field("RssAnon").unwrap_or(0) << 10)
    }

    /// Returns the processes that it started and that still are its children.
    pub(super) fn children(&self) -> Vec<Self> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.id)).into_iter().flatten().flatten();
        let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
        lists
            .flat_map(|list| list.split_whitespace().filter_map(|id| Self::look(id.parse().ok()?)).collect::<Vec<_>>())
            .collect()
    }

    /// Returns the process itself and those below it, parents before children; walks no further once there are more
    /// than `enough`, which may be growing faster than one can look.
    pub(super) fn tree(self, enough: usize) -> Vec<Self> {
        let mut tree = vec![self];
        let mut next = 0;
        while let Some(process) = tree.get(next).filter(|_| tree.len() <= enough) {
            let children = process.children();
            tree.extend(children);
            next += 1;
        }
        tree
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_spaces_does_not_shift_the_fields() {
        let stat = "7 (a) b) c) S 3 7 7 0 -1 0 0 0 0 0 1 2 3 4 20 0 1 0 555 0 0";
        let process = Process::parse(7, stat).expect("a process");
        assert_eq!((process.parent, process.started), (3, 555));
        assert_eq!(process.cpu, Duration::from_millis(100));
    }

    #[test]
    fn this_process_is_seen_with_its_memory_and_children() {
        let own = Process::look(i32::try_from(std::process::id()).expect("an id")).expect("visible");
        assert_eq!(own.again().map(|again| again.id), Some(own.id));
        let (peak, anonymous) = own.memory();
        assert!(peak >= anonymous && anonymous > 0);
        let mut child = std::process::Command::new("/bin/sleep").arg("60").spawn().expect("starts");
        assert!(
            own.tree(usize::MAX)
                .iter()
                .any(|process| process.id.unsigned_abs() == child.id() && process.parent == own.id)
        );
        child.kill().and_then(|()| child.wait()).expect("ends");
    }
}
