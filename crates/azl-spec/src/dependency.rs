//! Lists of dependencies, as tags hold them.
//!
//! Entries are parted by commas and blanks, as rpm does (`parseRCPOT` of `build/parseReqs.c`). A macro call is part of
//! the word it stands in, and a dependency in parentheses is one entry; neither is looked into.

use std::ops::Range;

const OPERATORS: &[&str] = &["<", "<=", "=", "==", ">=", ">", "=<", "=>"];

/// Tags that hold dependencies.
const TAGS: &[&str] = &[
    "BuildRequires",
    "Requires",
    "Provides",
    "Conflicts",
    "Obsoletes",
    "BuildConflicts",
    "Recommends",
    "Suggests",
    "Supplements",
    "Enhances",
    "OrderWithRequires",
];

/// Returns whether a tag, with a qualifier or without, holds dependencies.
pub fn is_dependency_tag(tag: &str) -> bool {
    let name = tag.split_once('(').map_or(tag, |(name, _)| name);
    TAGS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Bytes within the list.
    pub(crate) range: Range<usize>,
    /// Name, or a dependency in parentheses as a whole.
    pub(crate) name: String,
    /// Operator and version with one blank between, if there are any.
    version: Option<String>,
}

impl Entry {
    /// Returns whether the entry is for a name: `foo` is also found as `foo%{?_isa}`, and parentheses are compared
    /// without regard to blanks.
    pub(crate) fn is_for(&self, name: &str) -> bool {
        if self.is_rich() {
            return name.split_whitespace().eq(self.name.split_whitespace());
        }
        let plain = ["%{?_isa}", "%{_isa}", "%{?_isa:%{_isa}}"].into_iter();
        self.name == name || plain.into_iter().any(|isa| self.name.strip_suffix(isa) == Some(name))
    }

    /// Returns whether the two are the same dependency.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        self.name.split_whitespace().eq(other.name.split_whitespace()) && self.version == other.version
    }

    /// Returns whether this is a dependency in parentheses that mentions the name.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        let separates = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',');
        self.is_rich() && self.name.split(separates).any(|word| word == name)
    }

    fn is_rich(&self) -> bool {
        self.name.starts_with('(')
    }
}

/// Reads a list.
pub(crate) fn parse(list: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut words = words(list).into_iter().peekable();
    while let Some(word) = words.next() {
        let name = list[word.clone()].to_owned();
        let operator = words.next_if(|next| OPERATORS.contains(&&list[next.clone()]));
        let version = operator.as_ref().and_then(|_| words.next());
        let end = version.as_ref().or(operator.as_ref()).map_or(word.end, |last| last.end);
        let version = operator.map(|operator| {
            let version = version.map(|version| list[version].to_owned()).unwrap_or_default();
            format!("{} {version}", &list[operator])
        });
        entries.push(Entry { range: word.start..end, name, version });
    }
    entries
}

/// Returns what to cut out of a list to be without the entries that `goes` says; `None` if none would be left.
pub(crate) fn cuts(entries: &[Entry], goes: impl Fn(&Entry) -> bool) -> Option<Vec<Range<usize>>> {
    let last_kept = entries.iter().rposition(|entry| !goes(entry))?;
    let mut cuts: Vec<Range<usize>> = Vec::new();
    for (index, entry) in entries.iter().enumerate().take(last_kept) {
        if goes(entry) {
            cuts.push(entry.range.start..entries[index + 1].range.start);
        }
    }
    let end = entries.last().map_or(0, |entry| entry.range.end);
    let tail = entries[last_kept].range.end..end;
    cuts.extend((!tail.is_empty()).then_some(tail));
    Some(cuts)
}

/// Parts a list at commas and blanks that are in no macro and no parentheses.
fn words(list: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    let mut depth = 0_usize;
    for (at, byte) in list.bytes().enumerate() {
        match byte {
            b'(' | b'{' | b'[' => depth += 1,
            b')' | b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let separates = depth == 0 && (byte == b',' || byte.is_ascii_whitespace());
        match start {
            Some(from) if separates => {
                words.push(from..at);
                start = None;
            }
            None if !separates => start = Some(at),
            _ => {}
        }
    }
    words.extend(start.map(|from| from..list.len()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(list: &str, name: &str) -> Option<String> {
        let mut text = list.to_owned();
        for cut in cuts(&parse(list), |entry| entry.is_for(name))?.into_iter().rev() {
            text.replace_range(cut, "");
        }
        Some(text)
    }

    #[test]
    fn lists_are_parted_as_rpm_does() {
        let names = |list: &str| parse(list).into_iter().map(|entry| entry.name).collect::<Vec<_>>();
        assert_eq!(names("a, b >= 1:2-3 c,d"), ["a", "b", "c", "d"]);
        assert_eq!(names("pkgconfig(x) (c if d) e%{?_isa} = %{v}-%{r}"), ["pkgconfig(x)", "(c if d)", "e%{?_isa}"]);
        assert_eq!(names("%{?with_x:f >= 1, g} h"), ["%{?with_x:f >= 1, g}", "h"]);
        assert_eq!(names(" ,, "), [""; 0]);
    }

    #[test]
    fn one_entry_goes_and_the_others_keep_their_spelling() {
        assert_eq!(without("a,  b >= 1 ,c", "a").as_deref(), Some("b >= 1 ,c"));
        assert_eq!(without("a,  b >= 1 ,c", "b").as_deref(), Some("a,  c"));
        assert_eq!(without("a,  b >= 1 ,c", "c").as_deref(), Some("a,  b >= 1"));
        assert_eq!(without("a b a  a", "a").as_deref(), Some("b"));
        assert_eq!(without("a%{?_isa} = 1", "a"), None);
        assert_eq!(without("(a  if b) c", "(a if b)").as_deref(), Some("c"));
        assert_eq!(without("ab (a if b)", "a").as_deref(), Some("ab (a if b)"));
    }
}
