//! Says in which way azldev's result is not ours, so that a warning names the place.
//!
//! It compares two results, knows nothing of overlay kinds, and says what a reader would see first in a diff.

use azl_spec::{FlatSpec, Keyword, LineKind, Spec};

use crate::sources::Sources;

/// Length in characters up to which a line is shown whole.
const SHOWN: usize = 60;

/// Describes the first difference between azldev's result and ours.
pub(crate) fn describe(theirs: &Sources, ours: &Sources) -> String {
    if theirs.spec == ours.spec {
        return describe_files(theirs, ours);
    }
    let normal = FlatSpec::parse(ours.spec.as_bytes()).map(FlatSpec::into_bytes);
    if normal.is_ok_and(|normal| normal == theirs.spec.as_bytes()) {
        return "every line of the spec ends with a plain newline".into();
    }
    describe_specs(&theirs.spec, &ours.spec)
}

fn describe_specs(theirs: &Spec, ours: &Spec) -> String {
    let (lines, others) = (Lines(theirs), Lines(ours));
    let first = (0..).find(|&at| lines.get(at).is_none() || lines.get(at) != others.get(at)).unwrap_or_default();
    let (here, there) = (lines.get(first), others.get(first));
    let moved = there.and_then(|text| lines.position_behind(first, text));
    let number = first + 1;
    match (here, there) {
        (Some(here), Some(there)) if lines.count() == others.count() => match moved {
            Some(at) => describe_place(theirs, at, there),
            None => format!("line {number} is {}, not {}", show(here), show(there)),
        },
        (Some(here), _) if lines.count() > others.count() => format!("line {number} is {} in addition", show(here)),
        (_, Some(there)) => format!("{} is not on line {number}", show(there)),
        _ => "the spec is another".into(),
    }
}

/// Describes where azldev has put a line that we have put higher.
fn describe_place(theirs: &Spec, at: usize, line: &[u8]) -> String {
    match condition(theirs, at) {
        Some(opening) => format!("{} comes under the condition at line {}", show(line), opening + 1),
        None => format!("{} comes on line {}", show(line), at + 1),
    }
}

fn describe_files(theirs: &Sources, ours: &Sources) -> String {
    let differs = |&path: &&str| theirs.files.get(path) != ours.files.get(path);
    let paths = || theirs.files.iter().chain(ours.files.iter()).map(|(path, _)| path);
    let Some(path) = paths().find(differs) else { return "the files are the same".into() };
    match (theirs.files.get(path), ours.files.get(path)) {
        (Some(file), Some(other)) if file.bytes == other.bytes => format!("the file `{path}` has another mode"),
        (Some(_), Some(_)) => format!("the file `{path}` has other bytes"),
        (Some(_), None) => format!("the file `{path}` is there"),
        _ => format!("the file `{path}` is not there"),
    }
}

/// Lines without their terminators.
struct Lines<'a>(&'a Spec);

impl<'a> Lines<'a> {
    fn count(&self) -> usize {
        self.0.lines().len()
    }

    fn get(&self, at: usize) -> Option<&'a [u8]> {
        (at < self.count()).then(|| self.0.line(at))
    }

    fn position_behind(&self, at: usize, text: &[u8]) -> Option<usize> {
        (at + 1..self.count()).find(|&line| self.0.line(line) == text)
    }
}

/// Returns the line that opens the innermost `%if` block a line stands in.
fn condition(spec: &Spec, line: usize) -> Option<usize> {
    let mut open = Vec::new();
    for (number, line) in spec.lines()[..line].iter().enumerate() {
        match line.kind {
            LineKind::Conditional(Keyword::If) => open.push(number),
            LineKind::Conditional(Keyword::Endif) => drop(open.pop()),
            _ => {}
        }
    }
    open.pop()
}

/// Returns the beginning of a line, control characters escaped.
fn show(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut shown = String::new();
    for character in text.chars().take(SHOWN) {
        match character.is_control() {
            true => shown.extend(character.escape_default()),
            false => shown.push(character),
        }
    }
    match text.chars().count() {
        0 => "an empty line".into(),
        1..=SHOWN => format!("`{shown}`"),
        _ => format!("`{shown}…`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file_set::{FileEntry, FileSet};

    fn described(theirs: &str, ours: &str) -> String {
        let sources = |text: &str| Sources { spec: Spec::parse(text), files: FileSet::new() };
        describe(&sources(theirs), &sources(ours))
    }

    #[test]
    fn place_of_the_difference_is_named() {
        assert_eq!(
            described("a\n%if x\nB: c\n%endif\n", "a\nB: c\n%if x\n%endif\n"),
            "`B: c` comes under the condition at line 2"
        );
        assert_eq!(described("a\nb\nX: y\n", "a\nX: y\nb\n"), "`X: y` comes on line 3");
        assert_eq!(described("a\nPatch2: p\n", "a\nPatch3: p\n"), "line 2 is `Patch2: p`, not `Patch3: p`");
        assert_eq!(described("a\nb\nc\n", "a\nc\n"), "line 2 is `b` in addition");
        assert_eq!(described("a\nc\n", "a\nb\nc\n"), "`b` is not on line 2");
        assert_eq!(described("a\r\n\n", "b\n\n"), r"line 1 is `a`, not `b`");
        assert_eq!(described("\u{7}\n", "\n"), r"line 1 is `\u{7}`, not an empty line");
        assert_eq!(described("a\nb\n", "a\r\nb"), "every line of the spec ends with a plain newline");
    }

    #[test]
    fn file_that_differs_is_named() {
        let sources = |entry: Option<FileEntry>| Sources {
            spec: Spec::parse(""),
            files: entry.into_iter().map(|entry| ("f".to_owned(), entry)).collect(),
        };
        let plain = || sources(Some(FileEntry::new(*b"x")));
        let executable = sources(Some(FileEntry { executable: true, ..FileEntry::new(*b"x") }));
        assert_eq!(describe(&plain(), &executable), "the file `f` has another mode");
        assert_eq!(describe(&plain(), &sources(None)), "the file `f` is there");
        assert_eq!(describe(&sources(None), &plain()), "the file `f` is not there");
    }
}
