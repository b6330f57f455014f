//! The expanded `%autochangelog`: one entry per commit, newest first.
//!
//! A commit that changes the file `changelog` ends the list: its entry is the file, and what is older is in there. If
//! the file was removed again later, the list ends before that commit and the file is not shown.

use std::sync::Arc;

use azl_spec::Date;

use crate::commit::{Commit, History};
use crate::magic::Magic;
use crate::message::items;
use crate::release::Release;
use crate::version::EpochVersion;
use crate::wrap::fill;

/// Returns the entries with one empty line between them, ended by a newline.
pub(crate) fn expand(history: &History, releases: &[Release]) -> Vec<u8> {
    let mut entries: Vec<String> = Vec::new();
    let (shown, file) = range(history);
    for (commit, release) in history.commits()[..shown].iter().zip(releases) {
        if commit.spec.is_some() && !Magic::read(&commit.message).skip_changelog {
            entries.push(entry(commit, release));
        }
    }
    entries.extend(file.map(|file| String::from_utf8_lossy(file).into_owned()));
    let mut text = entries.join("\n\n");
    text.push('\n');
    text.into_bytes()
}

/// Returns how many commits have entries of their own, and the file that follows them.
pub(crate) fn range(history: &History) -> (usize, Option<&[u8]>) {
    let mut removed = false;
    for (index, commit) in history.commits().iter().enumerate() {
        let before = history.commits().get(index + 1).and_then(|parent| parent.changelog.as_ref());
        match &commit.changelog {
            Some(file) if before != Some(file) => return (index, (!removed).then_some(Arc::as_ref(file))),
            file => removed |= file.is_none() && before.is_some(),
        }
    }
    (history.commits().len(), None)
}

fn entry(commit: &Commit, release: &Release) -> String {
    let date = Date::of_seconds(commit.time);
    let version = match release.epoch_version() {
        Some(EpochVersion::Known(version)) => format!(" - {version}-{}", release.complete()),
        // Nobody wants to read an expression; rpm takes an entry without a version.
        Some(EpochVersion::Symbolic(_)) | None => String::new(),
    };
    let items: Vec<_> = items(&commit.message).iter().map(|item| fill(&format!("- {item}"))).collect();
    format!("* {date} {} <{}>{version}\n{}", commit.author, commit.email, items.join("\n"))
}
