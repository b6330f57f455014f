//! Macro names as they are written: what a line defines, where a macro is called, which calls open sections.

/// Macros of the language stacks that expand to whole `%package` or `%files` sections; what follows `%endif` and
/// begins with one of these is not part of the section before it.
const SECTION_MACROS: &[&str] = &["gopkg", "gopkgfiles", "godevelfiles", "goaltfiles", "fontpkg", "fontfiles"];

/// Returns the macro a `%define` or `%global` line defines.
pub(crate) fn defined_name(line: &[u8]) -> Option<String> {
    let line = line.trim_ascii_start();
    let rest = line.strip_prefix(b"%define").or_else(|| line.strip_prefix(b"%global"))?;
    let rest = rest.trim_ascii_start();
    let end = rest.iter().position(|&byte| !is_name_byte(byte)).unwrap_or(rest.len());
    (end > 0).then(|| String::from_utf8_lossy(&rest[..end]).into_owned())
}

/// Returns whether a line calls a macro that opens sections.
pub(crate) fn opens_sections(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"%") else {
        return false;
    };
    let rest = rest.strip_prefix(b"{").unwrap_or(rest);
    let end = rest.iter().position(|&byte| !is_name_byte(byte)).unwrap_or(rest.len());
    SECTION_MACROS.iter().any(|name| name.as_bytes() == &rest[..end])
}

/// Returns whether a text calls the macro `name`: `%name`, `%{name…}`, `%{?name…}`, `%{!?name…}`.
pub(crate) fn calls(text: &[u8], name: &str) -> bool {
    let mut from = 0;
    while let Some(at) = find(&text[from..], b'%') {
        let call = &text[from + at + 1..];
        let call = call.strip_prefix(b"{").unwrap_or(call);
        let start = call.iter().position(|byte| !matches!(byte, b'!' | b'?')).unwrap_or(call.len());
        let after = call[start..].strip_prefix(name.as_bytes());
        if after.is_some_and(|rest| rest.first().is_none_or(|&byte| !is_name_byte(byte))) {
            return true;
        }
        from += at + 1;
    }
    false
}

fn find(text: &[u8], byte: u8) -> Option<usize> {
    text.iter().position(|&candidate| candidate == byte)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_calls_of_exactly_this_macro() {
        for text in ["%x", "%{x}", "%{?x:1}", "%{!?x:1}", "%%{y}%x y"] {
            assert!(calls(text.as_bytes(), "x"), "{text}");
        }
        for text in ["x", "%xx", "%{y:x}", "%global x 1"] {
            assert!(!calls(text.as_bytes(), "x"), "{text}");
        }
    }

    #[test]
    fn reads_the_name_a_line_defines() {
        assert_eq!(defined_name(b"%define  f(o:) x").as_deref(), Some("f"));
        assert_eq!(defined_name(b"%global"), None);
    }
}
