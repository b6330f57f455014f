//! Why an archive is refused: the entry and the rule it breaks.

use std::fmt;

/// Longest entry name shown, in characters.
const SHOWN: usize = 120;

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident => $text:literal,)*) => {
        /// A rule of archives.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Rule { $(#[doc = concat!("The entry, or the archive, ", $text, ".")] $rule,)* }

        impl fmt::Display for Rule {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$rule => $text,)* })
            }
        }
    };
}

rules! {
    NotTar => "is not a tar file",
    Zip => "is a zip file, whose two lists of members may disagree, and is not supported",
    Bzip2 => "is compressed with bzip2, which is not supported",
    Lzip => "is compressed with lzip, which is not supported",
    SevenZip => "is a 7z file, which is not supported",
    Damaged => "is damaged",
    Window => "needs more memory to be unpacked than is allowed",
    Truncated => "ends too early",
    Trailing => "goes on after its end",
    TooBig => "unpacks to more than is allowed",
    TooManyEntries => "has more entries than are allowed",
    TooManyNames => "has longer names, taken together, than are allowed",
    TooManyLinks => "has symbolic links that take too long to follow",
    Checksum => "has a header whose checksum is wrong",
    Number => "has a header field that is not a number",
    NoName => "has no name",
    Absolute => "has an absolute name",
    Parent => "has `..` in its name",
    Drive => "has a name that starts with a drive letter",
    Nul => "has a NUL byte in its name",
    LongName => "has a name or link target that is too long",
    TooDeep => "is too many directories deep",
    Shell => "is a top directory whose name a shell would act on",
    DirectoryName => "is a file with the name of a directory",
    Duplicate => "occurs twice",
    BelowLink => "lies below a symbolic link",
    BelowFile => "lies below a file",
    LinkToNothing => "is a symbolic link to nothing",
    LinkAbsolute => "is a symbolic link to an absolute path",
    LinkEscapes => "is a symbolic link that leaves the archive",
    HardLink => "is a hard link, which is not supported",
    Device => "is a device",
    Fifo => "is a named pipe",
    Sparse => "is a sparse file, which is not supported",
    Type => "is of a type that is not supported",
    Size => "has two sizes that disagree",
    Content => "has content but is no file",
    Extension => "has a malformed pax or GNU header",
    Record => "has a pax record that is not supported",
    TwoNames => "is named by two headers at once",
    Orphan => "ends with a header that belongs to no entry",
    Packing => "cannot be packed again",
}

/// An archive that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Name of the entry as far as it can be shown; none if it is about the archive as a whole.
    pub entry: Option<String>,
    /// What it breaks.
    pub rule: Rule,
}

impl Refusal {
    /// Says that an entry breaks a rule.
    pub(crate) fn of(name: &[u8], rule: Rule) -> Self {
        let text = String::from_utf8_lossy(name);
        let mut shown: String = text.chars().take(SHOWN).flat_map(shown_as).collect();
        if text.chars().nth(SHOWN).is_some() {
            shown.push('…');
        }
        Self { entry: Some(shown), rule }
    }
}

/// Keeps names as they are, but for characters that would act on a terminal or break the line.
fn shown_as(c: char) -> impl Iterator<Item = char> {
    let escaped = if c.is_control() { c.escape_default().collect() } else { vec![c] };
    escaped.into_iter()
}

impl From<Rule> for Refusal {
    fn from(rule: Rule) -> Self {
        Self { entry: None, rule }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.entry {
            Some(entry) => write!(f, "entry `{entry}` {}", self.rule),
            None => write!(f, "the archive {}", self.rule),
        }
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_on_one_line_and_cut() {
        let refusal = Refusal::of(b"a\n\x1b[2J\xff", Rule::Nul);
        assert_eq!(refusal.to_string(), "entry `a\\n\\u{1b}[2J\u{fffd}` has a NUL byte in its name");
        let long = Refusal::of(&[b'x'; 70_000], Rule::LongName).to_string();
        assert!(long.len() < 200 && long.contains("x…`"), "{long}");
    }
}
