//! Directories of small files such as `sysusers.d`: which files count, and how their lines are split.
//!
//! Of files with one name the first of `/etc`, `/run`, `/usr/local/lib` and `/usr/lib` counts; a link to `/dev/null` masks
//! the others. They are read in the order of their names, wherever they lie (systemd's `conf_files_list`).
//!
//! **Invariant:** the order of packages does not matter.

use std::collections::BTreeMap;

use super::merge::Merge;

/// Directories in the order of their priority.
const PLACES: [&str; 4] = ["/etc", "/run", "/usr/local/lib", "/usr/lib"];
const SUFFIX: &str = ".conf";

/// A line of a file that says something, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// The file it is in.
    pub(super) path: String,
    /// Without white space around it.
    pub(super) text: String,
}

/// Returns all lines of all files of a directory, e.g. `sysusers.d`; comments are left out.
pub(super) fn lines(merge: &Merge<'_>, directory: &str) -> Vec<Line> {
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    for place in PLACES {
        let parent = format!("{place}/{directory}/");
        for path in merge.below(&parent) {
            let name = &path[parent.len()..];
            if name.ends_with(SUFFIX) && !name.contains('/') {
                files.entry(name).or_insert_with(|| path.to_owned());
            }
        }
    }
    let mut lines = Vec::new();
    for path in files.into_values() {
        let content = merge.read(&path).unwrap_or_default();
        let says = |text: &&str| !text.is_empty() && !text.starts_with('#');
        let text = String::from_utf8_lossy(content);
        let of_file = text.lines().map(str::trim).filter(says);
        lines.extend(of_file.map(|text| Line { path: path.clone(), text: text.to_owned() }));
    }
    lines
}

/// Splits off at most `count` fields and returns them with the rest of the line. Quotes and backslashes are taken away;
/// a line with an open quote has no fields.
pub(super) fn fields(line: &str, count: usize) -> Option<(Vec<String>, &str)> {
    let mut fields = Vec::new();
    let mut rest = line.trim_start();
    while fields.len() < count && !rest.is_empty() {
        let (field, after) = first_field(rest)?;
        fields.push(field);
        rest = after.trim_start();
    }
    Some((fields, rest))
}

fn first_field(text: &str) -> Option<(String, &str)> {
    let (mut field, mut quote, mut escaped) = (String::new(), None, false);
    for (at, c) in text.char_indices() {
        match (c, quote) {
            (c, _) if escaped => {
                field.push(c);
                escaped = false;
            }
            ('\\', _) => escaped = true,
            (c, Some(open)) if c == open => quote = None,
            ('"' | '\'', None) => quote = Some(c),
            (c, None) if c.is_whitespace() => return Some((field, &text[at..])),
            (c, _) => field.push(c),
        }
    }
    (quote.is_none() && !escaped).then_some((field, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_lose_their_quotes_and_the_rest_is_left_alone() {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(fields("u! a  \"b c\" d'e f'", 9), Some((owned(&["u!", "a", "b c", "de f"]), "")));
        assert_eq!(fields("f /x 0644 \"as it\" is", 3), Some((owned(&["f", "/x", "0644"]), "\"as it\" is")));
        assert_eq!(fields("a\\ b \"\"", 9), Some((owned(&["a b", ""]), "")));
        assert_eq!(fields("a \"b", 9), None);
    }
}
