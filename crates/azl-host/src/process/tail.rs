//! The last lines of what a program printed, for an error message.
//!
//! **Invariant:** what is shown cannot steer a terminal, and reading it takes bounded memory.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::{files, terminal};

/// Lines of output kept in an error.
pub const TAIL_LINES: usize = 40;

/// Bytes of output looked at for them.
const TAIL_BYTES: u64 = 64 << 10;

/// Returns the last [`TAIL_LINES`] lines of a log file, or nothing if it cannot be read.
pub fn tail_of(log: &Path) -> String {
    let Ok(mut file) = files::open(log) else { return String::new() };
    let end = file.seek(SeekFrom::End(0)).unwrap_or(0);
    let start = end.saturating_sub(TAIL_BYTES);
    let mut bytes = Vec::new();
    let read = file.seek(SeekFrom::Start(start)).and_then(|_| file.take(TAIL_BYTES).read_to_end(&mut bytes));
    if read.is_err() {
        return String::new();
    }
    last_lines(&bytes)
}

/// Returns the last [`TAIL_LINES`] lines of output.
pub(super) fn last_lines(output: &[u8]) -> String {
    let limit = usize::try_from(TAIL_BYTES).unwrap_or(usize::MAX);
    let text = String::from_utf8_lossy(&output[output.len().saturating_sub(limit)..]);
    let text = terminal::harmless(&text);
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_without_end_is_cut() {
        assert_eq!(last_lines(&vec![b'x'; 10 << 20]).len(), 64 << 10);
    }

    #[test]
    fn sequences_that_steer_a_terminal_are_shown_not_obeyed() {
        assert_eq!(last_lines(b"\x1b]0;title\x07\x1b[2Jgone\r\nnext"), "␛]0;title␇␛[2Jgone\nnext");
    }
}
