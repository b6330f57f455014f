//! The other model of a spec: a flat list of lines, as the tool azldev has it, with that tool's defects.
//!
//! A foreign tree was written and tested with azldev, so what its overlays make of a spec is what azldev makes of it.
//! This module gives the same bytes. Only the overlays' compatibility mode uses it; everything else works on
//! [`crate::Spec`], which is the model of rpm. The behaviour was observed, the code is our own.
//!
//! The defects, which are kept on purpose:
//!
//! - CRLF becomes LF and the last line gets a newline; a line of 64 KiB or more is refused.
//! - It knows neither continued lines nor macro bodies nor `%if` branches: a header in a macro body is a header, a line
//!   with a colon in a Lua block is a tag, and `Name : x` is none.
//! - It knows 32 section names; headers are recognised in any case but compared in the case they are written in.
//! - Tags and lines added at the end of a section come behind the `%if` that guards the next one.
//! - Bare `Patch:` tags are not numbered as rpm does, and are never removed.
//! - Removal needs every `%if` of the file to be paired, also those in macro bodies.
//! - A replacement that makes a section header moves the lines below it to that section.
//!
//! **Invariant:** an edit either changes the spec as azldev does or returns an error and is of no consequence.

mod edit;
mod error;
#[cfg(test)]
mod fixture;
mod header;
mod patch;
mod remove;
mod tag;
mod text;

use header::{Block, blocks};

pub use error::FlatError;

/// Length in bytes from which a line is refused.
const LINE_LIMIT: usize = 64 * 1024;

/// A spec as azldev sees it. See the module documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlatSpec {
    lines: Vec<Vec<u8>>,
}

impl FlatSpec {
    /// Reads a spec.
    ///
    /// # Errors
    /// If a line is too long.
    pub fn parse(text: &[u8]) -> Result<Self, FlatError> {
        let body = text.strip_suffix(b"\n").unwrap_or(text);
        if text.is_empty() {
            return Ok(Self { lines: Vec::new() });
        }
        let lines = body.split(|&byte| byte == b'\n');
        if let Some(line) = lines.clone().position(|line| line.len() >= LINE_LIMIT) {
            return Err(FlatError::LineTooLong { line: line + 1 });
        }
        Ok(Self { lines: lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec()).collect() })
    }

    /// Returns the text, every line with its newline.
    pub fn into_bytes(self) -> Vec<u8> {
        self.lines.into_iter().flat_map(|line| line.into_iter().chain([b'\n'])).collect()
    }

    fn blocks(&self) -> Vec<Block> {
        blocks(&self.lines)
    }

    /// Returns the places of the sections with exactly this name and package.
    fn blocks_of(&self, section: &str, package: &str) -> Result<Vec<Block>, FlatError> {
        let found: Vec<_> = self.blocks().into_iter().filter(|block| block.id.is(section, package)).collect();
        match found.is_empty() {
            true => Err(FlatError::NoSection { section: section.into(), package: package.into() }),
            false => Ok(found),
        }
    }

    /// Removes lines by number; the numbers must ascend.
    fn remove_lines(&mut self, numbers: &[usize]) {
        let mut line = 0;
        self.lines.retain(|_| {
            line += 1;
            numbers.binary_search(&(line - 1)).is_err()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(text: &[u8]) -> Result<Vec<u8>, FlatError> {
        FlatSpec::parse(text).map(FlatSpec::into_bytes)
    }

    #[test]
    fn carriage_returns_go_and_a_last_newline_comes() {
        assert_eq!(rewritten(b"a\r\nb\r\r\nc\r").as_deref(), Ok(&b"a\nb\r\nc\n"[..]));
        assert_eq!(rewritten(b"").as_deref(), Ok(&b""[..]));
        assert_eq!(rewritten(b"\n\n").as_deref(), Ok(&b"\n\n"[..]));
        assert_eq!(rewritten(b"\xff\xfe").as_deref(), Ok(&b"\xff\xfe\n"[..]));
    }

    #[test]
    fn line_of_64_kib_is_refused() {
        let long = |length: usize| [b"a\n".to_vec(), vec![b'x'; length]].concat();
        assert!(rewritten(&long(LINE_LIMIT - 1)).is_ok());
        assert_eq!(rewritten(&long(LINE_LIMIT)), Err(FlatError::LineTooLong { line: 2 }));
    }
}
