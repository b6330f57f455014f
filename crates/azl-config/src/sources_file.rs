//! The dist-git `sources` file: `SHA512 (file) = hex`, one line per tarball kept outside the repository.

use std::collections::BTreeMap;

use azl_diagnostics::Diagnostic;
use azl_digest::{Digest, Sha512};

/// One line of `sources`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceEntry {
    /// File name.
    pub file: String,
    /// Hash of its content.
    pub hash: SourceHash,
}

/// A hash as `sources` files of today and of old have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceHash {
    /// SHA-512, the only one our own trees may use.
    Sha512(Sha512),
    /// SHA-256.
    Sha256(Digest),
    /// MD5, in lower case; it pins nothing, and what has no other hash cannot be built.
    Md5(String),
}

impl SourceEntry {
    /// Returns the hash if it is the one that sources are found by.
    pub fn sha512(&self) -> Option<Sha512> {
        match &self.hash {
            SourceHash::Sha512(hash) => Some(*hash),
            SourceHash::Sha256(_) | SourceHash::Md5(_) => None,
        }
    }
}

/// Reads a `sources` file; `path` is where it is, for the mistakes. Every bad line is reported.
pub fn parse_sources(path: &str, bytes: &[u8]) -> (Vec<SourceEntry>, Vec<Diagnostic>) {
    let mut entries: Vec<SourceEntry> = Vec::new();
    let mut lines_of: BTreeMap<String, usize> = BTreeMap::new();
    let mut diagnostics = Vec::new();
    let mut start = 0;
    for (index, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let range = start..start + line.trim_ascii_end().len();
        start += line.len();
        if line.trim_ascii().is_empty() {
            continue;
        }
        let refuse = |message: String| {
            Diagnostic::error("sources-line", format!("line {}: {message}", index + 1)).at(path, range.clone())
        };
        match parse_line(line) {
            Err(message) => diagnostics.push(refuse(message)),
            Ok(entry) => match lines_of.insert(entry.file.clone(), index + 1) {
                Some(first) => diagnostics.push(refuse(format!("`{}` is listed on line {first} already", entry.file))),
                None => entries.push(entry),
            },
        }
    }
    (entries, diagnostics)
}

fn parse_line(line: &[u8]) -> Result<SourceEntry, String> {
    let line = std::str::from_utf8(line).map_err(|_| "not UTF-8".to_owned())?.trim_end();
    let shape = || format!("not of the form `SHA512 (file) = digest`: `{line}`");
    let (algorithm, file, digest) = match line.split_once(" (") {
        Some((algorithm, rest)) => {
            let (file, digest) = rest.split_once(") = ").ok_or_else(shape)?;
            (algorithm, file, digest)
        }
        None => {
            let (digest, file) = line.split_once("  ").ok_or_else(shape)?;
            ("MD5", file, digest)
        }
    };
    if matches!(file, "" | "." | "..") || file.contains(['/', '\\', '\0']) || file.contains(char::is_whitespace) {
        return Err(format!("not a plain file name: `{file}`"));
    }
    let hash = match algorithm {
        "SHA512" => SourceHash::Sha512(digest.parse().map_err(|error| format!("{error}"))?),
        "SHA256" => SourceHash::Sha256(digest.parse().map_err(|error| format!("{error}"))?),
        "MD5" if is_md5(digest) => SourceHash::Md5(digest.to_owned()),
        "MD5" => return Err(shape()),
        other => return Err(format!("`{other}` is not accepted: list `{file}` with its SHA512")),
    };
    Ok(SourceEntry { file: file.to_owned(), hash })
}

fn is_md5(digest: &str) -> bool {
    digest.len() == 32 && digest.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
}

/// Writes a `sources` file in the given order; MD5 in the old form, as it stands in the files that have it.
pub fn write_sources(entries: &[SourceEntry]) -> String {
    let line = |SourceEntry { file, hash }: &SourceEntry| match hash {
        SourceHash::Sha512(hash) => format!("SHA512 ({file}) = {hash}\n"),
        SourceHash::Sha256(hash) => format!("SHA256 ({file}) = {hash}\n"),
        SourceHash::Md5(hash) => format!("{hash}  {file}\n"),
    };
    entries.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(digit: char) -> String {
        digit.to_string().repeat(128)
    }

    #[test]
    fn entries_round_trip() {
        let sha256 = "b".repeat(64);
        let old = "0".repeat(32);
        let text = format!("SHA512 (b-1.tar.xz) = {}\nSHA256 (a) = {sha256}\n{old}  c\n", hex('a'));
        let (entries, diagnostics) = parse_sources("sources", text.as_bytes());
        assert!(diagnostics.is_empty());
        assert_eq!(write_sources(&entries), text);
    }

    #[test]
    fn every_bad_line_is_reported_with_its_number() {
        let good = format!("SHA512 (a) = {}", hex('a'));
        let text = format!(
            "{good}\n{good}\n\nSHA1 (b) = {}\n{}x  c\nSHA512 (d) = 12\nSHA512 (../e) = {}\nnonsense\n",
            "0".repeat(32),
            "0".repeat(32),
            hex('a'),
        );
        let (entries, diagnostics) = parse_sources("sources", text.as_bytes());
        assert_eq!(entries.len(), 1);
        let messages: Vec<_> = diagnostics.iter().map(|one| one.message.as_str()).collect();
        for (message, expected) in messages.iter().zip([
            "line 2: `a` is listed on line 1 already",
            "line 4: `SHA1` is not accepted",
            "line 5: not of the form",
            "line 6: not a digest: `12`",
            "line 7: not a plain file name: `../e`",
            "line 8: not of the form",
        ]) {
            assert!(message.starts_with(expected), "{message}");
        }
        assert_eq!(messages.len(), 6);
    }
}
