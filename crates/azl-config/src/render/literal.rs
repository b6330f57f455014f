//! Values of a spec, parted into what they say and what only rpm knows: calls of macros.
//!
//! Not here: what a macro stands for.

/// One part of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Text as written; `%%` is one `%`.
    Text(&'a str),
    /// A call of a macro with its `%`.
    Macro(&'a str),
}

/// Stands for a call of a macro in [`literal`].
pub(super) const MACRO: char = '\u{fffc}';

/// Returns the parts of a value in order.
pub(super) fn parts(value: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = value;
    while !rest.is_empty() {
        let (part, length) = match rest.find('%') {
            Some(0) if rest.starts_with("%%") => (Part::Text(&rest[..1]), 2),
            Some(0) => {
                let length = macro_length(rest);
                (Part::Macro(&rest[..length]), length)
            }
            at => {
                let length = at.unwrap_or(rest.len());
                (Part::Text(&rest[..length]), length)
            }
        };
        parts.push(part);
        rest = &rest[length..];
    }
    parts
}

/// Returns a value with [`MACRO`] for each call of a macro.
pub(super) fn literal(value: &str) -> String {
    let mut text = String::new();
    for part in parts(value) {
        match part {
            Part::Text(part) => text.push_str(part),
            Part::Macro(_) => text.push(MACRO),
        }
    }
    text
}

/// Returns the last part of a source's address or path: its file name, with macros as they are written.
pub(super) fn file_name(value: &str) -> String {
    let mut name = String::new();
    for part in parts(value) {
        match part {
            Part::Text(text) => match text.rsplit_once('/') {
                Some((_, last)) => name = last.to_owned(),
                None => name.push_str(text),
            },
            Part::Macro(call) => name.push_str(call),
        }
    }
    name
}

/// Returns the length of a macro call with its `%`.
fn macro_length(call: &str) -> usize {
    let (open, close) = match call.as_bytes().get(1) {
        Some(b'{') => ('{', '}'),
        Some(b'(') => ('(', ')'),
        Some(b'[') => ('[', ']'),
        _ => {
            let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '?' | '!');
            return call[1..].find(|c| !is_name(c)).map_or(call.len(), |at| at + 1);
        }
    };
    let mut depth = 0usize;
    for (at, c) in call.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth -= 1;
            if depth == 0 {
                return at + 1;
            }
        }
    }
    call.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_macros_are_told_from_text() {
        let calls = [Part::Text("a"), Part::Text("%"), Part::Macro("%{b:%{c}/}"), Part::Text("/d"), Part::Macro("%e")];
        assert_eq!(parts("a%%%{b:%{c}/}/d%e"), calls);
        assert_eq!(literal("a%%%{b:%{c}/}/d%e"), "a%\u{fffc}/d\u{fffc}");
        assert_eq!(parts("%{open"), [Part::Macro("%{open")]);
    }

    #[test]
    fn file_name_is_behind_the_last_slash_outside_of_macros() {
        assert_eq!(file_name("https://x/%(echo a/b).tar"), "%(echo a/b).tar");
        assert_eq!(file_name("https://x/get?a=b#/%{name}-1.tar"), "%{name}-1.tar");
        assert_eq!(file_name("x.tar"), "x.tar");
        assert_eq!(file_name("https://x/"), "");
    }
}
