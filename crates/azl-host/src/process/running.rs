//! A program that runs beside this one.
//!
//! **Invariant:** it does not outlive its [`Running`].

use std::process::Child;

use super::watch::kill_group;

/// A program that runs beside this one; dropping it kills it and its process group.
#[derive(Debug)]
pub struct Running {
    pub(crate) child: Child,
}

impl Running {
    /// Returns whether the program ended, and if so whether with success.
    pub fn ended(&mut self) -> Option<bool> {
        self.child.try_wait().ok().flatten().map(|status| status.success())
    }

    /// Kills the program and its process group and waits for it.
    pub fn kill(&mut self) {
        kill_group(&mut self.child);
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ended().is_none() {
            self.kill();
        }
    }
}
