//! What is wrong with a history or with a written changelog.
//!
//! Errors are what gives no spec or one that rpm cannot store: a newest commit without a version, days that package
//! headers do not hold, authors that break out of their line. Warnings are what rpm builds, but not as meant: days out
//! of order (rpm drops the changelog), in the future, behind 2038, older commits without a version.

use std::ops::Range;

use azl_diagnostics::Diagnostic;
use azl_spec::{Date, SectionName, Spec};

use crate::changelog;
use crate::commit::{Commit, History};
use crate::features::Features;
use crate::reach::Reach;
use crate::release::Release;
use crate::version::{EpochVersion, Unreadable};

const DAY: i64 = 86_400;
/// Characters of an expression that are shown.
const SHOWN: usize = 200;

/// Checks what [`crate::process`] is about to write.
pub(crate) fn check_history(
    spec: &Spec,
    file: &str,
    (history, releases): (&History, &[Release]),
    features: &Features,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let newest = &releases[0];
    if let Some(Err(why)) = &newest.reading {
        found.push(unreadable(spec, file, why));
    }
    if !features.needs_changelog() {
        return found;
    }
    if let Some(EpochVersion::Symbolic(text)) = newest.epoch_version() {
        let text: String = text.chars().take(SHOWN).collect();
        let message = format!("the version `{text}` cannot be evaluated, so the changelog cannot name it");
        found.push(
            Diagnostic::error("version-symbolic", message)
                .hint("define the macros it needs, or ask rpm and give what it says under this text"),
        );
    }
    let (shown, _) = changelog::range(history);
    let commits = &history.commits()[..shown];
    found.extend(older_versions(commits, releases));
    found.extend(options(commits, releases));
    let days = commits.iter().map(|commit| (Date::of_seconds(commit.time), format!("commit `{}`", commit.id)));
    found.extend(days.clone().filter_map(|(day, name)| reach(day, &name)));
    found.extend(order(days));
    found.extend(commits.iter().filter_map(author));
    found
}

fn unreadable(spec: &Spec, file: &str, why: &Unreadable) -> Diagnostic {
    let one = Diagnostic::error("version-unreadable", format!("the spec has no version: {why}"));
    match why {
        Unreadable::Unbalanced(line) | Unreadable::NoTag(line) if *line <= spec.lines().len() => {
            one.at(file, spec.lines()[line - 1].content.clone())
        }
        _ => one.at(file, 0..0),
    }
}

/// Says once how many older commits have no version to show.
fn older_versions(commits: &[Commit], releases: &[Release]) -> Option<Diagnostic> {
    let without = commits.iter().zip(releases).skip(1).filter(|(_, release)| {
        let known = matches!(release.epoch_version(), Some(EpochVersion::Known(_)));
        release.reading.is_some() && !known
    });
    let ids: Vec<_> = without.map(|(commit, _)| commit.id.as_str()).collect();
    let first = ids.first()?;
    let count = ids.len();
    let message = format!("{count} older commits have no version that can be read, the newest of them `{first}`");
    Some(Diagnostic::warning("version-gap", message).hint("their entries name no version"))
}

/// Says once which entries may have a wrong release.
fn options(commits: &[Commit], releases: &[Release]) -> Option<Diagnostic> {
    let is_unknown = |release: &Release| matches!(&release.reading, Some(Ok(reading)) if reading.flags.is_none());
    let (commit, _) = commits.iter().zip(releases).find(|(_, release)| is_unknown(release))?;
    let message = format!("the options of `%autorelease` cannot be evaluated at commit `{}`", commit.id);
    Some(Diagnostic::warning("release-symbolic", message).hint("the changelog names the release without them"))
}

fn reach(day: Date, name: &str) -> Option<Diagnostic> {
    match Reach::of(day) {
        Reach::Fine => None,
        Reach::Far => {
            let message = format!("the day of {name} is behind 2038-01-19, which not every reader holds");
            Some(Diagnostic::warning("changelog-far", message))
        }
        Reach::Impossible => {
            let message = format!("the day of {name} is before 1970 or behind 2106, which no package holds");
            Some(Diagnostic::error("changelog-date", message))
        }
    }
}

