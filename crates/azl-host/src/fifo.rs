//! A named pipe that keeps what is in it: this process holds both ends.
//!
//! **Invariant:** no operation waits.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};

use crate::files::FileError;

/// A named pipe under its path.
#[derive(Debug)]
pub struct Fifo {
    path: PathBuf,
    file: File,
}

impl Fifo {
    /// Makes a named pipe that others of this user may open.
    ///
    /// # Errors
    /// If the path is taken or cannot be written.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, FileError> {
        let path = path.into();
        let made = mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).map_err(io::Error::from);
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
        let open = || File::options().read(true).write(true).custom_flags(flags).open(&path);
        match made.and_then(|()| open()) {
            Ok(file) => Ok(Self { path, file }),
            Err(source) => Err(FileError { operation: "make pipe", path, source }),
        }
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes up to `count` bytes out and returns how many there were.
    pub fn take(&self, count: usize) -> usize {
        let mut taken = 0;
        let mut buffer = [0; 4096];
        while taken < count {
            let want = (count - taken).min(buffer.len());
            match (&self.file).read(&mut buffer[..want]) {
                Ok(read) if read > 0 => taken += read,
                _ => break,
            }
        }
        taken
    }

    /// Puts bytes in, as far as there is room.
    pub fn put(&self, bytes: &[u8]) {
        let _ = (&self.file).write(bytes);
    }
}
