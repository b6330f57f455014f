//! Translates regular expressions of the azldev format, which are Go's RE2, to this engine's syntax.
//!
//! Go reads a `{` that begins no repetition as itself, so that `%{name}` needs no escapes, and has no nested classes
//! or class operators. Its `\d`, `\s`, `\w` and `\b` know ASCII only, and `\<` is a `<`. Both engines run in linear
//! time and neither knows look-around.

use std::borrow::Cow;

/// Returns the expression with the same meaning for the `regex` crate.
pub(crate) fn from_go(expression: &str) -> String {
    let mut translated = String::with_capacity(expression.len() + 8);
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '\\' => {
                let escape = escape_length(rest);
                translated.push_str(&translate_escape(&rest[..escape]));
                rest = &rest[escape..];
                continue;
            }
            '[' => {
                let class = class_length(rest);
                translated.push_str(&translate_class(&rest[..class]));
                rest = &rest[class..];
                continue;
            }
            '{' if !is_repetition(rest) => {
                translated.push('\\');
                1
            }
            _ => first.len_utf8(),
        };
        translated.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    translated
}

/// Returns an escape outside a class with Go's meaning.
fn translate_escape(escape: &str) -> Cow<'_, str> {
    match escape {
        r"\b" => r"(?-u:\b)".into(),
        r"\B" => r"(?-u:\B)".into(),
        r"\<" => "<".into(),
        r"\>" => ">".into(),
        _ if escape.starts_with(r"\Q") => escape_literally(escape),
        _ => match ascii_class(escape) {
            Some(ascii) if ascii.starts_with('[') => ascii.into(),
            Some(ascii) => format!("[{ascii}]").into(),
            None => escape.into(),
        },
    }
}

/// Returns what stands in a class for one of Go's classes of ASCII characters.
fn ascii_class(escape: &str) -> Option<&'static str> {
    match escape {
        r"\d" => Some("0-9"),
        r"\D" => Some("[^0-9]"),
        r"\s" => Some(r"\t\n\f\r\x20"),
        r"\S" => Some(r"[^\t\n\f\r\x20]"),
        r"\w" => Some("0-9A-Za-z_"),
        r"\W" => Some("[^0-9A-Za-z_]"),
        _ => None,
    }
}

/// Returns the text between `\Q` and `\E` as itself.
fn escape_literally(escape: &str) -> Cow<'_, str> {
    let text = escape.strip_prefix(r"\Q").unwrap_or(escape);
    regex::escape(text.strip_suffix(r"\E").unwrap_or(text)).into()
}

/// Returns the length of an escape: `\p{Greek}` and `\x{10ffff}` with their braces, `\Q` with all to its `\E`.
fn escape_length(rest: &str) -> usize {
    if rest.starts_with(r"\Q") {
        return rest.find(r"\E").map_or(rest.len(), |end| end + 2);
    }
    let mut characters = rest.char_indices().skip(1);
    let Some((at, escaped)) = characters.next() else {
        return rest.len();
    };
    let end = at + escaped.len_utf8();
    if matches!(escaped, 'p' | 'P' | 'x') && rest[end..].starts_with('{') {
        return rest[end..].find('}').map_or(end, |close| end + close + 1);
    }
    end
}

/// Returns the length of a class with its brackets; the rest of the text if it is not closed.
fn class_length(rest: &str) -> usize {
    let mut at = 1;
    if rest[at..].starts_with('^') {
        at += 1;
    }
    if rest[at..].starts_with(']') {
        at += 1;
    }
    while at < rest.len() {
        let tail = &rest[at..];
        if tail.starts_with(']') {
            return at + 1;
        }
        at += if tail.starts_with('\\') {
            escape_length(tail)
        } else if tail.starts_with("[:") {
            tail.find(":]").map_or(1, |close| close + 2)
        } else {
            tail.chars().next().map_or(1, char::len_utf8)
        };
    }
    rest.len()
}

fn translate_class(class: &str) -> String {
    let mut translated = String::from("[");
    let mut rest = &class[1..];
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '\\' => {
                let escape = escape_length(rest);
                translated.push_str(match &rest[..escape] {
                    r"\<" => "<",
                    r"\>" => ">",
                    other => ascii_class(other).unwrap_or(other),
                });
                rest = &rest[escape..];
                continue;
            }
            '-' if matches!(translated.as_str(), "[" | "[^") || is_range(&translated) => {
                translated.push('\\');
                1
            }
            '[' if rest.starts_with("[:") => rest.find(":]").map_or(1, |close| close + 2),
            '[' | '&' | '~' => {
                translated.push('\\');
                1
            }
            _ => first.len_utf8(),
        };
        translated.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    translated
}

/// Returns whether a class so far ends with the dash of a range, so that another dash would be an operator.
fn is_range(class: &str) -> bool {
    class.ends_with('-') && !class.ends_with(r"\-")
}

/// Returns whether a text beginning with `{` begins `{n}`, `{n,}` or `{n,m}`.
fn is_repetition(rest: &str) -> bool {
    let Some(close) = rest.find('}') else { return false };
    let (least, most) = rest[1..close].split_once(',').unwrap_or((&rest[1..close], ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !least.is_empty() && digits(least) && digits(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_repetitions_keep_their_braces() {
        for (go, ours) in [
            ("%{SOURCE3}", r"%\{SOURCE3}"),
            (r"%\{x\}", r"%\{x\}"),
            ("a{2}b{1,}c{1,3}", "a{2}b{1,}c{1,3}"),
            ("{,3}{", r"\{,3}\{"),
            (r"\p{Greek}\x{41}", r"\p{Greek}\x{41}"),
            ("[[&&{]x{", r"[\[\&\&{]x\{"),
            ("[]a[:space:]]", "[]a[:space:]]"),
            ("[--a+--]", r"[\--a+-\-]"),
            (r"\bmake\<[\<\>]\Qa.b\E", r"(?-u:\b)make<[<>]a\.b"),
            (r"[\w.-]\s[^\S]", r"[0-9A-Za-z_.-][\t\n\f\r\x20][^[^\t\n\f\r\x20]]"),
        ] {
            assert_eq!(from_go(go), ours);
            assert!(regex::bytes::Regex::new(&from_go(go)).is_ok(), "{go}");
        }
    }

    #[test]
    fn classes_know_ascii_only() {
        let matches = |go: &str, text: &str| regex::Regex::new(&from_go(go)).expect("valid").is_match(text);
        assert!(matches(r"^\W\S\D$", "é\u{a0}٣"));
        assert!(!matches(r"[\w\s\d]", "é\u{a0}٣"));
    }
}
