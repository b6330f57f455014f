//! Waiting for a program: until it ends, somebody asks to stop, or it exceeds what it may use.
//!
//! What a program used is asked of the kernel between its end and the moment it is waited for. bubblewrap does not wait
//! for the first process of its sandbox, which holds the sums of all others; so that process is left to us when
//! bubblewrap ends, and we wait for it. That also says when the last process of a sandbox is gone.
//!
//! What a group keeps is not looked at: the kernel stops the program, and the group says afterwards why.
//!
//! **Invariant:** when a wait with a log is over, nothing of a sandbox runs any more.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::sync::Once;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions};

use super::tree::Process;
use crate::cgroup::{Group, Kept};
use crate::clock::Stopwatch;
use crate::{files, interrupt};

/// What a program may use before it is killed; `None` is no bound.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bounds {
    /// Wall time.
    pub time: Option<Duration>,
    /// Bytes of memory of all its processes that belong to no file, and of the files in `in_memory`; of a group, all
    /// that cannot be had back.
    pub memory: Option<u64>,
    /// Directories as the program's children see them whose files are kept in memory.
    pub in_memory: Vec<PathBuf>,
    /// Processes at one time; in a group, threads.
    pub processes: Option<usize>,
    /// Bytes of output to a log.
    pub output: Option<u64>,
}

impl Bounds {
    /// Says that the bound of memory was exceeded.
    pub(crate) fn too_much_memory(&self) -> String {
        format!("used more than {} of memory", bytes(self.memory.unwrap_or_default()))
    }

    /// Says that the bound of processes was exceeded.
    pub(crate) fn too_many_processes(&self) -> String {
        format!("had more than {} processes at one time", self.processes.unwrap_or_default())
    }
}

/// What a program and everything it started used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Processor time, added up over all processes.
    pub cpu: Duration,
    /// The most memory of its group, in bytes, with the files that could be dropped from it; without a group, the
    /// largest resident memory of one process, as seen now and then.
    pub peak_memory: u64,
}

/// Why a program did not end by itself.
#[derive(Debug)]
pub(super) enum Stopped {
    Interrupted,
    /// Exceeded a bound, which the text names; or the system refused to wait.
    Because(String),
}

/// A wait for one program.
pub(super) struct Watch<'a> {
    child: &'a mut Child,
    bounds: &'a Bounds,
    log: Option<&'a Path>,
    group: Option<&'a Group>,
    /// Processes that the program started itself, by id.
    started: BTreeMap<i32, Process>,
    usage: Usage,
}

/// How long to sleep between two looks, at first and at most.
const PAUSES: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(100)];

impl<'a> Watch<'a> {
    pub(super) fn new(child: &'a mut Child, bounds: &'a Bounds) -> Self {
        Self { child, bounds, log: None, group: None, started: BTreeMap::new(), usage: Usage::default() }
    }

    /// Also looks at the log's size and at what the program uses.
    pub(super) fn with_log(mut self, log: &'a Path) -> Self {
        self.log = Some(log);
        self
    }

    /// Leaves to a group what it keeps.
    pub(super) fn within(mut self, group: Option<&'a Group>) -> Self {
        self.group = group;
        self
    }

    /// Waits to the end.
    pub(super) fn wait(mut self) -> (Result<ExitStatus, Stopped>, Usage) {
        if self.log.is_some() {
            adopt_orphans();
        }
        let stopped = self.until_end().err();
        if stopped.is_some() {
            self.kill();
        }
        self.usage.cpu += self.look_at_program().map_or(Duration::ZERO, |program| program.cpu);
        let status = self.child.wait();
        for process in std::mem::take(&mut self.started).into_values() {
            self.usage.cpu += wait_for_orphan(process);
        }
        let exceeded = self.ask_group();
        let result = match stopped.or(exceeded) {
            Some(stopped) => Err(stopped),
            None => status.map_err(|error| Stopped::Because(error.to_string())),
        };
        (result, self.usage)
    }

