//! Text form of a diagnostic: `error[code]: message`, then `--> file:line:column` with the source line and a caret.

use crate::{Diagnostic, Severity, Span};

/// Renders one diagnostic; `source` is the whole text of the file named by its span, if it can be had.
pub fn render(diagnostic: &Diagnostic, source: Option<&str>) -> String {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut text = format!("{severity}[{}]: {}\n", diagnostic.code, diagnostic.message);
    if let Some(span) = &diagnostic.span {
        text.push_str(&place(span, source));
    }
    for hint in &diagnostic.hints {
        text.push_str(&format!("  hint: {hint}\n"));
    }
    text
}

/// Renders many diagnostics in the order of their places; `source` finds the text of a file.
pub fn render_all<'a>(diagnostics: &[Diagnostic], source: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut ordered: Vec<_> = diagnostics.iter().collect();
    ordered.sort_by(|a, b| a.span.cmp(&b.span));
    let texts: Vec<_> =
        ordered.iter().map(|one| render(one, one.span.as_ref().and_then(|span| source(&span.file)))).collect();
    texts.join("\n")
}

fn place(span: &Span, source: Option<&str>) -> String {
    let Some(source) = source else {
        return format!("  --> {}\n", span.file);
    };
    let start = floor_boundary(source, span.start);
    let before = &source[..start];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line_number = before.matches('\n').count() + 1;
    let line = source[line_start..].lines().next().unwrap_or("");
    let column = source[line_start..start].chars().count() + 1;
    let end = floor_boundary(source, span.end).clamp(start, line_start + line.len().max(start - line_start));
    let carets = source[start..end].chars().count().max(1);
    let gutter = line_number.to_string().len();
    format!(
        "  --> {}:{line_number}:{column}\n{:gutter$} |\n{line_number} | {}\n{:gutter$} | {}{}\n",
        span.file,
        "",
        line.replace('\t', " "),
        "",
        " ".repeat(column - 1),
        "^".repeat(carets),
    )
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
    fn survives_spans_outside_the_text_and_inside_characters() {
        let one = Diagnostic::error("x", "y").at("f", 1..900);
        assert!(render(&one, Some("é")).contains("f:1:1"));
        assert!(render(&one, None).contains("--> f"));
    }
}
