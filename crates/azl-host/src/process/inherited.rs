//! What a program inherits when it is started: the mask of permission bits, the processors it may use, open files.
//!
//! Mask and processors are set on the starting thread for as long as starting takes, and set back.
//!
//! **Invariant:** no other thread of this process sees a change, and no other program gets the open files.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};

use rustix::fs::Mode;
use rustix::io::FdFlags;
use rustix::process::umask;
use rustix::thread::{CpuSet, UnshareFlags, sched_getaffinity, sched_setaffinity};

/// What to pass on; `None` passes on what this thread has.
#[derive(Debug, Clone, Default)]
pub(super) struct Inherited {
    pub(super) umask: Option<u32>,
    pub(super) processors: Option<usize>,
    pub(super) file: Option<Arc<File>>,
}

/// Held for writing while a file is there for the next program to inherit: nobody else may start one then.
static STARTING: RwLock<()> = RwLock::new(());

impl Inherited {
    /// Runs `start` with these values in force.
    pub(super) fn during<T>(&self, start: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let allowed = sched_getaffinity(None)?;
        let fewer = self.processors.and_then(|count| choose(&allowed, count));
        let mask = self.umask.map(Mode::from_bits_truncate).map(own_umask).transpose()?;
        if let Some(fewer) = &fewer {
            sched_setaffinity(None, fewer)?;
        }
        let started = self.sharing_file(start);
        if fewer.is_some() {
            sched_setaffinity(None, &allowed)?;
        }
        mask.map(umask);
        started
    }
}

impl Inherited {
    fn sharing_file<T>(&self, start: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let Some(file) = &self.file else {
            let _shared = STARTING.read();
            return start();
        };
        let _alone = STARTING.write();
        rustix::io::fcntl_setfd(file, FdFlags::empty())?;
        let started = start();
        rustix::io::fcntl_setfd(file, FdFlags::CLOEXEC)?;
        started
    }
}

/// Sets the mask of this thread alone and returns the former one.
#[expect(deprecated, reason = "the deprecation is about another flag; with FS it is safe, and the new name is not")]
fn own_umask(mask: Mode) -> io::Result<Mode> {
    rustix::thread::unshare(UnshareFlags::FS)?;
    Ok(umask(mask))
}

/// Chooses `count` of the allowed processors, or `None` if these are not more. Each call starts at another one, so that
/// programs which run side by side do not share one processor.
fn choose(allowed: &CpuSet, count: usize) -> Option<CpuSet> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let all: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|number| allowed.is_set(*number)).collect();
    if count >= all.len() {
        return None;
    }
    let mut chosen = CpuSet::new();
    let first = NEXT.fetch_add(count, Ordering::Relaxed);
    for offset in 0..count.max(1) {
        chosen.set(all[(first + offset) % all.len()]);
    }
    Some(chosen)
}

#[cfg(test)]
mod tests {
    use crate::Cmd;

    fn printed(cmd: &Cmd) -> String {
        String::from_utf8(cmd.output().expect("runs").stdout).expect("text")
    }

    #[test]
    fn a_program_gets_the_mask_and_this_process_keeps_its_own() {
        let ask = Cmd::new("/bin/sh", "/").args(["-c", "umask"]);
        let before = printed(&ask);
        assert_eq!(printed(&ask.clone().umask(0o027)), "0027\n");
        assert_eq!(printed(&ask), before);
    }

    #[test]
    fn a_program_sees_no_more_processors_than_it_was_given() {
        let before = crate::environment::processors();
        assert_eq!(printed(&Cmd::new("nproc", "/").processors(1)), "1\n");
        assert_eq!(crate::environment::processors(), before);
    }

    #[test]
    fn a_program_gets_the_file_that_is_meant_for_it_and_others_do_not() {
        let file = crate::files::open("/dev/null").expect("opens");
        let ask = |cmd: Cmd| printed(&cmd.args(["-l", "/proc/self/fd"]));
        // Standard input is /dev/null too, so the number is part of the question.
        let (cmd, number) = Cmd::new("/bin/ls", "/").file(file);
        let shown = format!(" {number} -> /dev/null");
        assert!(ask(cmd.clone()).contains(&shown));
        assert!(!ask(Cmd::new("/bin/ls", "/")).contains(&shown));
    }
}
