//! The dist-git `sources` file: `SHA512 (file) = hex`, one line per tarball kept outside the repository.

use std::collections::BTreeMap;

use azl_diagnostics::Diagnostic;
use azl_digest::Sha512;

/// One line of `sources`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceEntry {
    /// File name.
    pub file: String,
    /// Digest of its content.
    pub sha512: Sha512,
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
    let Some((algorithm, rest)) = line.split_once(" (") else {
        let legacy = line.split_once("  ").is_some_and(|(hash, _)| hash.len() == 32);
        return Err(if legacy { "MD5 is not accepted: list the file with its SHA512".into() } else { shape() });
    };
    let (file, digest) = rest.split_once(") = ").ok_or_else(shape)?;
    if algorithm != "SHA512" {
        return Err(format!("`{algorithm}` is not accepted: list `{file}` with its SHA512"));
    }
    if matches!(file, "" | "." | "..") || file.contains(['/', '\\', '\0']) || file.contains(char::is_whitespace) {
        return Err(format!("not a plain file name: `{file}`"));
    }
    let sha512 = digest.parse().map_err(|error| format!("{error}"))?;
    Ok(SourceEntry { file: file.to_owned(), sha512 })
}

/// Writes a `sources` file in the given order.
pub fn write_sources(entries: &[SourceEntry]) -> String {
    entries.iter().map(|entry| format!("SHA512 ({}) = {}\n", entry.file, entry.sha512)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(digit: char) -> String {
        digit.to_string().repeat(128)
    }

    #[test]
    fn entries_round_trip() {
        let text = format!("SHA512 (b-1.tar.xz) = {}\nSHA512 (a) = {}\n", hex('a'), hex('0'));
        let (entries, diagnostics) = parse_sources("sources", text.as_bytes());
        assert!(diagnostics.is_empty());
        assert_eq!(write_sources(&entries), text);
    }

    #[test]
    fn every_bad_line_is_reported_with_its_number() {
        let good = format!("SHA512 (a) = {}", hex('a'));
        let text = format!(
            "{good}\n{good}\n\nMD5 (b) = {}\n{}  c\nSHA512 (d) = 12\nSHA512 (../e) = {}\nnonsense\n",
            "0".repeat(32),
            "0".repeat(32),
            hex('a'),
        );
        let (entries, diagnostics) = parse_sources("sources", text.as_bytes());
        assert_eq!(entries.len(), 1);
        let messages: Vec<_> = diagnostics.iter().map(|one| one.message.as_str()).collect();
        for (message, expected) in messages.iter().zip([
            "line 2: `a` is listed on line 1 already",
            "line 4: `MD5` is not accepted",
            "line 5: MD5 is not accepted",
            "line 6: not a digest: `12`",
            "line 7: not a plain file name: `../e`",
            "line 8: not of the form",
        ]) {
            assert!(message.starts_with(expected), "{message}");
        }
        assert_eq!(messages.len(), 6);
    }
}
