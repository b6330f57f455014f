//! Snapshots that have not come yet, which only a caller with a clock can tell.

use azl_diagnostics::Diagnostic;

use crate::document::Config;

impl Config {
    /// Returns an error for every snapshot later than `instant`, in seconds since 1970-01-01T00:00:00Z.
    ///
    /// Commits up to a future instant are not all made yet, so that two runs could differ.
    pub fn snapshot_after(&self, instant: i64) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for layer in self.all_layers() {
            let distro = layer.spec.upstream_distro.as_ref();
            let Some(snapshot) = distro.and_then(|distro| distro.get_ref().snapshot.as_ref()) else { continue };
            if snapshot.get_ref().seconds() > instant {
                let message = format!("snapshot is in the future: `{}`", snapshot.get_ref());
                let problem = Diagnostic::error("future-snapshot", message).at(layer.file.clone(), snapshot.span());
                found.push(problem.hint("take an instant that has passed, so that every run sees the same commits"));
            }
        }
        found
    }
}
