//! What a package says about one file, and the file with its content.

use azl_digest::Digest;
use serde::{Deserialize, Serialize};

/// What kind of thing a path is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// A file with content.
    #[default]
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink {
        /// Text of the link, as written.
        target: String,
    },
    /// A device node.
    Device {
        /// Block device if set, else character device.
        block: bool,
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
}

/// One entry of a package's file list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Absolute path without `.` or `..`; in a source package a bare file name.
    pub path: String,
    /// What it is.
    pub kind: FileKind,
    /// Permission bits, `0o7777` at most.
    pub mode: u32,
    /// Owner's name.
    pub user: String,
    /// Group's name.
    pub group: String,
    /// Modification time, seconds since 1970.
    pub mtime: u32,
    /// Size in bytes; of a directory, whatever the build host's file system said.
    pub size: u64,
    /// SHA-256 of the content; `None` for what has no content or an older kind of digest.
    pub digest: Option<Digest>,
    /// Capabilities as text, e.g. `cap_net_raw=ep`.
    pub caps: Option<String>,
    /// Owned but not shipped.
    pub ghost: bool,
    /// Configuration.
    pub config: bool,
    /// Documentation.
    pub doc: bool,
    /// Licence text.
    pub license: bool,
}

/// A file with its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageFile {
    /// What the package says about it.
    pub entry: FileEntry,
    /// Content of a regular file that is not a ghost; empty for everything else.
    pub content: Vec<u8>,
}
