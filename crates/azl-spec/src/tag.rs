//! Tag lines of the preamble and of `%package`.

use std::ops::Range;

/// One tag line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Lines it takes: more than one if its value is a macro call over several lines.
    pub lines: Range<usize>,
    /// Name as spelled, without qualifier: `Requires` for `Requires(post): x`.
    pub name: String,
    /// Qualifier with its parentheses, as in `Requires(post)` or `Summary(de)`.
    pub qualifier: String,
    /// Value without the blanks around it; invalid UTF-8 replaced.
    pub value: String,
    /// Whether the tag stands in `%{?condition:Name: value}`.
    pub inline: bool,
}

impl Tag {
    /// Returns name and qualifier, e.g. `Requires(post)`.
    pub fn full_name(&self) -> String {
        format!("{}{}", self.name, self.qualifier)
    }

    /// Returns whether this is the tag an overlay names: same name in any case, not inline.
    pub fn is(&self, name: &str) -> bool {
        !self.inline && self.full_name().eq_ignore_ascii_case(name)
    }

    /// Returns the number of a numbered tag: 3 for `Patch3`.
    pub fn number(&self) -> Option<u32> {
        self.name[family(&self.name).len()..].parse().ok()
    }

    /// Returns whether the name without its number is `family`, in any case.
    pub fn is_of_family(&self, family_name: &str) -> bool {
        family(&self.name).eq_ignore_ascii_case(family(family_name))
    }
}

/// Returns a tag name without trailing digits.
pub(crate) fn family(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit())
}

/// Reads a logical line as a tag.
pub(crate) fn parse(content: &[u8], lines: Range<usize>) -> Option<Tag> {
    let text = String::from_utf8_lossy(content);
    let trimmed = text.trim();
    let (body, inline) = match inline_body(trimmed) {
        Some(body) => (body, true),
        None => (trimmed, false),
    };
    let name_end = body.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(body.len());
    let (name, rest) = body.split_at(name_end);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let (qualifier, rest) = qualifier(rest);
    let value = rest.trim_start().strip_prefix(':')?;
    Some(Tag { lines, name: name.into(), qualifier: qualifier.into(), value: value.trim().into(), inline })
}

fn qualifier(rest: &str) -> (&str, &str) {
    match rest.strip_prefix('(').and_then(|inside| inside.find(')')) {
        Some(at) => rest.split_at(at + 2),
        None => ("", rest),
    }
}

/// Returns `Name: value` of `%{?condition:Name: value}`.
fn inline_body(line: &str) -> Option<&str> {
    let inside = line.strip_prefix("%{")?.strip_suffix('}')?;
    let condition = inside.trim_start_matches(['!', '?']);
    if condition.len() == inside.len() {
        return None;
    }
    condition.split_once(':').map(|(_, body)| body.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<(String, String, bool)> {
        parse(line.as_bytes(), 0..1).map(|tag| (tag.full_name(), tag.value, tag.inline))
    }

    #[test]
    fn reads_tags_as_rpm_does() {
        let tag = |name: &str, value: &str| Some((name.to_owned(), value.to_owned(), false));
        assert_eq!(read("Name: x"), tag("Name", "x"));
        assert_eq!(read("Name :\tx  "), tag("Name", "x"));
        assert_eq!(read("  Requires(post): /bin/sh"), tag("Requires(post)", "/bin/sh"));
        assert_eq!(read("Source0: https://x/y:z"), tag("Source0", "https://x/y:z"));
        assert_eq!(read("https://x"), tag("https", "//x"));
        assert_eq!(read("%{lua: x}"), None);
        assert_eq!(read("%global x: y"), None);
    }

    #[test]
    fn reads_tags_inside_a_conditional_macro() {
        assert_eq!(read("%{?with_x:Patch3: y}"), Some(("Patch3".into(), "y".into(), true)));
        assert_eq!(read("%{!?x:Requires: y}"), Some(("Requires".into(), "y".into(), true)));
    }
}
