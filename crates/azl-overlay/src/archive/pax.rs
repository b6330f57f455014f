//! pax records: what an extended header says about the entry after it.

use super::refusal::Rule;

/// Keys of records that change nothing that is kept.
const IGNORED: [&[u8]; 10] =
    [b"atime", b"charset", b"comment", b"ctime", b"gid", b"gname", b"hdrcharset", b"mtime", b"uid", b"uname"];

/// The records that count.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Records {
    pub(crate) path: Option<Vec<u8>>,
    pub(crate) link: Option<Vec<u8>>,
    pub(crate) size: Option<u64>,
}

impl Records {
    /// Reads all records of a header.
    pub(crate) fn parse(mut body: &[u8]) -> Result<Self, Rule> {
        let mut records = Self::default();
        while !body.is_empty() {
            let (key, value, rest) = record(body).ok_or(Rule::Extension)?;
            records.add(key, value)?;
            body = rest;
        }
        Ok(records)
    }

    /// Refuses records that count, which those for all entries to come must not.
    pub(crate) fn say_nothing(&self) -> Result<(), Rule> {
        if *self == Self::default() { Ok(()) } else { Err(Rule::Record) }
    }

    fn add(&mut self, key: &[u8], value: &[u8]) -> Result<(), Rule> {
        match key {
            b"path" => once(&mut self.path, value.to_vec()),
            b"linkpath" => once(&mut self.link, value.to_vec()),
            b"size" => once(&mut self.size, decimal(value).ok_or(Rule::Extension)?),
            _ if key.starts_with(b"GNU.sparse.") || key == b"SCHILY.realsize" => Err(Rule::Sparse),
            b"SCHILY.filetype" => Err(Rule::Record),
            _ if IGNORED.contains(&key) || is_vendors(key) => Ok(()),
            _ => Err(Rule::Record),
        }
    }
}

/// Sets what may be said once for an entry.
pub(crate) fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), Rule> {
    if slot.replace(value).is_some() { Err(Rule::Extension) } else { Ok(()) }
}

/// Vendors' keys start with their name in capitals, e.g. `SCHILY.xattr.user.x`.
fn is_vendors(key: &[u8]) -> bool {
    let name = key.split(|&byte| byte == b'.').next().unwrap_or_default();
    name.len() < key.len() && !name.is_empty() && name.iter().all(u8::is_ascii_uppercase) && !key.starts_with(b"GNU.")
}

/// Parts `<length> <key>=<value>\n` from what follows.
fn record(body: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = body.iter().position(|&byte| byte == b' ')?;
    let length = usize::try_from(decimal(&body[..blank])?).ok()?;
    let (record, rest) = body.split_at_checked(length)?;
    let text = record.get(blank + 1..)?.strip_suffix(b"\n")?;
    let equals = text.iter().position(|&byte| byte == b'=')?;
    let (key, value) = (&text[..equals], &text[equals + 1..]);
    (!key.is_empty() && !key.contains(&0)).then_some((key, value, rest))
}

/// Reads a number without sign or leading zeros.
fn decimal(text: &[u8]) -> Option<u64> {
    let plain = text.iter().all(u8::is_ascii_digit) && !(text.len() > 1 && text.starts_with(b"0"));
    std::str::from_utf8(text).ok().filter(|_| plain)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::tests::fixture::pax_record;

    #[test]
    fn records_that_count_are_read_and_known_others_passed_over() {
        let body = [pax_record("path", b"a"), pax_record("linkpath", b"b=\nc"), pax_record("size", b"7")].concat();
        let others = [pax_record("mtime", b"1.5"), pax_record("SCHILY.xattr.user.a", b"\0=\n")].concat();
        let records = Records::parse(&[others, body].concat());
        let expected = Records { path: Some(b"a".to_vec()), link: Some(b"b=\nc".to_vec()), size: Some(7) };
        assert_eq!(records, Ok(expected));
    }

    #[test]
    fn malformed_records_are_refused() {
        for bad in [
            &b"path=a\n"[..],
            b"11 path=a\n",
            b"8 path=a\n",
            b"010 path=a\n",
            b"+10 path=a\n",
            b"99999999999999999999 path=a\n",
            b"2 \n",
            b"5 =a\n",
            b"10 size=-\n",
            b"9 size=7\n9 size=8\n",
            b"10 path=a\n\0\0",
            b"7 path\n",
        ] {
            assert_eq!(Records::parse(bad), Err(Rule::Extension), "{}", String::from_utf8_lossy(bad));
        }
        assert_eq!(Records::parse(&pax_record("GNU.sparse.major", b"1")), Err(Rule::Sparse));
        assert_eq!(Records::parse(&pax_record("filetyp", b"a")), Err(Rule::Record));
        assert_eq!(Records::parse(&pax_record("GNU.volume.label", b"a")), Err(Rule::Record));
    }
}
