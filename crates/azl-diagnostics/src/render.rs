//! Text form of a diagnostic: `error[code]: message`, then `--> file:line:column` with the source line and a caret.

use crate::{Diagnostic, Severity, Span};

use std::collections::BTreeMap;

/// Characters of a line that are shown before and behind the place.
const SHOWN: usize = 120;

/// Renders one diagnostic; `source` is the whole text of the file named by its span, if it can be had.
pub fn render(diagnostic: &Diagnostic, source: Option<&str>) -> String {
    render_in(diagnostic, source.map(Source::new).as_ref())
}

/// Renders many diagnostics in the order of their places; `source` finds the text of a file.
///
/// Takes time linear in the texts and the diagnostics.
pub fn render_all<'a>(diagnostics: &[Diagnostic], source: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut ordered: Vec<_> = diagnostics.iter().collect();
    ordered.sort_by(|a, b| a.span.cmp(&b.span));
    let mut sources: BTreeMap<&str, Option<Source<'a>>> = BTreeMap::new();
    let texts = ordered.into_iter().map(|one| {
        let known = one.span.as_ref().and_then(|span| {
            let source = || source(&span.file).map(Source::new);
            sources.entry(span.file.as_str()).or_insert_with(source).as_ref()
        });
        render_in(one, known)
    });
    texts.collect::<Vec<_>>().join("\n")
}

fn render_in(diagnostic: &Diagnostic, source: Option<&Source<'_>>) -> String {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut text = format!("{severity}[{}]: {}\n", diagnostic.code, diagnostic.message);
    if let Some(span) = &diagnostic.span {
        match source {
            Some(source) => text.push_str(&source.place(span)),
            None => text.push_str(&format!("  --> {}\n", span.file)),
        }
    }
    for hint in &diagnostic.hints {
        text.push_str(&format!("  hint: {hint}\n"));
    }
    text
}

/// The text of a file with the places where its lines begin.
struct Source<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Source<'a> {
    fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// Returns where a span is, with its line; of a very long line only what is near.
    fn place(&self, span: &Span) -> String {
        let start = floor_boundary(self.text, span.start);
        let number = self.starts.partition_point(|&line| line <= start);
        let line_start = self.starts[number - 1];
        let line = self.text[line_start..].lines().next().unwrap_or("");
        let column = self.text[line_start..start].chars().count() + 1;
        let line_end = line_start + line.len().max(start - line_start);
        let end = floor_boundary(self.text, span.end).clamp(start, line_end);
        let (before, behind) = (&self.text[line_start..start], &self.text[start..line_end]);
        let first = before.char_indices().rev().nth(SHOWN).map_or(0, |(at, c)| at + c.len_utf8());
        let last = behind.char_indices().nth(SHOWN).map_or(behind.len(), |(at, _)| at);
        let opening = if first > 0 { "…" } else { "" };
        let closing = if last < behind.len() { "…" } else { "" };
        let indent = opening.chars().count() + before[first..].chars().count();
        let carets = self.text[start..end.min(start + last)].chars().count().max(1);
        let gutter = number.to_string().len();
        let shown = format!("{opening}{}{}{closing}", &before[first..], &behind[..last]).replace('\t', " ");
        format!(
            "  --> {}:{number}:{column}\n{:gutter$} |\n{number} | {shown}\n{:gutter$} | {}{}\n",
            span.file,
            "",
            "",
            " ".repeat(indent),
            "^".repeat(carets),
        )
    }
}
fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_line_column_and_caret() {
        let source = "a = 1\nbogus = 2\n";
        let one = Diagnostic::error("unknown-key", "unknown key `bogus`").at("x.toml", 6..11).hint("did you mean `b`?");
        assert_eq!(
            render(&one, Some(source)),
            "error[unknown-key]: unknown key `bogus`\n  --> x.toml:2:1\n  |\n2 | bogus = 2\n  | ^^^^^\n  hint: did you mean `b`?\n"
        );
    }

    #[test]
    fn of_a_long_line_only_what_is_near_is_shown() {
        let source = format!("{}bogus{}\n", "é".repeat(90_000), "x".repeat(90_000));
        let text = render(&Diagnostic::error("x", "y").at("f", 180_000..180_005), Some(&source));
        assert!(text.contains("f:1:90001\n") && text.contains("ébogusx"), "{text}");
        let lines: Vec<_> = text.lines().map(|line| line.chars().collect::<Vec<_>>()).collect();
        let (shown, carets) = (&lines[3], &lines[4]);
        assert_eq!((shown[4], shown.last()), ('…', Some(&'…')));
        assert!(shown.len() < 300, "{text}");
        let at = carets.iter().position(|&c| c == '^').expect("there are carets");
        assert_eq!(shown[at..at + 5], ['b', 'o', 'g', 'u', 's']);
        assert_eq!(carets.len(), at + 5);
    }

    #[test]
    fn many_places_of_one_file_take_linear_time() {
        let source = "key = 1\n".repeat(200_000);
        let all: Vec<_> =
            (0..200_000).map(|line| Diagnostic::error("x", "y").at("f", line * 8..line * 8 + 3)).collect();
        let text = render_all(&all, |_| Some(&source));
        assert!(text.ends_with("--> f:200000:1\n       |\n200000 | key = 1\n       | ^^^\n"));
    }

    #[test]
    fn survives_spans_outside_the_text_and_inside_characters() {
        let one = Diagnostic::error("x", "y").at("f", 1..900);
        assert!(render(&one, Some("é")).contains("f:1:1"));
        assert!(render(&one, None).contains("--> f"));
    }
}
