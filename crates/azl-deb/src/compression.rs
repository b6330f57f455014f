//! Compressed streams, told apart by their first bytes.

use std::io::{self, Read};

use crate::ArchiveError;

/// The compressions that packages and sources use and we can undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    Gzip,
    Xz,
    Zstd,
    None,
}

/// The longest prefix that decides.
pub(crate) const MAGIC_LEN: usize = 512;

impl Compression {
    /// Returns what the first bytes of a stream say; a tar header has `ustar` or a checksum, both of which the
    /// archive reader checks, so that everything unknown is taken for uncompressed.
    pub(crate) fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// Reads as much of the start of a stream as decides its kind, and gives the whole stream back.
///
/// # Errors
/// If the stream fails.
pub(crate) fn peek<'a>(mut stream: impl Read + 'a) -> io::Result<(Vec<u8>, impl Read + 'a)> {
    let mut start = Vec::with_capacity(MAGIC_LEN);
    stream.by_ref().take(MAGIC_LEN as u64).read_to_end(&mut start)?;
    Ok((start.clone(), io::Cursor::new(start).chain(stream)))
}

/// Returns what a stream compressed with gzip, xz, zstd or not at all holds.
///
/// # Errors
/// [`ArchiveError::Read`] if the stream's start cannot be read; later errors come from reading the result.
pub fn decompress<'a>(stream: impl Read + 'a) -> Result<Box<dyn Read + 'a>, ArchiveError> {
    let (start, stream) = peek(stream).map_err(ArchiveError::Read)?;
    decode(Compression::of(&start), stream).map_err(ArchiveError::Read)
}

/// Undoes the compression; concatenated streams count as one, as the command line tools have it.
///
/// # Errors
/// If the decoder cannot be made.
pub(crate) fn decode<'a>(compression: Compression, stream: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    Ok(match compression {
        Compression::Gzip => Box::new(flate2::read::MultiGzDecoder::new(stream)),
        Compression::Xz => Box::new(liblzma::read::XzDecoder::new_multi_decoder(stream)),
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::new(stream)?),
        Compression::None => Box::new(stream),
    })
}
