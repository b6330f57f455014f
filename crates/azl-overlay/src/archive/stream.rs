//! The bytes of a tar file as they are unpacked, counted.
//!
//! **Invariant:** nothing is allocated because a header says so; memory follows the bytes that came.

use super::compression::{Compression, Unpacker};
use super::limits::Limits;
use super::refusal::Rule;

/// Bytes of a header, and what contents are padded to.
pub(crate) const BLOCK: usize = 512;
/// Bytes read at once.
const CHUNK: usize = 64 << 10;

/// A tar file being unpacked.
pub(crate) struct Stream<'a> {
    unpacker: Unpacker<'a>,
    /// Bytes that may still come.
    left: u64,
}

impl<'a> Stream<'a> {
    /// Starts to unpack.
    pub(crate) fn open(packed: &'a [u8], compression: Compression, limits: &Limits) -> Result<Self, Rule> {
        Ok(Self { unpacker: compression.unpacker(packed)?, left: limits.allowance(packed.len()) })
    }

    /// Returns the next header, or `None` at the block of zeros that ends the archive.
    pub(crate) fn header(&mut self) -> Result<Option<[u8; BLOCK]>, Rule> {
        let mut block = [0; BLOCK];
        match self.fill(&mut block)? {
            BLOCK if block == [0; BLOCK] => Ok(None),
            BLOCK => Ok(Some(block)),
            _ => Err(Rule::Truncated),
        }
    }

    /// Returns the content that follows a header, without its padding.
    pub(crate) fn content(&mut self, size: u64) -> Result<Vec<u8>, Rule> {
        let size = usize::try_from(size).ok().filter(|&size| size as u64 <= self.left).ok_or(Rule::TooBig)?;
        let mut content = Vec::new();
        while content.len() < size {
            let start = content.len();
            let more = (size - start).min(CHUNK.max(start));
            content.reserve_exact(more);
            content.resize(start + more, 0);
            if self.fill(&mut content[start..])? < more {
                return Err(Rule::Truncated);
            }
        }
        let padding = size.next_multiple_of(BLOCK) - size;
        match self.fill(&mut [0; BLOCK][..padding])? {
            read if read == padding => Ok(content),
            _ => Err(Rule::Truncated),
        }
    }

    /// Reads to the end, where only zeros may come: rest of a tape block, in or after the compressed stream.
    pub(crate) fn finish(mut self) -> Result<(), Rule> {
        let mut buffer = vec![0; CHUNK];
        loop {
            let read = self.fill(&mut buffer)?;
            if buffer[..read].iter().any(|&byte| byte != 0) {
                return Err(Rule::Trailing);
            }
            if read < buffer.len() {
                break;
            }
        }
        if self.unpacker.rest().iter().any(|&byte| byte != 0) { Err(Rule::Trailing) } else { Ok(()) }
    }

    /// Fills the buffer as far as there are bytes; returns how many there were.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, Rule> {
        let mut filled = 0;
        while filled < buffer.len() {
            let read = self.unpacker.read(&mut buffer[filled..])?;
            if read == 0 {
                break;
            }
            self.left = self.left.checked_sub(read as u64).ok_or(Rule::TooBig)?;
            filled += read;
        }
        Ok(filled)
    }
}