/// Says once that days do not descend.
fn order(days: impl Iterator<Item = (Date, String)>) -> Option<Diagnostic> {
    let days: Vec<_> = days.collect();
    let (_, name) = &days.windows(2).find(|pair| pair[0].0 < pair[1].0)?[1];
    let message = format!("{name} is younger than what is above it in the changelog");
    Some(Diagnostic::warning("changelog-unordered", message).hint("rpm drops a changelog whose days do not descend"))
}

fn author(commit: &Commit) -> Option<Diagnostic> {
    let broken = [&commit.author, &commit.email].into_iter().any(|text| text.contains(char::is_control));
    let message = format!("the author of commit `{}` has control characters in the name", commit.id);
    broken.then(|| Diagnostic::error("changelog-author", message))
}

/// Checks the `%changelog` of a spec as it is; `now` is the moment it is built for, in seconds since 1970.
pub fn check_changelog(spec: &Spec, file: &str, now: i64) -> Vec<Diagnostic> {
    let entries = entries(spec);
    if entries.is_empty() {
        let message = "the spec has no changelog entry, so that its packages take the time of the build";
        return vec![Diagnostic::warning("changelog-missing", message).at(file, 0..0)];
    }
    let mut found = Vec::new();
    let mut days = Vec::new();
    for (range, text) in &entries {
        let at = |one: Diagnostic| one.at(file, range.clone());
        let Some(day) = Date::read(text) else {
            found.push(at(Diagnostic::error("changelog-date", format!("`{}` does not begin with a day", text.trim()))));
            continue;
        };
        found.extend(reach(day, "the entry").map(at));
        if day > Date::of_seconds(now.saturating_add(DAY)) {
            found.push(at(Diagnostic::warning("changelog-future", "the entry is more than a day in the future")));
        }
        days.push((day, format!("the entry of {day}")));
    }
    found.extend(order(days.into_iter()).map(|one| one.at(file, entries[0].0.clone())));
    found
}

/// Returns the first lines of the entries of a changelog, without their `*`.
pub(crate) fn entries(spec: &Spec) -> Vec<(Range<usize>, String)> {
    let sections = spec.sections().iter().filter(|section| Some(section.id.name) == SectionName::parse("%changelog"));
    let lines = sections.flat_map(|section| section.body.clone());
    let entry = |line: usize| {
        let text = spec.line(line).strip_prefix(b"*")?;
        Some((spec.lines()[line].content.clone(), String::from_utf8_lossy(text).into_owned()))
    };
    lines.filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-01.
    const NOW: i64 = 1_772_323_200;

    fn codes(changelog: &str) -> Vec<&'static str> {
        let spec = Spec::parse(format!("Name: x\n{changelog}"));
        check_changelog(&spec, "x.spec", NOW).into_iter().map(|one| one.code).collect()
    }

    #[test]
    fn missing_changelog_is_a_warning() {
        assert_eq!(codes(""), ["changelog-missing"]);
        assert_eq!(codes("%changelog\n"), ["changelog-missing"]);
    }

    #[test]
    fn days_are_checked_one_by_one_and_against_each_other() {
        assert_eq!(codes("%changelog\n* Tue Feb 24 2026 a <b> - 1-1\n- x\n"), [""; 0]);
        assert_eq!(codes("%changelog\n* Wed Feb 24 2027 a <b>\n"), ["changelog-future"]);
        assert_eq!(codes("%changelog\n* Wed Feb 24 2038 a <b>\n"), ["changelog-far", "changelog-future"]);
        assert_eq!(codes("%changelog\n* Wed Feb 24 2107 a <b>\n"), ["changelog-date", "changelog-future"]);
        assert_eq!(codes("%changelog\n* Tue Feb 30 2026 a <b>\n"), ["changelog-date"]);
        let unordered = "%changelog\n* Mon Feb 23 2026 a <b>\n- x\n\n* Tue Feb 24 2026 a <b>\n- y\n";
        assert_eq!(codes(unordered), ["changelog-unordered"]);
    }

    #[test]
    fn wrong_day_is_shown_where_it_is() {
        let spec = Spec::parse("%changelog\n* Tue Foo 24 2026 a\n");
        let found = check_changelog(&spec, "x.spec", NOW);
        assert_eq!(found[0].span.as_ref().map(|span| (span.start, span.end)), Some((11, 30)));
    }
}
