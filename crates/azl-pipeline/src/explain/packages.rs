//! Packages of two actions, compared by name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use azl_action::Action;
use azl_digest::Digest;
use serde::Serialize;

/// What became of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// It was not there before.
    Added,
    /// It is not there now.
    Removed,
    /// It has another version, or release.
    Changed,
    /// It has other bytes under the same version.
    Rebuilt,
}

/// A package that differs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PackageChange {
    /// What became of it.
    pub how: How,
    /// Its name.
    pub name: String,
    /// Version before, with release and architecture.
    pub before: Option<String>,
    /// Version now.
    pub now: Option<String>,
}

impl fmt::Display for PackageChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.how {
            How::Added => "added",
            How::Removed => "removed",
            How::Changed => "changed",
            How::Rebuilt => "rebuilt",
        };
        write!(f, "{how:<8} {:<32} ", self.name)?;
        match (&self.before, &self.now) {
            (Some(before), Some(now)) if before != now => write!(f, "{before} -> {now}"),
            (one, other) => f.write_str(one.as_deref().or(other.as_deref()).unwrap_or_default()),
        }
    }
}

/// Returns whether a blob of this name is a package.
pub(super) fn is_package(name: &str) -> bool {
    name.ends_with(".rpm") || name.ends_with(".deb")
}

/// Returns the packages that differ, by what became of them.
pub(super) fn compare(before: &Action, now: &Action) -> Vec<PackageChange> {
    let (old, new) = (packages(before), packages(now));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut changes = Vec::new();
    for name in names {
        let none = BTreeMap::new();
        let (before, now) = (old.get(name).unwrap_or(&none), new.get(name).unwrap_or(&none));
        let gone: Vec<&String> = before.keys().filter(|version| !now.contains_key(*version)).collect();
        let come: Vec<&String> = now.keys().filter(|version| !before.contains_key(*version)).collect();
        // Of several versions the first goes with the first: there is hardly ever more than one.
        for place in 0..gone.len().max(come.len()) {
            let (before, now) = (gone.get(place), come.get(place));
            let how = match (before, now) {
                (Some(_), Some(_)) => How::Changed,
                (Some(_), None) => How::Removed,
                _ => How::Added,
            };
            let text = |version: Option<&&String>| version.map(|version| (*version).clone());
            changes.push(PackageChange { how, name: name.clone(), before: text(before), now: text(now) });
        }
        let rebuilt = |(version, digest): &(&String, &Digest)| now.get(*version).is_some_and(|other| other != *digest);
        for (version, _) in before.iter().filter(rebuilt) {
            let version = Some(version.clone());
            changes.push(PackageChange {
                how: How::Rebuilt,
                name: name.clone(),
                before: version.clone(),
                now: version,
            });
        }
    }
    changes.sort();
    changes
}

/// Name → version → digest.
fn packages(action: &Action) -> BTreeMap<String, BTreeMap<String, Digest>> {
    let mut packages: BTreeMap<String, BTreeMap<String, Digest>> = BTreeMap::new();
    for blob in action.holes().into_iter().flatten().filter(|blob| is_package(&blob.name)) {
        let (name, version) = split(&blob.name);
        packages.entry(name.to_owned()).or_default().insert(version.to_owned(), blob.digest);
    }
    packages
}

/// Splits the file name of a package: `name-version-release.arch.rpm`, `name_version_arch.deb`.
fn split(file: &str) -> (&str, &str) {
    if let Some(deb) = file.strip_suffix(".deb") {
        return deb.split_once('_').unwrap_or((deb, ""));
    }
    let rpm = file.strip_suffix(".rpm").unwrap_or(file);
    let release = rpm.rfind('-').unwrap_or(rpm.len());
    match rpm[..release].rfind('-') {
        Some(version) => (&rpm[..version], &rpm[version + 1..]),
        None => (rpm, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_of_packages_are_taken_apart() {
        assert_eq!(split("readline-devel-8.3-1.azl4.x86_64.rpm"), ("readline-devel", "8.3-1.azl4.x86_64"));
        assert_eq!(split("libc6_2.41-12_amd64.deb"), ("libc6", "2.41-12_amd64"));
        assert_eq!(split("odd.rpm"), ("odd", ""));
    }
}
