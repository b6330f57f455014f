//! The archive inside the payload: cpio "newc" (`070701`) and rpm's stripped form (`07070X`).
//!
//! Not here: decompression, and what the members mean.
//!
//! **Invariant:** a member's declared size never makes us allocate; bytes are taken as they come.

use std::io::{self, Read};

/// The start of one member.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Member {
    /// A name as written, and a size in bytes.
    Named { name: String, size: u64 },
    /// An index into the package's file list, which has the size.
    Indexed(u32),
    /// The end.
    Trailer,
}

const NAME_LIMIT: usize = 4096;
const NEWC_HEADER: usize = 110;

/// Reads members one after the other.
pub(crate) struct Reader<R> {
    inner: R,
}

impl<R: Read> Reader<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner }
    }

    /// Reads up to the content of the next member.
    pub(crate) fn next(&mut self) -> io::Result<Member> {
        let mut magic = [0; 6];
        self.inner.read_exact(&mut magic)?;
        match &magic {
            b"070701" | b"070702" => self.named(),
            b"07070X" => {
                let index = self.hex()?;
                self.skip(2)?;
                Ok(Member::Indexed(index))
            }
            _ => Err(invalid("member has an unknown magic")),
        }
    }

    fn named(&mut self) -> io::Result<Member> {
        let mut fields = [0u32; 13];
        for field in &mut fields {
            *field = self.hex()?;
        }
        let (size, name_size) = (u64::from(fields[6]), fields[11] as usize);
        if name_size == 0 || name_size > NAME_LIMIT {
            return Err(invalid("member name has an impossible length"));
        }
        let mut name = vec![0; name_size];
        self.inner.read_exact(&mut name)?;
        self.skip((NEWC_HEADER + name_size).next_multiple_of(4) - NEWC_HEADER - name_size)?;
        if name.pop() != Some(0) {
            return Err(invalid("member name does not end"));
        }
        let name = String::from_utf8(name).map_err(|_| invalid("member name is not UTF-8"))?;
        Ok(if name == "TRAILER!!!" { Member::Trailer } else { Member::Named { name, size } })
    }

    /// Reads exactly `size` bytes of content and the padding behind them.
    pub(crate) fn content(&mut self, size: u64) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        self.inner.by_ref().take(size).read_to_end(&mut content)?;
        if content.len() as u64 != size {
            return Err(invalid("archive ends inside a member"));
        }
        self.skip((size.next_multiple_of(4) - size) as usize)?;
        Ok(content)
    }

    /// Makes sure that nothing but a little zero padding follows.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        let mut rest = Vec::new();
        self.inner.by_ref().take(513).read_to_end(&mut rest)?;
        match rest.len() <= 512 && rest.iter().all(|&b| b == 0) {
            true => Ok(()),
            false => Err(invalid("data after the end of the archive")),
        }
    }

    fn hex(&mut self) -> io::Result<u32> {
        let mut digits = [0; 8];
        self.inner.read_exact(&mut digits)?;
        let text = std::str::from_utf8(&digits).ok().filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()));
        text.and_then(|text| u32::from_str_radix(text, 16).ok())
            .ok_or_else(|| invalid("member header is not hexadecimal"))
    }

    fn skip(&mut self, count: usize) -> io::Result<()> {
        let mut padding = [0; 4];
        self.inner.read_exact(&mut padding[..count])?;
        match padding == [0; 4] {
            true => Ok(()),
            false => Err(invalid("padding is not zero")),
        }
    }
}

fn invalid(rule: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, rule)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Writes one newc member.
    pub(crate) fn member(name: &str, content: &[u8]) -> Vec<u8> {
        let mut bytes = b"070701".to_vec();
        for (field, value) in [0u32; 13].iter().enumerate() {
            let value = match field {
                6 => content.len() as u32,
                11 => name.len() as u32 + 1,
                _ => *value,
            };
            bytes.extend(format!("{value:08x}").bytes());
        }
        bytes.extend(name.bytes());
        bytes.push(0);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(content);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    #[test]
    fn members_come_back() {
        let bytes = [member("./a", b"hello"), member("TRAILER!!!", b"")].concat();
        let mut reader = Reader::new(&bytes[..]);
        assert_eq!(reader.next().expect("member"), Member::Named { name: "./a".into(), size: 5 });
        assert_eq!(reader.content(5).expect("content"), b"hello");
        assert_eq!(reader.next().expect("trailer"), Member::Trailer);
        reader.finish().expect("nothing follows");
    }

    #[test]
    fn lies_about_size_and_trailing_data_are_refused() {
        let mut huge = member("./a", b"hello");
        huge[54..62].copy_from_slice(b"ffffffff");
        let mut reader = Reader::new(&huge[..]);
        assert_eq!(reader.next().expect("member"), Member::Named { name: "./a".into(), size: 0xffff_ffff });
        assert!(reader.content(0xffff_ffff).is_err());
        let mut reader = Reader::new(&b"x"[..]);
        assert!(reader.next().is_err());
        assert!(Reader::new(&b"x"[..]).finish().is_err());
        assert!(Reader::new(&[0; 600][..]).finish().is_err());
    }

    #[test]
    fn every_truncation_is_an_error() {
        let bytes = member("./a", b"hello");
        for length in 0..bytes.len() {
            let mut reader = Reader::new(&bytes[..length]);
            assert!(reader.next().and_then(|_| reader.content(5)).is_err(), "{length}");
        }
    }
}
