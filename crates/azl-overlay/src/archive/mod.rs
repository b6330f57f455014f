//! Source archives: tar files that overlays change from inside; bytes in, bytes out.
//!
//! An archive is read whole into a sorted map of members, changed, and written again in one fixed form: sorted, no
//! times, no owners, GNU headers as azldev's writer makes them, compressed as it was. Directories that an archive
//! leaves out are written with mode 0755. What `tar` restores only for root or on request (owners, times, extended
//! attributes) is dropped, as are set-id and sticky bits.
//!
//! Headers are read here and not by the `tar` crate, which settles in silence what two headers of one entry disagree
//! on. Names are bytes; globs see them as text, with U+FFFD for what is not UTF-8.
//!
//! Not here: fetching archives, hashes of results, and zip, bzip2, lzip and 7z, which are refused by name. Compressed
//! bytes depend on the versions of the encoders.
//!
//! Names that differ only in Unicode normalisation are two names, as they are to Linux and to tar: both are kept, in the
//! order of their bytes. Those that differ only in case are kept, too, with a warning.
//!
//! **Invariant:** equal bytes and equal overlays give equal bytes.
//!
//! **Invariant:** whatever the input says, memory and time stay within [`Limits`].
//!
//! **Invariant:** no entry is skipped: what cannot be written again as it was is refused by name.

mod compression;
mod conflict;
mod edit;
mod group;
mod header;
mod limits;
mod links;
mod member_path;
mod members;
mod name;
mod pax;
mod reader;
mod refusal;
mod stream;
mod writer;

pub use conflict::conflicts;
pub use group::{Group, Repacked, groups};
pub use limits::Limits;
pub use name::ArchiveName;
pub use refusal::{Refusal, Rule};

pub(crate) use edit::{Edit, InArchive};

/// Reads an archive and writes it again unchanged, in the fixed form.
///
/// A pure function of its arguments, to be called with any bytes: it neither panics nor goes beyond the limits.
///
/// # Errors
/// If the bytes are not an archive that overlays could change.
pub fn repack(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, Refusal> {
    let (members, compression) = reader::read(bytes, limits)?;
    writer::write(&members, compression)
}

#[cfg(test)]
mod tests;
