//! Programs that go on after the one that started them.
//!
//! Not here: starting one, which is [`Cmd::leave_running`](crate::Cmd::leave_running).
//!
//! **Invariant:** a process is told from another that has its number later.

use crate::files;

/// A program that was left running, perhaps by another run of this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Its process id, and its process group's.
    pub process: u32,
    /// When it was started, in ticks since the machine was: the same number may name another process later.
    pub started: u64,
}

impl Left {
    pub(crate) fn of(process: u32) -> Self {
        Self { process, started: started(process).unwrap_or(0) }
    }

    /// Returns whether it still runs.
    pub fn runs(&self) -> bool {
        started(self.process) == Some(self.started)
    }

    /// Kills it and its process group, if it still runs.
    pub fn kill(&self) {
        let group = i32::try_from(self.process).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(group) = group.filter(|_| self.runs()) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

/// Returns when a process was started, unless it has ended; format of `/proc/<pid>/stat` in proc(5).
fn started(process: u32) -> Option<u64> {
    let stat = files::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name is in parentheses and may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let ended = matches!(fields.next()?, "Z" | "X");
    fields.nth(18)?.parse().ok().filter(|_| !ended)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Cmd, clock};

    #[test]
    fn a_program_left_running_is_known_by_its_start_and_can_be_killed() {
        let log = std::env::temp_dir().join(format!("azl-host-left-{}", std::process::id()));
        let left = Cmd::new("/bin/sleep", "/").arg("60").leave_running(&log).expect("it starts");
        assert!(left.runs());
        let other = Left { started: left.started + 1, ..left };
        other.kill();
        assert!(left.runs() && !other.runs());
        left.kill();
        while left.runs() {
            clock::sleep(Duration::from_millis(1));
        }
        files::remove_file(&log).expect("clean up");
    }
}
