//! Local sockets, and ports of the loopback interface.

use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::Path;

use crate::files::{self, FileError};

/// Connects to the socket at `path`, of any length.
///
/// # Errors
/// If there is no socket, or nobody listens on it (yet).
pub fn connect(path: &Path) -> Result<UnixStream, FileError> {
    let failed = |source| FileError { operation: "connect to", path: path.to_owned(), source };
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(failed(io::Error::from(io::ErrorKind::InvalidInput)));
    };
    // The system takes no address longer than 107 bytes; a descriptor of the directory makes it short.
    let directory = files::open(directory)?;
    let short = Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(name);
    UnixStream::connect(short).map_err(failed)
}

/// Returns a port of the loopback interface that nobody listens on at this moment.
///
/// # Errors
/// If the system has none.
pub fn free_port() -> io::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
