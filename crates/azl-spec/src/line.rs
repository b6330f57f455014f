//! Physical lines and how rpm joins them.
//!
//! **Invariant:** the lines of a text cover it without gap or overlap.

use std::ops::Range;

use crate::conditional::Keyword;
use crate::section::header_name;

/// What a physical line is to rpm's reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// Nothing but blanks.
    Blank,
    /// `#` or `%dnl` after optional blanks.
    Comment,
    /// The first line of a section header such as `%files devel`.
    Header,
    /// `%if` and its relatives.
    Conditional(Keyword),
    /// The first line of a `%define` or `%global`.
    Definition,
    /// Part of a macro body begun on an earlier line.
    Body,
    /// Anything else: tags, scripts, file lists.
    Text,
}

/// One physical line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Bytes of the line with its terminator.
    pub range: Range<usize>,
    /// Bytes of the line without its terminator (`\n` or `\r\n`).
    pub content: Range<usize>,
    /// What it is.
    pub kind: LineKind,
}

/// Splits a text into physical lines and says what each one is.
pub(crate) fn scan(text: &[u8]) -> Vec<Line> {
    let ranges = split(text);
    let mut lines = Vec::with_capacity(ranges.len());
    let mut braces_count = true;
    let mut in_tag_area = true;
    while lines.len() < ranges.len() {
        let first = lines.len();
        let Some(body) = body_length(text, &ranges[first..], braces_count) else {
            // rpm refuses a spec with an unterminated macro; we keep reading it line by line.
            braces_count = false;
            continue;
        };
        let line = line(text, ranges[first].clone(), in_tag_area);
        if line.kind == LineKind::Header {
            in_tag_area = is_package_header(&text[line.content.clone()]);
        }
        lines.push(line);
        for range in &ranges[first + 1..=first + body] {
            lines.push(Line { content: content_of(text, range), range: range.clone(), kind: LineKind::Body });
        }
    }
    lines
}

fn split(text: &[u8]) -> Vec<Range<usize>> {
    let mut ranges = Vec::with_capacity(text.len() / 32);
    let mut start = 0;
    while start < text.len() {
        let end = text[start..].iter().position(|&byte| byte == b'\n').map_or(text.len(), |at| start + at + 1);
        ranges.push(start..end);
        start = end;
    }
    ranges
}

fn content_of(text: &[u8], range: &Range<usize>) -> Range<usize> {
    let line = &text[range.clone()];
    let line = line.strip_suffix(b"\n").map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line));
    range.start..range.start + line.len()
}

fn line(text: &[u8], range: Range<usize>, in_tag_area: bool) -> Line {
    let content = content_of(text, &range);
    let kind = kind_of(&text[content.clone()], in_tag_area);
    Line { range, content, kind }
}

fn kind_of(line: &[u8], in_tag_area: bool) -> LineKind {
    let trimmed = line.trim_ascii_start();
    if trimmed.is_empty() {
        return LineKind::Blank;
    }
    if trimmed.starts_with(b"#") || starts_with_word(trimmed, b"%dnl") {
        return LineKind::Comment;
    }
    if trimmed[0] != b'%' {
        return LineKind::Text;
    }
    if let Some(keyword) = Keyword::of(trimmed) {
        return LineKind::Conditional(keyword);
    }
    // rpm skips blanks before a header only where it reads tags.
    let header = if in_tag_area { trimmed } else { line };
    if header_name(header).is_some() {
        return LineKind::Header;
    }
    if starts_with_word(trimmed, b"%define") || starts_with_word(trimmed, b"%global") {
        return LineKind::Definition;
    }
    LineKind::Text
}

fn is_package_header(line: &[u8]) -> bool {
    header_name(line.trim_ascii_start()).is_some_and(|name| name.holds_tags())
}

pub(crate) fn starts_with_word(line: &[u8], word: &[u8]) -> bool {
    line.strip_prefix(word).is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
}

/// Returns whether a text of one line, followed by a newline, leaves no macro open and escapes no newline.
pub(crate) fn is_closed(text: &[u8]) -> bool {
    !text.ends_with(b"\\") && !leaves_macro_open(text)
}

/// Returns whether a text ends within a macro, `%{`, `%(` or `%[`, and would take the lines behind it as its own.
pub fn leaves_macro_open(text: &[u8]) -> bool {
    let mut nesting = Nesting::default();
    nesting.read(text);
    nesting.is_open()
}

