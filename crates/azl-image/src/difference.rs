//! How two images differ: packages and files that came, went, grew or changed.
//!
//! **Invariant:** nothing differs exactly if the listings are equal.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::listing::{ListedFile, ListedPackage, Listing};

/// Lines of each kind that a person is shown; the JSON form has all.
const SHOWN: usize = 30;

/// All differences.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Packages, those that changed size most first.
    pub packages: Vec<PackageDifference>,
    /// Files, those that changed size most first.
    pub files: Vec<FileDifference>,
    /// Bytes of all regular files before and after.
    pub bytes: (u64, u64),
}

/// A package that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackageDifference {
    /// Its name.
    pub name: String,
    /// Version before.
    pub before: Option<String>,
    /// Version after.
    pub after: Option<String>,
    /// Bytes before and after.
    pub bytes: (u64, u64),
}

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileDifference {
    /// Its path.
    pub path: String,
    /// `added`, `removed`, or what of it differs.
    pub what: Vec<&'static str>,
    /// Bytes before and after.
    pub bytes: (u64, u64),
}

impl Difference {
    /// Compares two images.
    pub fn of(before: &Listing, after: &Listing) -> Self {
        let names: BTreeSet<&String> = before.packages.keys().chain(after.packages.keys()).collect();
        let package = |name: &String| package(name, before.packages.get(name), after.packages.get(name));
        let mut packages: Vec<_> = names.into_iter().filter_map(package).collect();
        packages.sort_by_key(|package| Reverse(package.bytes.0.abs_diff(package.bytes.1)));
        let paths: BTreeSet<&String> = before.files.keys().chain(after.files.keys()).collect();
        let file = |path: &String| file(path, before.files.get(path), after.files.get(path));
        let mut files: Vec<_> = paths.into_iter().filter_map(file).collect();
        files.sort_by_key(|file| Reverse(file.bytes.0.abs_diff(file.bytes.1)));
        Self { packages, files, bytes: (total(before), total(after)) }
    }

    /// Returns whether the images hold the same.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty() && self.files.is_empty()
    }
}

fn total(listing: &Listing) -> u64 {
    listing.files.values().filter_map(|file| file.bytes).sum()
}

fn package(name: &str, before: Option<&ListedPackage>, after: Option<&ListedPackage>) -> Option<PackageDifference> {
    if before == after {
        return None;
    }
    let version = |package: Option<&ListedPackage>| package.map(|package| package.version.clone());
    let bytes = |package: Option<&ListedPackage>| package.map_or(0, |package| package.bytes);
    Some(PackageDifference {
        name: name.to_owned(),
        before: version(before),
        after: version(after),
        bytes: (bytes(before), bytes(after)),
    })
}

fn file(path: &str, before: Option<&ListedFile>, after: Option<&ListedFile>) -> Option<FileDifference> {
    let what = match (before, after) {
        (Some(before), Some(after)) => changes(before, after),
        (None, _) => vec!["added"],
        (_, None) => vec!["removed"],
    };
    let bytes = |file: Option<&ListedFile>| file.and_then(|file| file.bytes).unwrap_or(0);
    (!what.is_empty()).then(|| FileDifference { path: path.to_owned(), what, bytes: (bytes(before), bytes(after)) })
}

fn changes(before: &ListedFile, after: &ListedFile) -> Vec<&'static str> {
    let same = [
        ("kind", before.kind == after.kind),
        ("content", (before.bytes, before.sha256) == (after.bytes, after.sha256)),
        ("target", before.target == after.target),
        ("mode", before.mode == after.mode),
        ("owner", (before.uid, before.gid) == (after.uid, after.gid)),
        ("label", before.label == after.label),
        ("capabilities", before.capabilities == after.capabilities),
        ("packages", before.packages == after.packages),
    ];
    same.into_iter().filter(|(_, same)| !same).map(|(what, _)| what).collect()
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return writeln!(f, "the images hold the same files");
        }
        for package in self.packages.iter().take(SHOWN) {
            let version = |version: &Option<String>| version.clone().unwrap_or_else(|| "-".to_owned());
            let (before, after) = (version(&package.before), version(&package.after));
            let versions = if before == after { before } else { format!("{before} -> {after}") };
            writeln!(f, "{:>+12}  {}  {versions}", growth(package.bytes), package.name)?;
        }
        rest(f, self.packages.len(), "packages")?;
        for file in self.files.iter().take(SHOWN) {
            writeln!(f, "{:>+12}  {}  {}", growth(file.bytes), file.path, file.what.join(", "))?;
        }
        rest(f, self.files.len(), "files")?;
        let (before, after) = self.bytes;
        writeln!(
            f,
            "{:>+12}  bytes in all: {before} -> {after}; {} packages and {} files differ",
            growth(self.bytes),
            self.packages.len(),
            self.files.len()
        )
    }
}

fn rest(f: &mut fmt::Formatter<'_>, all: usize, what: &str) -> fmt::Result {
    if all > SHOWN { writeln!(f, "{:>12}  and {} more {what}", "", all - SHOWN) } else { Ok(()) }
}

fn growth((before, after): (u64, u64)) -> i128 {
    i128::from(after) - i128::from(before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::{Package, compose};
    use crate::fixture::{Build as _, container, package};

    fn listing(packages: &[Package]) -> Listing {
        let model = container("[privileged]\n'/suid' = 'x'\n");
        compose(&model, packages, &[], 1_000).expect("composes").listing()
    }

    #[test]
    fn what_came_went_grew_and_changed_is_told_with_the_largest_first() {
        let before = listing(&[
            package("a").file("/suid", 0o4755, b"12345").file("/old", 0o644, b"1").link("/link", "x"),
            package("gone").file("/large", 0o644, &[0; 100]),
        ]);
        let after =
            listing(&[package("a").file("/suid", 0o4711, b"1234567").file("/new", 0o644, b"1").link("/link", "y")]);
        let difference = Difference::of(&before, &after);
        let files: Vec<(&str, String)> =
            difference.files.iter().map(|file| (file.path.as_str(), file.what.join(" "))).collect();
        let expected = [
            ("/large", "removed"),
            ("/suid", "content mode"),
            ("/new", "added"),
            ("/old", "removed"),
            ("/link", "target"),
        ];
        assert_eq!(files, expected.map(|(path, what)| (path, what.to_owned())));
        let packages: Vec<(&str, (u64, u64))> =
            difference.packages.iter().map(|package| (package.name.as_str(), package.bytes)).collect();
        assert_eq!(packages, [("gone", (100, 0)), ("a", (6, 8))]);
        let text = difference.to_string();
        assert!(text.contains("        -100  gone  1-1.azl4.x86_64 -> -\n"), "{text}");
        assert!(text.ends_with("         -98  bytes in all: 106 -> 8; 2 packages and 5 files differ\n"), "{text}");
    }

    #[test]
    fn equal_images_do_not_differ_and_a_listing_survives_its_json() {
        let one = listing(&[package("a").file("/suid", 0o4755, b"x").directory("/d", 0o700)]);
        assert!(Difference::of(&one, &one).is_empty());
        let json = serde_json::to_string(&one).expect("JSON");
        assert_eq!(serde_json::from_str::<Listing>(&json).expect("a listing"), one);
    }
}
