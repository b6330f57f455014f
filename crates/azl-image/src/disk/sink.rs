//! Where disk bytes go: positioned writes into something that reads as zeros elsewhere.

use std::io;

/// The receiver of a disk. The caller implements it for a sparse file, a hash or a network upload.
pub trait DiskSink {
    /// Sets the length; everything not written later reads as zero.
    ///
    /// # Errors
    /// If the receiver fails.
    fn set_len(&mut self, len: u64) -> io::Result<()>;

    /// Stores `bytes` at `offset`, within the length. No byte is stored twice.
    ///
    /// # Errors
    /// If the receiver fails.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;
}

/// A disk in memory, for small disks and tests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BufferSink {
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl DiskSink for BufferSink {
    fn set_len(&mut self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).map_err(io::Error::other)?;
        self.bytes.resize(len, 0);
        Ok(())
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let target = start.checked_add(bytes.len()).and_then(|end| self.bytes.get_mut(start..end));
        target.ok_or_else(|| outside(offset, bytes.len()))?.copy_from_slice(bytes);
        Ok(())
    }
}

/// A partition of a sink: offsets count from its start, writes beyond its end are refused, zeros are not written.
pub(crate) struct Window<'s> {
    sink: &'s mut dyn DiskSink,
    start: u64,
    size: u64,
}

/// Zeros are looked for in pieces of this size, the unit in which filesystems keep holes.
const PIECE: usize = 4096;
const ZEROS: [u8; PIECE] = [0; PIECE];

impl<'s> Window<'s> {
    pub(crate) fn new(sink: &'s mut dyn DiskSink, start: u64, size: u64) -> Self {
        Self { sink, start, size }
    }

    /// Writes the pieces of `bytes` that are not all zero, in runs as long as possible.
    pub(crate) fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if offset.checked_add(bytes.len() as u64).is_none_or(|end| end > self.size) {
            return Err(outside(offset, bytes.len()));
        }
        let mut from = 0;
        while from < bytes.len() {
            let zero = |piece: &[u8]| piece == &ZEROS[..piece.len()];
            let run = bytes[from..].chunks(PIECE).take_while(|piece| !zero(piece)).map(<[u8]>::len).sum::<usize>();
            if run > 0 {
                self.sink.write_at(self.start + offset + from as u64, &bytes[from..from + run])?;
            }
            from += run + PIECE;
        }
        Ok(())
    }
}

fn outside(offset: u64, len: usize) -> io::Error {
    io::Error::other(format!("{len} bytes at {offset} are outside of the partition or disk"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Writes(Vec<(u64, usize)>);

    impl DiskSink for Writes {
        fn set_len(&mut self, _: u64) -> io::Result<()> {
            Ok(())
        }
        fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
            self.0.push((offset, bytes.len()));
            Ok(())
        }
    }

    #[test]
    fn zero_pieces_are_left_out_and_the_rest_is_written_in_runs() {
        let mut bytes = vec![0; 5 * PIECE + 10];
        bytes[0] = 1;
        bytes[PIECE + 7] = 1;
        bytes[5 * PIECE + 9] = 1;
        let mut writes = Writes::default();
        Window::new(&mut writes, 1_000, 1 << 20).write_at(24, &bytes).expect("written");
        assert_eq!(writes.0, [(1_024, 2 * PIECE), (1_024 + 5 * PIECE as u64, 10)]);
    }

    #[test]
    fn a_window_keeps_its_neighbours_safe() {
        let mut sink = BufferSink { bytes: vec![0; 100] };
        assert!(Window::new(&mut sink, 10, 20).write_at(15, &[1; 6]).is_err());
        assert!(Window::new(&mut sink, 10, 20).write_at(15, &[1; 5]).is_ok());
        assert!(sink.write_at(98, &[1; 3]).is_err());
    }
}
