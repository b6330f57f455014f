//! The compressions of tar files: told apart by their first bytes, undone and done again.
//!
//! **Invariant:** one stream is read; what follows it is given back, never decoded.

use std::io::{self, Read, Write};

use flate2::GzBuilder;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use liblzma::bufread::XzDecoder;
use liblzma::stream::{Check, Stream};
use liblzma::write::XzEncoder;
use zstd::stream::{read, write};

use super::refusal::Rule;

/// Largest window of a compressed stream: 128 MiB, zstd's own default; the highest presets of xz need half.
const WINDOW_LOG: u32 = 27;
/// What an xz decoder may take: the window and its tables.
const XZ_MEMORY: u64 = (1 << WINDOW_LOG) + (32 << 20);

const GZIP_LEVEL: u32 = 9;
/// The gzip header's operating system field for "unknown".
const GZIP_OS_UNKNOWN: u8 = 255;
const XZ_PRESET: u32 = 6;
const ZSTD_LEVEL: i32 = 9;

/// How a tar file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Xz,
    Zstd,
}

impl Compression {
    /// Returns what the first bytes say; what has no signature is taken for a bare tar file, whose checksums tell.
    pub(crate) fn of(packed: &[u8]) -> Result<Self, Rule> {
        match packed {
            [0x1f, 0x8b, ..] => Ok(Self::Gzip),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Ok(Self::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Ok(Self::Zstd),
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Err(Rule::Zip),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] => Err(Rule::Bzip2),
            [b'L', b'Z', b'I', b'P', 1, ..] => Err(Rule::Lzip),
            [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Err(Rule::SevenZip),
            _ => Ok(Self::None),
        }
    }

    /// Starts to unpack.
    pub(crate) fn unpacker(self, packed: &[u8]) -> Result<Unpacker<'_>, Rule> {
        Ok(match self {
            Self::None => Unpacker::Plain(packed),
            Self::Gzip => Unpacker::Gzip(Box::new(GzDecoder::new(packed))),
            Self::Xz => {
                let stream = Stream::new_stream_decoder(XZ_MEMORY, 0).map_err(|_| Rule::Damaged)?;
                Unpacker::Xz(XzDecoder::new_stream(packed, stream))
            }
            Self::Zstd => {
                let mut decoder = read::Decoder::with_buffer(packed).map_err(|_| Rule::Damaged)?.single_frame();
                decoder.window_log_max(WINDOW_LOG).map_err(|_| Rule::Damaged)?;
                Unpacker::Zstd(decoder)
            }
        })
    }

    /// Starts to pack.
    pub(crate) fn packer(self) -> io::Result<Packer> {
        Ok(match self {
            Self::None => Packer::Plain(Vec::new()),
            Self::Gzip => {
                let builder = GzBuilder::new().mtime(0).operating_system(GZIP_OS_UNKNOWN);
                Packer::Gzip(Box::new(builder.write(Vec::new(), flate2::Compression::new(GZIP_LEVEL))))
            }
            Self::Xz => {
                let stream = Stream::new_easy_encoder(XZ_PRESET, Check::Crc64)?;
                Packer::Xz(XzEncoder::new_stream(Vec::new(), stream))
            }
            Self::Zstd => {
                let mut encoder = write::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
                encoder.include_checksum(true)?;
                Packer::Zstd(encoder)
            }
        })
    }
}

/// A stream being unpacked.
pub(crate) enum Unpacker<'a> {
    Plain(&'a [u8]),
    Gzip(Box<GzDecoder<&'a [u8]>>),
    Xz(XzDecoder<&'a [u8]>),
    Zstd(read::Decoder<'static, &'a [u8]>),
}

impl<'a> Unpacker<'a> {
    /// Reads some bytes; none at the stream's end.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Rule> {
        let result = match self {
            Self::Plain(bytes) => bytes.read(buffer),
            Self::Gzip(decoder) => decoder.read(buffer),
            Self::Xz(decoder) => decoder.read(buffer),
            Self::Zstd(decoder) => decoder.read(buffer),
        };
        result.map_err(|error| rule_of(&error))
    }

    /// Returns the packed bytes after the stream, once its end was read.
    pub(crate) fn rest(self) -> &'a [u8] {
        match self {
            Self::Plain(bytes) => bytes,
            Self::Gzip(decoder) => decoder.into_inner(),
            Self::Xz(decoder) => decoder.into_inner(),
            Self::Zstd(decoder) => decoder.finish(),
        }
    }
}

/// Says what a decoder's error means.
fn rule_of(error: &io::Error) -> Rule {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<liblzma::stream::Error>());
    if matches!(inner, Some(liblzma::stream::Error::MemLimit)) {
        return Rule::Window;
    }
    // zstd gives its error only as text; 16 is the number of `frameParameter_windowTooLarge` in its stable interface.
    if error.to_string() == zstd::zstd_safe::get_error_name(16usize.wrapping_neg()) {
        return Rule::Window;
    }
    if error.kind() == io::ErrorKind::UnexpectedEof { Rule::Truncated } else { Rule::Damaged }
}

/// A stream being packed.
pub(crate) enum Packer {
    Plain(Vec<u8>),
    Gzip(Box<GzEncoder<Vec<u8>>>),
    Xz(XzEncoder<Vec<u8>>),
    Zstd(write::Encoder<'static, Vec<u8>>),
}

impl Packer {
    /// Ends the stream and returns its bytes.
    pub(crate) fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Plain(bytes) => Ok(bytes),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Xz(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl Write for Packer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(packed) => packed.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Xz(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
