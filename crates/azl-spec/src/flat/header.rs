//! Section headers, and the stretches of lines between them.

use std::ops::Range;

use super::text::{fields, first_word_lowered, trim};

/// All names that begin a section; others, such as `%sepolicy`, are text.
const NAMES: &[&str] = &[
    "%package",
    "%description",
    "%files",
    "%changelog",
    "%patchlist",
    "%sourcelist",
    "%prep",
    "%conf",
    "%generate_buildrequires",
    "%build",
    "%install",
    "%check",
    "%clean",
    "%verify",
    "%pre",
    "%post",
    "%preun",
    "%postun",
    "%pretrans",
    "%posttrans",
    "%preuntrans",
    "%postuntrans",
    "%triggerin",
    "%triggerun",
    "%triggerprein",
    "%triggerpostun",
    "%filetriggerin",
    "%filetriggerun",
    "%filetriggerpostun",
    "%transfiletriggerin",
    "%transfiletriggerun",
    "%transfiletriggerpostun",
];

/// Which section a line belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct BlockId {
    /// Name as the header writes it; empty for the preamble.
    pub(super) name: Vec<u8>,
    /// Package as the header writes it; empty if it names none.
    pub(super) package: Vec<u8>,
}

impl BlockId {
    /// Returns whether this is exactly the section meant.
    pub(super) fn is(&self, name: &str, package: &str) -> bool {
        self.name == name.as_bytes() && self.package == package.as_bytes()
    }

    /// Returns whether the section's lines may be tags.
    pub(super) fn holds_tags(&self) -> bool {
        self.name.is_empty() || first_word_lowered(&self.name) == "%package"
    }
}

/// One section.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) id: BlockId,
    /// Its lines without the header.
    pub(super) body: Range<usize>,
}

/// Divides lines into sections; the preamble is the first, and may be empty.
pub(super) fn blocks(lines: &[Vec<u8>]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut current = Block { id: BlockId::default(), body: 0..0 };
    for (number, line) in lines.iter().enumerate() {
        if let Some(id) = header(line) {
            current.body.end = number;
            blocks.push(std::mem::replace(&mut current, Block { id, body: number + 1..number + 1 }));
        }
    }
    current.body.end = lines.len();
    blocks.push(current);
    blocks
}

/// Reads a line as a header. A `#` in the first column makes it a comment.
pub(super) fn header(line: &[u8]) -> Option<BlockId> {
    let trimmed = trim(line);
    if line.starts_with(b"#") || !trimmed.starts_with(b"%") {
        return None;
    }
    let lowered = first_word_lowered(trimmed);
    if !NAMES.contains(&lowered.as_str()) {
        return None;
    }
    let words = fields(trimmed);
    let (name, arguments) = words.split_first()?;
    let package = match lowered.as_str() {
        "%changelog" | "%patchlist" | "%sourcelist" => &[],
        _ => package(arguments),
    };
    Some(BlockId { name: name.to_vec(), package: package.to_vec() })
}

/// Returns the package a header's arguments name: what follows `-n`, else the first word that is no option.
fn package<'a>(arguments: &[&'a [u8]]) -> &'a [u8] {
    let (mut named, mut bare) = (&b""[..], &b""[..]);
    let mut rest = arguments.iter();
    while let Some(&argument) = rest.next() {
        match argument {
            b"--" => break,
            b"-n" => named = rest.next().copied().unwrap_or(named),
            b"-f" | b"-p" | b"-l" | b"-P" => drop(rest.next()),
            option if option.starts_with(b"-") => {}
            word if bare.is_empty() => bare = word,
            _ => {}
        }
    }
    if named.is_empty() { bare } else { named }
}

#[cfg(test)]
mod tests {
    use super::super::text::decode;
    use super::*;

    fn read(line: &str) -> Option<(String, String)> {
        header(line.as_bytes()).map(|id| (decode(&id.name).into_owned(), decode(&id.package).into_owned()))
    }

    #[test]
    fn headers_keep_their_case_and_name_packages_literally() {
        let read = |line: &str| read(line).unwrap_or_default();
        let pair = |name: &str, package: &str| (name.to_owned(), package.to_owned());
        assert_eq!(read(" \t%Files devel -f x"), pair("%Files", "devel"));
        assert_eq!(read("%files -f x -n %{name}-y z"), pair("%files", "%{name}-y"));
        assert_eq!(read("%triggerin -p /bin/sh -- y"), pair("%triggerin", ""));
        assert_eq!(read("%triggerin z -- y"), pair("%triggerin", "z"));
        assert_eq!(read("%post -q z"), pair("%post", "z"));
        assert_eq!(read("%changelog z"), pair("%changelog", ""));
        assert_eq!(read("%files -n"), pair("%files", ""));
    }

    #[test]
    fn unknown_names_and_comments_are_text() {
        for line in ["%sepolicy", "%trigger", "#%files", "%filesx", "files", "", "%{files}"] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
