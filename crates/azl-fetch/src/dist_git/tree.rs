//! Tree objects as values: one directory of a commit.

/// What an entry of a directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Executable,
    Link,
    Directory,
    /// A commit of another repository.
    Submodule,
    Unknown,
}

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    pub(super) kind: Kind,
    pub(super) id: String,
}

impl Entry {
    /// Returns whether its content is a blob that is a file.
    pub(super) fn is_file(&self) -> bool {
        matches!(self.kind, Kind::File | Kind::Executable)
    }
}

/// Reads `<mode> <name>\0<20 bytes of id>`, again and again.
pub(super) fn parse(mut bytes: &[u8]) -> Result<Vec<Entry>, &'static str> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let space = bytes.iter().position(|&byte| byte == b' ').ok_or("an entry has no name")?;
        let end = bytes.iter().position(|&byte| byte == 0).filter(|end| *end > space).ok_or("a name does not end")?;
        let id = bytes.get(end + 1..end + 21).ok_or("an entry has no id")?;
        entries.push(Entry {
            name: bytes[space + 1..end].to_vec(),
            kind: kind(&bytes[..space]),
            id: id.iter().map(|byte| format!("{byte:02x}")).collect(),
        });
        bytes = &bytes[end + 21..];
    }
    Ok(entries)
}

fn kind(mode: &[u8]) -> Kind {
    match mode.strip_prefix(b"0").unwrap_or(mode) {
        b"100755" => Kind::Executable,
        b"100644" | b"100664" => Kind::File,
        b"120000" => Kind::Link,
        b"40000" => Kind::Directory,
        b"160000" => Kind::Submodule,
        _ => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_up_to_the_last_byte() {
        let id = [0xab; 20];
        let bytes = [b"100644 a b\0".as_slice(), &id, b"40000 d\0", &id, b"160000 s\0", &id].concat();
        let entries = parse(&bytes).expect("a tree");
        assert_eq!(
            entries.iter().map(|entry| entry.kind).collect::<Vec<_>>(),
            [Kind::File, Kind::Directory, Kind::Submodule]
        );
        assert_eq!((entries[0].name.as_slice(), entries[0].id.as_str()), (b"a b".as_slice(), "ab".repeat(20).as_str()));
        assert_eq!(parse(&bytes[..bytes.len() - 1]), Err("an entry has no id"));
        assert_eq!(parse(b"100644"), Err("an entry has no name"));
    }
}
