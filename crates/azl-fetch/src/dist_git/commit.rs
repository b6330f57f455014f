//! Commit objects as values.
//!
//! Not here: what a message says; its bytes are passed on, in whatever encoding they are.

use std::str::FromStr;

use super::name::CommitId;

/// Who did something to a commit, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The name, in the commit's encoding.
    pub name: Vec<u8>,
    /// The e-mail address, in the commit's encoding.
    pub email: Vec<u8>,
    /// Seconds since 1970-01-01 UTC.
    pub time: i64,
    /// Minutes east of UTC, where the person was.
    pub offset: i32,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Commit {
    pub(super) tree: String,
    pub(super) parents: Vec<CommitId>,
    pub(super) author: Signature,
    pub(super) committer: Signature,
    /// Encoding of names and message, if it is not UTF-8.
    pub(super) encoding: Option<String>,
    pub(super) message: Vec<u8>,
}

impl Commit {
    /// Reads the lines up to the empty one, then the message.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let (mut tree, mut parents, mut author, mut committer, mut encoding) = (None, Vec::new(), None, None, None);
        let mut rest = bytes;
        loop {
            let end = rest.iter().position(|&byte| byte == b'\n').ok_or("its header does not end")?;
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            rest = after;
            let space = line.iter().position(|&byte| byte == b' ').unwrap_or(line.len());
            let (key, value) = (&line[..space], line.get(space + 1..).unwrap_or_default());
            match key {
                b"" if line.is_empty() => break,
                b"tree" => tree = Some(word::<CommitId>(value)?.to_string()),
                b"parent" => parents.push(word(value)?),
                b"author" => author = Some(Signature::parse(value)?),
                b"committer" => committer = Some(Signature::parse(value)?),
                b"encoding" => encoding = Some(String::from_utf8_lossy(value).into_owned()),
                // Signatures and their continuation lines, merge tags, and what is yet to be invented.
                _ => {}
            }
        }
        Ok(Self {
            tree: tree.ok_or("it has no tree")?,
            parents,
            author: author.ok_or("it has no author")?,
            committer: committer.ok_or("it has no committer")?,
            encoding,
            message: rest.to_vec(),
        })
    }
}

impl Signature {
    /// Reads `Name <email> <seconds> <+hhmm>`.
    fn parse(value: &[u8]) -> Result<Self, &'static str> {
        let close = value.iter().rposition(|&byte| byte == b'>').ok_or("a person has no e-mail address")?;
        let open = value[..close].iter().position(|&byte| byte == b'<').ok_or("a person has no e-mail address")?;
        let when = std::str::from_utf8(&value[close + 1..]).map_err(|_| "a time is not a number")?;
        let (time, zone) = when.trim().split_once(' ').ok_or("a time has no zone")?;
        Ok(Self {
            name: value[..open].trim_ascii().to_vec(),
            email: value[open + 1..close].to_vec(),
            time: time.parse().map_err(|_| "a time is not a number")?,
            offset: minutes(zone).ok_or("a time zone is not a number")?,
        })
    }
}

fn minutes(zone: &str) -> Option<i32> {
    let number: i32 = zone.parse().ok()?;
    Some(number / 100 * 60 + number % 100)
}

fn word<T: FromStr>(value: &[u8]) -> Result<T, &'static str> {
    std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()).ok_or("an id is malformed")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    #[test]
    fn signatures_and_unknown_lines_are_passed_over() {
        let text = format!(
            "tree {TREE}\nparent {TREE}\nauthor A \u{e9} <a@b> 12 -0330\ncommitter <> 1700000000 +0530\nencoding L1\n\
             gpgsig -----BEGIN\n tree x\n -----END\nmergetag x\n\nsubject\n\nbody\n"
        );
        let commit = Commit::parse(text.as_bytes()).expect("a commit");
        assert_eq!((commit.tree.as_str(), commit.parents.len()), (TREE, 1));
        assert_eq!((commit.author.time, commit.author.offset), (12, -210));
        assert_eq!(commit.author.name, "A \u{e9}".as_bytes());
        assert_eq!((commit.committer.name.len(), commit.committer.offset), (0, 330));
        assert_eq!(commit.encoding.as_deref(), Some("L1"));
        assert_eq!(commit.message, b"subject\n\nbody\n");
    }

    #[test]
    fn what_is_missing_is_named() {
        let person = "A <a> 1 +0000";
        for (text, expected) in [
            ("tree x\n\n".to_owned(), "an id is malformed"),
            (format!("author {person}\ncommitter {person}\n\n"), "it has no tree"),
            (format!("tree {TREE}\ncommitter {person}\n\n"), "it has no author"),
            (format!("tree {TREE}\nauthor {person}"), "its header does not end"),
            (format!("tree {TREE}\nauthor A <a>\n\n"), "a time has no zone"),
        ] {
            assert_eq!(Commit::parse(text.as_bytes()), Err(expected), "{text}");
        }
    }
}
