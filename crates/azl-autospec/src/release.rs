//! Release numbers: how many commits a version has seen.

use std::collections::BTreeMap;

use crate::commit::{Commit, History};
use crate::macros::Macros;
use crate::magic::Magic;
use crate::version::{EpochVersion, Reading, Unreadable, read_text};

/// What the history says of one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// What the spec says, or why it cannot be read; `None` if there is no spec.
    pub reading: Option<Result<Reading, Unreadable>>,
    /// The number, before options of `%autorelease` are applied.
    pub number: i64,
}

impl Release {
    /// Returns epoch and version, if the spec can be read.
    pub fn epoch_version(&self) -> Option<&EpochVersion> {
        self.readable().map(|reading| &reading.epoch_version)
    }

    /// Returns the release with the options of `%autorelease` applied, without `dist`.
    pub fn complete(&self) -> String {
        self.readable().and_then(|reading| reading.flags.clone()).unwrap_or_default().complete(self.number)
    }

    /// Makes a symbolic version known, if rpm was asked about it.
    pub(crate) fn evaluate(&mut self, versions: &BTreeMap<String, String>) {
        if let Some(Ok(reading)) = &mut self.reading
            && let EpochVersion::Symbolic(text) = &reading.epoch_version
            && let Some(version) = versions.get(text)
        {
            reading.epoch_version = EpochVersion::Known(version.clone());
        }
    }

    fn readable(&self) -> Option<&Reading> {
        self.reading.as_ref()?.as_ref().ok()
    }

    /// Returns the number a child with this version counts on from.
    fn count_for(&self, version: Option<&EpochVersion>) -> i64 {
        // A commit without a version may be a slip of the pen, or a package that was retired for a while: what was
        // counted before goes on behind it.
        match (self.epoch_version(), version) {
            (Some(ours), Some(theirs)) if ours != theirs => 0,
            _ => self.number,
        }
    }
}

/// Returns the releases of all commits, newest first.
///
/// A commit with a spec is one more than its parent if both have one version, else 1. `[bump release: N]` raises it to
/// at least N. Without a spec the number stays.
pub fn releases(history: &History, macros: &Macros) -> Vec<Release> {
    let mut releases: Vec<Release> = Vec::with_capacity(history.commits().len());
    let mut parent: Option<&Commit> = None;
    for commit in history.commits().iter().rev() {
        // Most commits leave the version alone, and many the whole spec.
        let same = parent.filter(|parent| parent.spec == commit.spec).and(releases.last());
        let reading = same.map_or_else(|| read(commit, macros), |release| release.reading.clone());
        let mut release = Release { reading, number: 0 };
        let counted = releases.last().map_or(0, |parent| parent.count_for(release.epoch_version()));
        let number = counted.saturating_add(i64::from(commit.spec.is_some()));
        release.number = number.max(Magic::read(&commit.message).bump_release);
        releases.push(release);
        parent = Some(commit);
    }
    releases.reverse();
    releases
}

fn read(commit: &Commit, macros: &Macros) -> Option<Result<Reading, Unreadable>> {
    commit.spec.as_deref().map(|spec| read_text(spec, macros))
}
