//! The name of an archive that overlays may change: a plain file name that says it is a tar file.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error};

/// Ends of names of archives that can be changed.
const KNOWN: [&str; 7] = [".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst", ".tzst"];
/// Ends of names of archives that cannot, and what they are.
const UNSUPPORTED: [(&str, &str); 11] = [
    (".zip", "a zip file"),
    (".jar", "a zip file"),
    (".whl", "a zip file"),
    (".tar.bz2", "compressed with bzip2"),
    (".tbz", "compressed with bzip2"),
    (".tbz2", "compressed with bzip2"),
    (".tar.lz", "compressed with lzip"),
    (".tar.lzma", "compressed with lzma"),
    (".tar.Z", "compressed with compress"),
    (".7z", "a 7z file"),
    (".crate", "a crate"),
];

/// Name of an archive beside the spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveName(String);

impl ArchiveName {
    /// Checks a name.
    ///
    /// # Errors
    /// If it is not a plain file name or not that of a supported archive; the text says which.
    pub fn new(text: &str) -> Result<Self, String> {
        let blank = |c: char| c.is_whitespace() || c.is_control();
        if matches!(text, "" | "." | "..") || text.contains(['/', '\\']) || text.contains(blank) {
            return Err(format!("not a plain file name: `{text}`"));
        }
        // Case does not matter, as in azldev; the real compression is seen at the first bytes.
        let lower = text.to_ascii_lowercase();
        let ends = |end: &str| lower.ends_with(&end.to_ascii_lowercase());
        if KNOWN.iter().any(|end| ends(end)) {
            return Ok(Self(text.to_owned()));
        }
        let what = UNSUPPORTED.iter().find(|(end, _)| ends(end)).map_or("of no known archive type", |(_, what)| what);
        Err(format!("cannot change files inside `{text}`: it is {what}; supported are {}", KNOWN.join(", ")))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ArchiveName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ArchiveName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tar_files_are_taken_and_others_refused_by_what_they_are() {
        for good in ["a.tar", "a-1.tar.gz", "a.tgz", "a.tar.xz", "a.txz", "a.tar.zst", "a.TZST"] {
            assert!(ArchiveName::new(good).is_ok(), "{good}");
        }
        for (bad, what) in [
            ("a.zip", "it is a zip file"),
            ("a.tar.bz2", "compressed with bzip2"),
            ("a.7z", "a 7z file"),
            ("a.patch", "of no known archive type"),
            ("d/a.tar", "not a plain file name"),
            ("a b.tar", "not a plain file name"),
            ("..", "not a plain file name"),
        ] {
            let error = ArchiveName::new(bad).expect_err(bad);
            assert!(error.contains(what), "{error}");
        }
    }
}
