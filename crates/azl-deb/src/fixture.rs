//! Small archives made up for tests, also such as no honest tool writes.

use std::io::Write;

/// A tarball under construction; names are written as given, unchecked.
pub(crate) struct Tarball(tar::Builder<Vec<u8>>);

impl Tarball {
    pub(crate) fn new() -> Self {
        Self(tar::Builder::new(Vec::new()))
    }

    pub(crate) fn file(self, name: &str, content: &[u8]) -> Self {
        self.entry(name, tar::EntryType::Regular, content, "")
    }

    pub(crate) fn directory(self, name: &str) -> Self {
        self.entry(name, tar::EntryType::Directory, b"", "")
    }

    pub(crate) fn link(self, name: &str, target: &str) -> Self {
        self.entry(name, tar::EntryType::Symlink, b"", target)
    }

    pub(crate) fn hard_link(self, name: &str, target: &str) -> Self {
        self.entry(name, tar::EntryType::Link, b"", target)
    }

    pub(crate) fn special(self, name: &str, kind: tar::EntryType) -> Self {
        self.entry(name, kind, b"", "")
    }

    fn entry(mut self, name: &str, kind: tar::EntryType, content: &[u8], target: &str) -> Self {
        let mut header = tar::Header::new_gnu();
        // Past `set_path`, which refuses what the tests are about.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.as_mut_bytes()[157..157 + target.len()].copy_from_slice(target.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(if kind == tar::EntryType::Directory { 0o755 } else { 0o644 });
        header.set_size(content.len() as u64);
        header.set_cksum();
        self.0.append(&header, content).expect("memory takes every write");
        self
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        self.0.into_inner().expect("memory takes every write")
    }
}

/// An `ar` archive of the given members.
pub(crate) fn deb(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = ar::Builder::new(Vec::new());
    for (name, content) in members {
        let header = ar::Header::new(name.as_bytes().to_vec(), content.len() as u64);
        builder.append(&header, *content).expect("memory takes every write");
    }
    builder.into_inner().expect("memory takes every write")
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes every write")
}

pub(crate) fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 0);
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes every write")
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("memory takes every write")
}
