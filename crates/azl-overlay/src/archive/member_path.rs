//! The path of a member inside its archive.
//!
//! **Invariant:** parts are joined by `/`; none is empty, `.` or `..`, and no byte is NUL.

use std::cmp::Ordering;

use super::refusal::Rule;

/// Longest name or link target that Linux can open, in bytes.
pub(crate) const LONGEST: usize = 4095;
/// Longest file name without directory, in bytes.
const LONGEST_PART: usize = 255;

/// A member's path; ordered as a sorted walk of directories meets it: a directory, then all below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MemberPath(Vec<u8>);

impl MemberPath {
    /// Reads a name as headers have it; the result is `None` for the top (`./`).
    pub(crate) fn parse(raw: &[u8], depth: usize) -> Result<Option<Self>, Rule> {
        check_whole(raw)?;
        let parts: Vec<&[u8]> = raw.split(|&byte| byte == b'/').filter(|part| !matches!(*part, b"" | b".")).collect();
        if parts.contains(&b"..".as_slice()) {
            return Err(Rule::Parent);
        }
        if parts.iter().any(|part| part.len() > LONGEST_PART) {
            return Err(Rule::LongName);
        }
        if parts.len() > depth {
            return Err(Rule::TooDeep);
        }
        match parts.first() {
            None => Ok(None),
            Some([letter, b':', ..]) if letter.is_ascii_alphabetic() => Err(Rule::Drive),
            Some(_) => Ok(Some(Self(parts.join(&b'/')))),
        }
    }

    /// Makes a path of parts that were taken from other paths.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// Returns the path with `/` between its parts.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the parts from the top.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|&byte| byte == b'/')
    }

    /// Returns the first part.
    pub(crate) fn top(&self) -> &[u8] {
        self.parts().next().unwrap_or_default()
    }

    /// Returns the directory it is in, if that is not the top.
    pub(crate) fn parent(&self) -> Option<Self> {
        let end = self.0.iter().rposition(|&byte| byte == b'/')?;
        Some(Self(self.0[..end].to_vec()))
    }
}

fn check_whole(raw: &[u8]) -> Result<(), Rule> {
    match raw {
        [] => Err(Rule::NoName),
        _ if raw.len() > LONGEST => Err(Rule::LongName),
        _ if raw.contains(&0) => Err(Rule::Nul),
        [b'/', ..] => Err(Rule::Absolute),
        _ => Ok(()),
    }
}

impl Ord for MemberPath {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(other.parts())
    }
}

impl PartialOrd for MemberPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(raw: &str) -> Result<Option<String>, Rule> {
        let path = MemberPath::parse(raw.as_bytes(), 3)?;
        Ok(path.map(|path| String::from_utf8_lossy(path.as_bytes()).into_owned()))
    }

    #[test]
    fn names_lose_what_means_nothing() {
        assert_eq!(parsed("./a//b/./c/"), Ok(Some("a/b/c".into())));
        assert_eq!(parsed("./"), Ok(None));
        assert_eq!(parsed("a..b/..c"), Ok(Some("a..b/..c".into())));
        assert_eq!(parsed(r"run-a\x2db"), Ok(Some(r"run-a\x2db".into())));
    }

    #[test]
    fn names_that_leave_the_archive_are_refused() {
        for (raw, rule) in [
            ("", Rule::NoName),
            ("/etc/passwd", Rule::Absolute),
            ("a/../../b", Rule::Parent),
            ("..", Rule::Parent),
            ("C:/x", Rule::Drive),
            (r"./c:\x", Rule::Drive),
            ("a\0b", Rule::Nul),
            ("a/b/c/d", Rule::TooDeep),
        ] {
            assert_eq!(parsed(raw), Err(rule), "{raw}");
        }
        assert_eq!(parsed(&"x".repeat(256)), Err(Rule::LongName));
        assert_eq!(parsed(&"x/".repeat(40_000)), Err(Rule::LongName));
    }

    #[test]
    fn order_is_that_of_a_walk() {
        let mut paths = ["a.b", "a/b", "a", "a-b", "a/b/c"].map(|path| MemberPath::of_bytes(path.as_bytes()));
        paths.sort();
        let sorted: Vec<_> = paths.iter().map(|path| String::from_utf8_lossy(path.as_bytes())).collect();
        assert_eq!(sorted, ["a", "a/b", "a/b/c", "a-b", "a.b"]);
    }
}
