//! Macro names as they are written: what a line defines, which macros a text calls.

use std::collections::HashSet;

/// Returns the macro a `%define` or `%global` line defines, and what follows its name and parameters.
pub(crate) fn defined_name(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.trim_ascii_start();
    let rest = line.strip_prefix(b"%define").or_else(|| line.strip_prefix(b"%global"))?;
    let (name, rest) = split_name(rest.trim_ascii_start());
    let parameters = if rest.starts_with(b"(") { rest.iter().position(|&byte| byte == b')') } else { None };
    (!name.is_empty()).then(|| (name, &rest[parameters.map_or(0, |end| end + 1)..]))
}

/// Returns the macro a text begins with a call of: `%name`, `%{name…}`, `%{?name…}`, `%{!?name…}`.
pub(crate) fn called_name(text: &[u8]) -> Option<&[u8]> {
    let call = text.strip_prefix(b"%")?;
    let call = call.strip_prefix(b"{").unwrap_or(call);
    let start = call.iter().position(|byte| !matches!(byte, b'!' | b'?')).unwrap_or(call.len());
    let (name, _) = split_name(&call[start..]);
    (!name.is_empty()).then_some(name)
}

/// Adds the macros a text calls or asks about; `%%name` counts, it may be expanded later.
pub(crate) fn add_calls<'a>(text: &'a [u8], calls: &mut HashSet<&'a [u8]>) {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|&byte| byte == b'%') {
        rest = &rest[at..];
        let name = called_name(rest);
        calls.extend(name);
        if name.is_some_and(|name| matches!(name, b"defined" | b"undefined" | b"expand" | b"with" | b"without")) {
            calls.extend(argument(rest));
        }
        rest = &rest[1..];
    }
}

/// Returns whether a text expands a macro without asking whether it is defined.
pub(crate) fn expands(text: &[u8], name: &str) -> bool {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|&byte| byte == b'%') {
        rest = &rest[at..];
        let asks = rest.iter().skip(1).take_while(|byte| matches!(byte, b'{' | b'!' | b'?')).any(|&byte| byte == b'?');
        if !asks && called_name(rest) == Some(name.as_bytes()) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

/// Returns the first argument of a call.
fn argument(call: &[u8]) -> Option<&[u8]> {
    let blank = call.iter().take(16).position(|byte| matches!(byte, b' ' | b'\t' | b'('))?;
    let (name, _) = split_name(call[blank + 1..].trim_ascii_start());
    (!name.is_empty()).then_some(name)
}

fn split_name(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|&byte| !is_name_byte(byte)).unwrap_or(text.len()))
}

pub(crate) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(text: &str, name: &str) -> bool {
        let mut calls = HashSet::new();
        add_calls(text.as_bytes(), &mut calls);
        calls.contains(name.as_bytes())
    }

    #[test]
    fn finds_calls_of_exactly_this_macro() {
        for text in ["%x", "%{x}", "%{?x:1}", "%{!?x:1}", "%%{y}%x y", "%%x", "%{defined x}", "%{y:%{x}}"] {
            assert!(calls(text, "x"), "{text}");
        }
        for text in ["x", "%xx", "%{y:x}", "%global x 1", "100%"] {
            assert!(!calls(text, "x"), "{text}");
        }
    }

    #[test]
    fn question_is_no_expansion() {
        assert!(expands(b"%{?x} %x", "x") && expands(b"%{y:%{x}}", "x"));
        assert!(!expands(b"%{?x} %{!?x:1} %{xx} %?x", "x"));
    }

    #[test]
    fn reads_the_name_a_line_defines() {
        assert_eq!(defined_name(b"%define  f(o:) x"), Some((&b"f"[..], &b" x"[..])));
        assert_eq!(defined_name(b"%global a 1"), Some((&b"a"[..], &b" 1"[..])));
        assert_eq!(defined_name(b"%global"), None);
    }
}
