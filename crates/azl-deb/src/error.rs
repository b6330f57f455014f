//! Why an archive is refused.

use std::io;

/// An archive that cannot be read, must not be unpacked, or was not wanted by its reader.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The bytes are not what the format asks for.
    #[error("malformed archive: {0}")]
    Malformed(String),
    /// An entry that no honest archive of this kind holds.
    #[error("unsafe archive: entry `{path}` {reason}")]
    Unsafe {
        /// The entry, escaped for printing.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A web page was stored in the place of a file.
    #[error("`{name}` is a web page, not {expected}: it starts with `{start}`")]
    WebPage {
        /// The file.
        name: String,
        /// What its name promises.
        expected: &'static str,
        /// Its first characters.
        start: String,
    },
    /// The stream under the archive failed or ended early.
    #[error("cannot read the archive: {0}")]
    Read(io::Error),
    /// The visitor failed; its own error.
    #[error(transparent)]
    Visit(io::Error),
}

impl ArchiveError {
    pub(crate) fn unsafe_entry(path: &[u8], reason: impl Into<String>) -> Self {
        let shown: Vec<u8> = path.iter().copied().take(200).collect();
        Self::Unsafe { path: String::from_utf8_lossy(&shown).escape_debug().to_string(), reason: reason.into() }
    }
}
