//! A console as lines: bytes as they come, without terminal control sequences.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use azl_host::{FileError, files};

/// Longest line; the rest of a longer one counts as the next line.
const MAX_LINE: usize = 16 * 1024;

/// Turns bytes into lines.
#[derive(Default)]
pub(crate) struct Lines {
    partial: Vec<u8>,
}

impl Lines {
    /// Takes bytes and returns the lines they complete.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut complete = Vec::new();
        for byte in bytes {
            if matches!(byte, b'\n' | b'\r') || self.partial.len() >= MAX_LINE {
                // Firmware ends lines in every way; the empty lines between CR and LF say nothing.
                if !self.partial.is_empty() {
                    complete.push(plain(&std::mem::take(&mut self.partial)));
                }
            }
            if !matches!(byte, b'\n' | b'\r') {
                self.partial.push(*byte);
            }
        }
        complete
    }

    /// Returns the line that has not ended yet, e.g. a prompt.
    pub(crate) fn partial(&self) -> String {
        plain(&self.partial)
    }
}

/// Drops escape sequences (ECMA-48: `ESC [ … final byte`, `ESC x`) and other control characters.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => {
                if chars.next() == Some('[') {
                    chars.by_ref().find(|c| ('@'..='~').contains(c));
                }
            }
            '\t' => clean.push(' '),
            c if c.is_control() => {}
            c => clean.push(c),
        }
    }
    clean.trim_end().to_owned()
}

/// Follows a console that is written to a file, and keeps a copy with times for people.
pub(crate) struct Console {
    source: File,
    lines: Lines,
    log: File,
    log_path: std::path::PathBuf,
    seen: Vec<String>,
}

impl Console {
    /// Starts at the end of the file `source`; lines with their times are added to `log`.
    ///
    /// # Errors
    /// If one of them cannot be opened.
    pub(crate) fn follow(source: &Path, log: &Path) -> Result<Self, FileError> {
        let failed = |error| FileError { operation: "follow the console for", path: source.to_owned(), source: error };
        let mut console = files::open(source)?;
        console.seek(SeekFrom::End(0)).map_err(failed)?;
        let (lines, log_path) = (Lines::default(), log.to_owned());
        Ok(Self { source: console, lines, log: files::append(log)?, log_path, seen: Vec::new() })
    }

    /// Returns the lines that were completed since the last call.
    ///
    /// # Errors
    /// If the console cannot be read or the copy not written.
    pub(crate) fn poll(&mut self, now: Duration) -> Result<Vec<String>, FileError> {
        let failed = |operation, source| FileError { operation, path: self.log_path.clone(), source };
        let mut bytes = Vec::new();
        self.source.read_to_end(&mut bytes).map_err(|source| failed("follow the console for", source))?;
        let lines = self.lines.feed(&bytes);
        for line in &lines {
            writeln!(self.log, "[{:9.3}] {line}", now.as_secs_f64()).map_err(|source| failed("write", source))?;
        }
        self.seen.extend(lines.iter().cloned());
        Ok(lines)
    }

    /// Returns the line that has not ended yet.
    pub(crate) fn partial(&self) -> String {
        self.lines.partial()
    }

    /// Returns the last `count` lines.
    pub(crate) fn tail(&self, count: usize) -> Vec<String> {
        let mut all = self.seen.clone();
        all.push(self.partial());
        all.retain(|line| !line.is_empty());
        all.split_off(all.len().saturating_sub(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_every_way_and_arrive_in_pieces() {
        let mut lines = Lines::default();
        assert_eq!(lines.feed(b"one\r\ntw"), ["one"]);
        assert_eq!(lines.partial(), "tw");
        assert_eq!(lines.feed(b"o\rthree\n"), ["two", "three"]);
        assert_eq!(lines.partial(), "");
    }

    #[test]
    fn escape_sequences_and_controls_are_dropped() {
        let mut lines = Lines::default();
        assert_eq!(lines.feed(b"\x1b[2J\x1b[01;01H\x1b[=3hBdsDxe: \x1b[1mloading\x1b[0m\x07\n"), ["BdsDxe: loading"]);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let mut lines = Lines::default();
        let cut = lines.feed(&[b'x'; 3 * MAX_LINE]);
        assert_eq!((cut.len(), cut[0].len()), (2, MAX_LINE));
    }
}
