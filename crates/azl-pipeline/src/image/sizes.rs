//! `image sizes`: where the bytes of an image come from, by package and by file.

use std::cmp::Reverse;
use std::fmt;

use azl_image::Listing;
use serde::Serialize;

/// Files that a person is shown; the JSON form has all.
const SHOWN: usize = 40;

/// Sizes, the largest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// Bytes of all regular files.
    pub bytes: u64,
    /// Name, bytes and number of files of each package.
    pub packages: Vec<(String, u64, u64)>,
    /// Path and bytes of each file.
    pub files: Vec<(String, u64)>,
    /// Bytes of files that belong to no package.
    pub unowned: u64,
}

impl Sizes {
    /// Sums a listing up.
    pub fn of(listing: &Listing) -> Self {
        let files = listing.files.iter().filter_map(|(path, file)| Some((path.clone(), file.bytes?)));
        let mut files: Vec<(String, u64)> = files.collect();
        files.sort_by_key(|(_, bytes)| Reverse(*bytes));
        let packages = listing.packages.iter().map(|(name, package)| (name.clone(), package.bytes, package.files));
        let mut packages: Vec<(String, u64, u64)> = packages.collect();
        packages.sort_by_key(|(_, bytes, _)| Reverse(*bytes));
        let bytes: u64 = files.iter().map(|(_, bytes)| bytes).sum();
        let owned: u64 = packages.iter().map(|(_, bytes, _)| bytes).sum();
        Self { bytes, packages, files, unowned: bytes.saturating_sub(owned) }
    }
}

/// Returns a part in percent, with one decimal.
pub(super) fn share(part: u64, all: u64) -> String {
    let tenths = part.saturating_mul(1000).checked_div(all).unwrap_or(0);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, bytes, files) in &self.packages {
            writeln!(f, "{bytes:>12}  {:>7}  {name} ({files} files)", share(*bytes, self.bytes))?;
        }
        writeln!(f, "{:>12}  {:>7}  no package\n", self.unowned, share(self.unowned, self.bytes))?;
        for (path, bytes) in self.files.iter().take(SHOWN) {
            writeln!(f, "{bytes:>12}  {:>7}  {path}", share(*bytes, self.bytes))?;
        }
        let more = self.files.len().saturating_sub(SHOWN);
        if more > 0 {
            writeln!(f, "{:>12}  {:>7}  and {more} more files", "", "")?;
        }
        writeln!(f, "\n{:>12} bytes in all", self.bytes)
    }
}
