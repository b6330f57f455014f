//! File operations that fail when a test says so.
//!
//! Each operation that changes a file or directory counts. A test arms a directory: the n-th operation below it fails, or
//! that one and all later ones, as if the process had been killed there or the disk had gone.
//!
//! Not here: operations that only read.
//!
//! **Invariant:** without the feature `faults`, this is nothing.

use std::io::{self, Write};
use std::path::Path;

#[cfg(feature = "faults")]
pub use armed::{Armed, Fault, arm};

/// Fails if a test wants the operation that follows to fail.
#[cfg(not(feature = "faults"))]
pub(crate) fn point(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Writes all bytes, or fewer if a test wants that.
#[cfg(not(feature = "faults"))]
pub(crate) fn write(_path: &Path, file: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)
}

/// Fails if a test wants the operation that follows to fail.
#[cfg(feature = "faults")]
pub(crate) fn point(path: &Path) -> io::Result<()> {
    armed::strike(path).map_or(Ok(()), Err)
}

/// Writes all bytes, or fewer if a test wants that.
#[cfg(feature = "faults")]
pub(crate) fn write(path: &Path, file: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    match armed::strike(path) {
        None => file.write_all(bytes),
        Some(error) => {
            file.write_all(&bytes[..bytes.len() / 2])?;
            Err(error)
        }
    }
}

#[cfg(feature = "faults")]
mod armed {
    use std::io;
    use std::path::{Path, PathBuf};
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

    /// What happens at the armed operation. A write that fails has written half of its bytes.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Fault {
        /// It fails with this error number, the next one works.
        Once(i32),
        /// It and all later ones fail with this error number.
        Always(i32),
    }

    /// A directory in which operations fail until this is dropped.
    #[derive(Debug)]
    pub struct Armed(Arc<Plan>);

    #[derive(Debug)]
    struct Plan {
        directory: PathBuf,
        at: u64,
        fault: Fault,
        count: AtomicU64,
    }

    static PLANS: Mutex<Vec<Arc<Plan>>> = Mutex::new(Vec::new());

    fn plans() -> MutexGuard<'static, Vec<Arc<Plan>>> {
        PLANS.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Arms the operation number `at`, from 1, of those below `directory` from now on.
    pub fn arm(directory: &Path, at: u64, fault: Fault) -> Armed {
        let plan = Arc::new(Plan { directory: directory.to_owned(), at, fault, count: AtomicU64::new(0) });
        plans().push(Arc::clone(&plan));
        Armed(plan)
    }

    impl Armed {
        /// Returns whether the armed operation was reached.
        pub fn struck(&self) -> bool {
            self.0.count.load(Ordering::SeqCst) >= self.0.at
        }
    }

    impl Drop for Armed {
        fn drop(&mut self) {
            plans().retain(|plan| !Arc::ptr_eq(plan, &self.0));
        }
    }

    pub(super) fn strike(path: &Path) -> Option<io::Error> {
        let plans = plans();
        let plan = plans.iter().find(|plan| path.starts_with(&plan.directory))?;
        let number = plan.count.fetch_add(1, Ordering::SeqCst) + 1;
        match plan.fault {
            Fault::Once(error) if number == plan.at => Some(io::Error::from_raw_os_error(error)),
            Fault::Always(error) if number >= plan.at => Some(io::Error::from_raw_os_error(error)),
            _ => None,
        }
    }
}