/// Returns how many further lines the macro body begun on the first line takes; `None` if it never ends.
fn body_length(text: &[u8], ranges: &[Range<usize>], braces_count: bool) -> Option<usize> {
    let mut defines = None;
    let mut nesting = Nesting::default();
    for (index, range) in ranges.iter().enumerate() {
        let escaped_newline = nesting.read(&text[range.clone()]);
        let open = braces_count && nesting.is_open();
        let mut is_definition = || *defines.get_or_insert_with(|| has_definition(&text[ranges[0].clone()]));
        if !(open || escaped_newline && is_definition()) {
            return Some(index);
        }
        if !open && index + 1 == ranges.len() {
            return Some(index);
        }
    }
    None
}

/// Returns whether a macro is defined on the line, even in a comment: rpm expands those as well.
fn has_definition(line: &[u8]) -> bool {
    [&b"%define"[..], b"%global"].iter().any(|word| {
        line.windows(word.len() + 1).enumerate().any(|(at, window)| {
            let escaped = at > 0 && line[at - 1] == b'%';
            !escaped && window.starts_with(word) && matches!(window[word.len()], b' ' | b'\t')
        })
    })
}

/// Counts open `%{`, `%(` and `%[`, as `copyNextLineFromOFI` of rpm does.
#[derive(Default)]
struct Nesting {
    braces: usize,
    parentheses: usize,
    brackets: usize,
}

impl Nesting {
    fn is_open(&self) -> bool {
        self.braces + self.parentheses + self.brackets > 0
    }

    /// Reads one line with its terminator; returns whether a backslash escapes its newline.
    fn read(&mut self, line: &[u8]) -> bool {
        let mut at = 0;
        let mut escaped_newline = false;
        while at < line.len() {
            let next = line.get(at + 1).copied();
            match (line[at], next) {
                (b'\\', Some(escaped)) => {
                    escaped_newline = escaped == b'\n';
                    at += 1;
                }
                (b'%', Some(b'{')) => at += self.enter(b'{'),
                (b'%', Some(b'(')) => at += self.enter(b'('),
                (b'%', Some(b'[')) => at += self.enter(b'['),
                (b'%', Some(b'%')) => at += 1,
                (byte, _) => self.balance(byte),
            }
            at += 1;
        }
        escaped_newline
    }

    fn enter(&mut self, opening: u8) -> usize {
        match opening {
            b'{' => self.braces += 1,
            b'(' => self.parentheses += 1,
            _ => self.brackets += 1,
        }
        1
    }

    fn balance(&mut self, byte: u8) {
        let (count, opens) = match byte {
            b'{' | b'}' => (&mut self.braces, byte == b'{'),
            b'(' | b')' => (&mut self.parentheses, byte == b'('),
            b'[' | b']' => (&mut self.brackets, byte == b'['),
            _ => return,
        };
        if *count > 0 {
            *count = if opens { *count + 1 } else { *count - 1 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> String {
        let letter = |line: &Line| match line.kind {
            LineKind::Blank => '_',
            LineKind::Comment => '#',
            LineKind::Header => 'H',
            LineKind::Conditional(_) => '?',
            LineKind::Definition => 'D',
            LineKind::Body => '.',
            LineKind::Text => 't',
        };
        scan(text.as_bytes()).iter().map(letter).collect()
    }

    #[test]
    fn macro_bodies_hide_headers_and_conditionals() {
        assert_eq!(kinds("%define x() \\\n%package y\\\n%endif\\\nz\n%files\n"), "D...H");
        assert_eq!(kinds("%{lua:\n%if 1\n%files\n}\n%files\n"), "t...H");
        assert_eq!(kinds("#%define x \\\n%files\n%files\n"), "#.H");
        assert_eq!(kinds("%global a %(\necho \\)\n)\nb\n"), "D..t");
    }

    #[test]
    fn backslash_outside_a_definition_hides_nothing() {
        assert_eq!(kinds("%build\n%configure \\\n%if x\n --y \\\n%endif\n%files\n"), "Ht?t?H");
    }

    #[test]
    fn indented_header_counts_only_among_tags() {
        assert_eq!(kinds("Name: x\n  %build\n  %install\nfoo\n"), "tHtt");
    }

    #[test]
    fn escaped_percent_and_words_that_only_look_alike_are_text() {
        assert_eq!(kinds("echo %%{\n%build_it\n%iffy\n%global_x 1\n%dnl %{x}\n"), "tttt#");
    }

    #[test]
    fn unterminated_macro_does_not_swallow_the_file() {
        assert_eq!(kinds("a %{\n%files\nb %{\n%build\n"), "tHtH");
    }

    #[test]
    fn definition_that_ends_the_file_with_a_backslash_keeps_its_body() {
        assert_eq!(kinds("%define x \\\n%files \\\n"), "D.");
    }
}
