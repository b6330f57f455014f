//! Processors shared by the builds that run side by side: one GNU make jobserver for all sandboxes (make's manual,
//! "Sharing Job Slots with GNU make", fifo style).
//!
//! There are as many tokens as processors. A running action has one by being there: it may always run one job, even if
//! it got none because others are using them all. So nobody can keep anybody waiting for ever: who takes every token
//! makes others slow until it ends.
//!
//! Not here: who asks for tokens. The macro `%_smp_mflags` does, through [`VARIABLE`]; a plain `make` stays serial.
//!
//! **Invariant:** when no action runs, the pipe holds all tokens, whatever builds took, lost or made up.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use azl_action::ports::{BlobStore, PortError};
use azl_host::{Fifo, files};

use crate::trees::file_error;

/// Where the pipe is in the sandbox.
pub(crate) const PIPE: &str = "/run/jobserver";

/// The variable that holds make's options.
pub(crate) const VARIABLE: &str = "RPM_BUILD_JOBSERVER";

/// The tokens of one executor.
#[derive(Debug)]
pub(crate) struct Jobs {
    directory: PathBuf,
    fifo: Fifo,
    tokens: usize,
    running: Mutex<usize>,
}

impl Jobs {
    /// Makes the pipe and fills it.
    pub(crate) fn new(tokens: usize, store: &dyn BlobStore) -> Result<Self, PortError> {
        let directory = store.scratch("jobs")?;
        let fifo = Fifo::create(directory.join("pipe")).map_err(file_error)?;
        let jobs = Self { directory, fifo, tokens, running: Mutex::default() };
        jobs.refill();
        Ok(jobs)
    }

    /// Begins an action; it lasts as long as the slot.
    pub(crate) fn begin(&self) -> Slot<'_> {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Slot { jobs: self, token: self.fifo.take(1) == 1 }
    }

    pub(crate) fn pipe(&self) -> &std::path::Path {
        self.fifo.path()
    }

    fn end(&self, token: bool) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        *running -= 1;
        match (*running, token) {
            (0, _) => self.refill(),
            (_, true) => self.fifo.put(b"+"),
            (_, false) => {}
        }
    }

    fn refill(&self) {
        self.fifo.take(usize::MAX);
        self.fifo.put(&vec![b'+'; self.tokens]);
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        // Scratch that stays is removed when the next run starts.
        let _ = files::remove_dir_all(&self.directory);
    }
}

/// One running action.
pub(crate) struct Slot<'a> {
    jobs: &'a Jobs,
    token: bool,
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.jobs.end(self.token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs(tokens: usize) -> (tempfile::TempDir, Jobs) {
        let directory = tempfile::tempdir().expect("a directory");
        let store = azl_store::LocalStore::open(directory.path().join("store")).expect("a store");
        let jobs = Jobs::new(tokens, &store).expect("a pipe");
        (directory, jobs)
    }

    #[test]
    fn each_action_holds_one_token_and_gives_it_back() {
        let (_directory, jobs) = jobs(3);
        let (first, second) = (jobs.begin(), jobs.begin());
        drop(second);
        assert_eq!(jobs.fifo.take(9), 2);
        drop(first);
        assert_eq!(jobs.fifo.take(9), 3);
    }

    #[test]
    fn tokens_that_a_build_took_or_made_up_are_put_right_when_nothing_runs() {
        let (_directory, jobs) = jobs(2);
        let slot = jobs.begin();
        assert_eq!(jobs.fifo.take(9), 1, "stolen");
        let late = jobs.begin();
        drop((slot, late));
        assert_eq!(jobs.fifo.take(9), 2);
        let slot = jobs.begin();
        jobs.fifo.put(&[b'x'; 100]);
        drop(slot);
        assert_eq!(jobs.fifo.take(999), 2);
    }
}