    fn until_end(&mut self) -> Result<(), Stopped> {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let handle =
            id.ok_or(rustix::io::Errno::SRCH).and_then(|id| rustix::process::pidfd_open(id, PidfdFlags::empty()));
        let handle = handle.map_err(|error| Stopped::Because(format!("cannot wait: {error}")))?;
        let watch = Stopwatch::start();
        let mut pause = PAUSES[0];
        loop {
            let timeout = Timespec { tv_sec: 0, tv_nsec: pause.subsec_nanos().into() };
            // A signal ends the sleep early; the next line finds out whether it was a request to stop.
            let ended = rustix::event::poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&timeout));
            if ended.is_ok_and(|count| count > 0) {
                return Ok(());
            }
            self.check(watch.elapsed())?;
            // The first process of a sandbox must be known before a short action ends.
            let known = self.log.is_none() || !self.started.is_empty() || watch.elapsed() > PAUSES[1];
            pause = if known { (pause * 2).min(PAUSES[1]) } else { pause };
        }
    }

    fn check(&mut self, elapsed: Duration) -> Result<(), Stopped> {
        if interrupt::requested() {
            return Err(Stopped::Interrupted);
        }
        let over = |what: String| Err(Stopped::Because(what));
        if let Some(time) = self.bounds.time.filter(|time| elapsed > *time) {
            return over(format!("exceeded its time limit of {} s", time.as_secs()));
        }
        let Some(log) = self.log else { return Ok(()) };
        if let Some(output) = self.bounds.output.filter(|bound| files::size(log).is_some_and(|size| size > *bound)) {
            return over(format!("printed more than {}", bytes(output)));
        }
        self.look().map_or(Ok(()), over)
    }

    /// Looks at the processes, and returns which bound they exceed. With a group that keeps everything, nobody needs to
    /// be looked for but the program's children.
    fn look(&mut self) -> Option<String> {
        let kept = self.group.map(Group::kept).unwrap_or_default();
        let bound = self.bounds.processes.unwrap_or(usize::MAX);
        let tree = self.look_at_program()?.tree(if kept == Kept::ALL { 1 } else { bound });
        self.remember(&tree);
        if let Some(exceeded) = self.group.and_then(|group| group.report().exceeded(self.bounds)) {
            return Some(exceeded);
        }
        if tree.len() > bound && !kept.processes {
            return Some(self.bounds.too_many_processes());
        }
        if let Some(group) = self.group.filter(|_| kept.memory) {
            self.usage.peak_memory = self.usage.peak_memory.max(group.memory());
            return None;
        }
        let used = self.memory(&tree);
        self.bounds.memory.filter(|bound| used > *bound).map(|_| self.bounds.too_much_memory())
    }

    /// Reads what the group counted, and why the kernel stopped the program if it did.
    fn ask_group(&mut self) -> Option<Stopped> {
        let group = self.group?;
        self.usage.cpu = group.processor_time();
        self.usage.peak_memory = self.usage.peak_memory.max(group.memory());
        group.report().exceeded(self.bounds).map(Stopped::Because)
    }

    fn look_at_program(&self) -> Option<Process> {
        Process::look(i32::try_from(self.child.id()).ok()?)
    }

    fn remember(&mut self, tree: &[Process]) {
        let program = tree[0].id;
        self.started
            .extend(tree.iter().filter(|process| process.parent == program).map(|process| (process.id, *process)));
    }

    /// Adds up what the processes hold now, and notes the largest.
    fn memory(&mut self, tree: &[Process]) -> u64 {
        let mut sum = 0;
        for (peak, anonymous) in tree.iter().map(Process::memory) {
            self.usage.peak_memory = self.usage.peak_memory.max(peak);
            sum += anonymous;
        }
        sum + self.files_in_memory(tree)
    }

    /// Adds up the files in memory, as the deepest process sees them if it has a root of its own by now.
    fn files_in_memory(&self, tree: &[Process]) -> u64 {
        let Some(root) = tree.last().map(|process| PathBuf::from(format!("/proc/{}/root/", process.id))) else {
            return 0;
        };
        if files::is_same(&root, "/") {
            return 0;
        }
        let size = |directory: &PathBuf| files::used_space(root.join(directory.strip_prefix("/").ok()?)).ok();
        self.bounds.in_memory.iter().filter_map(size).sum()
    }

    /// Kills the program, its process group, and the processes it started that left the group: of a sandbox, the first
    /// process, with which all others end. A group has them all.
    fn kill(&mut self) {
        let children = self.look_at_program().map(|program| program.children()).unwrap_or_default();
        kill_group(self.child);
        children.iter().for_each(kill);
        self.group.iter().for_each(|group| group.kill());
        if self.log.is_some() {
            self.started.extend(children.into_iter().map(|process| (process.id, process)));
        }
    }
}

/// Kills the process group that a program leads.
pub(super) fn kill_group(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, Signal::KILL);
    }
    let _ = child.kill();
}

fn kill(process: &Process) {
    if let Some(id) = process.again().and_then(|process| Pid::from_raw(process.id)) {
        let _ = rustix::process::kill_process(id, Signal::KILL);
    }
}

/// Has what our programs leave behind become our children, for us to wait for.
fn adopt_orphans() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Where that is refused, the usage is too small and nothing else changes.
        let _ = rustix::process::set_child_subreaper(Pid::from_raw(1));
    });
}

/// Ends what a program left to us, waits for it, and returns the processor time it used.
fn wait_for_orphan(process: Process) -> Duration {
    let ours = i32::try_from(std::process::id()).ok();
    let Some(left) = process.again().filter(|left| Some(left.parent) == ours) else { return Duration::ZERO };
    let Some(id) = Pid::from_raw(left.id) else { return Duration::ZERO };
    kill(&left);
    let _ = rustix::process::waitid(WaitId::Pid(id), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
    let cpu = left.again().map_or(Duration::ZERO, |ended| ended.cpu);
    let _ = rustix::process::waitid(WaitId::Pid(id), WaitIdOptions::EXITED);
    cpu
}

/// Writes a size as people do, with at most one decimal.
fn bytes(size: u64) -> String {
    for (unit, name) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
        let (whole, tenth) = (size / unit, size % unit * 10 / unit);
        match (whole, tenth) {
            (0, _) => continue,
            (_, 0) => return format!("{whole} {name}"),
            (_, _) => return format!("{whole}.{tenth} {name}"),
        }
    }
    format!("{size} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_people_do() {
        assert_eq!([bytes(6 << 30), bytes(1536 << 10), bytes(100)], ["6 GiB", "1.5 MiB", "100 bytes"]);
    }
}
