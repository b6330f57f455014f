//! How macro calls are written. Not here: what they expand to.

/// The head of a call: what is between `%` or `%{` and the arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Call<'a> {
    /// `?` and `!`, as written.
    flags: &'a str,
    /// Name of the macro.
    pub(crate) name: &'a str,
}

impl<'a> Call<'a> {
    /// Reads a head; `None` if there is no name, as in `%{-e*}`, `%1` or `100%`.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let (flags, rest) = text.split_at(text.find(|c| c != '?' && c != '!').unwrap_or(text.len()));
        let name = &rest[..name_length(rest)];
        (!name.is_empty()).then_some(Self { flags, name })
    }

    /// Returns the length of the head.
    pub(crate) fn length(&self) -> usize {
        self.flags.len() + self.name.len()
    }

    /// Returns whether the call asks if the macro is defined: `%{?x}`.
    pub(crate) fn asks(&self) -> bool {
        self.flags.contains('?')
    }

    /// Returns whether the call is negated: `%{!?x}`.
    pub(crate) fn negated(&self) -> bool {
        self.flags.matches('!').count() % 2 == 1
    }
}

/// Returns the length of the macro name a text begins with.
pub(crate) fn name_length(text: &str) -> usize {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    if text.starts_with(|c: char| c.is_ascii_digit()) { 0 } else { end }
}

/// Returns what is inside the brackets a text begins with; `None` if it begins with none or they never close.
pub(crate) fn bracketed(text: &str) -> Option<&str> {
    let (open, close) = match text.chars().next()? {
        '{' => (b'{', b'}'),
        '(' => (b'(', b')'),
        '[' => (b'[', b']'),
        _ => return None,
    };
    let mut depth = 0;
    let mut escaped = false;
    for (at, &byte) in text.as_bytes().iter().enumerate() {
        if escaped {
            escaped = false;
        } else if byte == b'\\' {
            escaped = true;
        } else if byte == open {
            depth += 1;
        } else if byte == close {
            depth -= 1;
            if depth == 0 {
                return Some(&text[1..at]);
            }
        }
    }
    None
}

/// Returns the length of the line a text begins with, without its newline. Newlines in braces and behind a backslash
/// do not end it.
pub(crate) fn logical_line(text: &str) -> usize {
    let mut braces = 0_usize;
    let mut escaped = false;
    for (at, &byte) in text.as_bytes().iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'{' => braces += 1,
            b'}' => braces = braces.saturating_sub(1),
            b'\n' if braces == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

/// Strips the braces off a body that is wholly in braces: `%define x {y}`.
pub(crate) fn unbraced(body: &str) -> &str {
    match bracketed(body) {
        Some(inside) if body.starts_with('{') && inside.len() + 2 == body.len() => inside,
        _ => body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_with_their_flags() {
        let call = Call::read("!?x_1:y").expect("there is a name");
        assert_eq!((call.name, call.length(), call.asks(), call.negated()), ("x_1", 5, true, true));
        assert_eq!(Call::read("-e*"), None);
        assert_eq!(Call::read("1"), None);
    }

    #[test]
    fn brackets_nest_and_escapes_do_not_count() {
        assert_eq!(bracketed("{a{b}c}d"), Some("a{b}c"));
        assert_eq!(bracketed(r"(a\)b)"), Some(r"a\)b"));
        assert_eq!(bracketed("{a"), None);
        assert_eq!(logical_line("a {\n} \\\nb\nc"), 9);
        assert_eq!(unbraced("{x}"), "x");
        assert_eq!(unbraced("{x}{y}"), "{x}{y}");
    }
}
