//! `gc`: makes the store smaller, keeping what the last runs need.
//!
//! **Invariant:** waits until no run lives; looking (`Mode::Survey`) waits for nobody and removes nothing.

use std::fmt;

use azl_store::LocalStore;
use azl_store::gc::{Amount, Collection, Kind, Limits};
use serde::Serialize;

use crate::error::Failure;
use crate::events::{Event, Reporter};

/// Whether to remove or only to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Removes.
    Collect,
    /// Only says what would go.
    Survey,
}

/// One line of the table.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// What kind of things.
    pub kind: &'static str,
    /// How many stay.
    pub kept: usize,
    /// Bytes of those.
    pub kept_bytes: u64,
    /// How many go.
    pub freed: usize,
    /// Bytes of those.
    pub freed_bytes: u64,
}

/// What stays and what goes.
#[derive(Debug, Clone, Serialize)]
pub struct GcReport {
    /// Whether it went, or would go.
    pub removed: bool,
    /// By kind.
    pub rows: Vec<Row>,
}

/// Collects garbage.
///
/// # Errors
/// If the store cannot be read or something cannot be removed.
pub fn gc(store: &LocalStore, limits: Limits, mode: Mode, reporter: &dyn Reporter) -> Result<GcReport, Failure> {
    if mode == Mode::Survey {
        return Ok(GcReport::new(&store.survey(limits)?, mode));
    }
    let _alone = store.lock("gc", |holder| {
        reporter.report(&Event::Note { message: format!("waiting for those who use the store: {holder}") });
    })?;
    Ok(GcReport::new(&store.collect(limits)?, mode))
}

impl GcReport {
    fn new(collection: &Collection, mode: Mode) -> Self {
        let kinds = [Kind::Root, Kind::Tree, Kind::Refused, Kind::Run, Kind::Log, Kind::Result, Kind::Blob];
        let row = |kind: Kind| {
            let [kept, freed]: [Amount; 2] =
                [&collection.kept, &collection.freed].map(|by_kind| by_kind.get(&kind).copied().unwrap_or_default());
            let (kept_bytes, freed_bytes) = (kept.bytes, freed.bytes);
            Row { kind: kind.name(), kept: kept.count, kept_bytes, freed: freed.count, freed_bytes }
        };
        Self { removed: mode == Mode::Collect, rows: kinds.map(row).into() }
    }
}

impl fmt::Display for GcReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let goes = if self.removed { "removed" } else { "would go" };
        writeln!(f, "{:<12} {:>8} {:>12}   {goes:>8} {:>12}", "kind", "kept", "size", "size")?;
        for row in &self.rows {
            let (kept, freed) = (megabytes(row.kept_bytes), megabytes(row.freed_bytes));
            writeln!(f, "{:<12} {:>8} {kept:>12}   {:>8} {freed:>12}", row.kind, row.kept, row.freed)?;
        }
        let total = |bytes: fn(&Row) -> u64| megabytes(self.rows.iter().map(bytes).sum());
        let (kept, freed) = (total(|row| row.kept_bytes), total(|row| row.freed_bytes));
        writeln!(f, "{:<12} {:>8} {kept:>12}   {:>8} {freed:>12}", "all", "", "")
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::events::Silent;

    struct Telling(mpsc::Sender<String>);

    impl Reporter for Telling {
        fn report(&self, event: &Event) {
            if let Event::Note { message } = event {
                self.0.send(message.clone()).expect("the test listens");
            }
        }
    }

    #[test]
    fn collection_waits_for_runs_and_says_for_whom() {
        let directory = tempfile::tempdir().expect("a directory");
        let open = || LocalStore::open(directory.path()).expect("a store");
        let run = open();
        let share = run.share("release", |_| {}).expect("shared");
        let limits = Limits { runs: 1, size: 0 };
        gc(&open(), limits, Mode::Survey, &Silent).expect("looking waits for nobody");
        let (tell, told) = mpsc::channel();
        std::thread::scope(|scope| {
            let collecting = scope.spawn(|| gc(&open(), limits, Mode::Collect, &Telling(tell)));
            assert!(told.recv().expect("a note").ends_with(": release"));
            drop(share);
            collecting.join().expect("no panic").expect("collected");
        });
    }
}
