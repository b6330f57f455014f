//! Globs with azldev's meaning, by translation to a regular expression.
//!
//! `**` crosses directories only as a whole part of the path, else it is `*`; `{a,b}` are alternatives; `\\` makes the
//! next character literal, also where the result is the name of no file (`\\x2d` is `x2d`).

use std::iter::Peekable;
use std::str::Chars;

use regex::Regex;

/// A compiled glob.
#[derive(Debug)]
pub(crate) struct AzldevGlob(Regex);

impl AzldevGlob {
    /// Compiles a glob; `None` if azldev refuses it.
    pub(crate) fn new(glob: &str) -> Option<Self> {
        let mut pattern = String::from(r"(?s)\A(?:");
        let mut rest = glob.chars().peekable();
        translate(&mut rest, 0, &mut pattern)?;
        pattern.push_str(r")\z");
        Regex::new(&pattern).ok().map(Self)
    }

    /// Returns whether a path, or the value of a patch tag, matches as a whole.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// Translates up to the end of the glob, or at a depth to the end of an alternative.
fn translate(rest: &mut Peekable<Chars<'_>>, depth: usize, pattern: &mut String) -> Option<()> {
    let mut at_start = true;
    while let Some(character) = rest.next_if(|&next| depth == 0 || !matches!(next, ',' | '}')) {
        let mut starts_next = false;
        match character {
            '*' if at_start && rest.peek() == Some(&'*') => starts_next = doublestar(rest, pattern),
            '*' => {
                rest.next_if_eq(&'*');
                pattern.push_str("[^/]*");
            }
            '?' => pattern.push_str("[^/]"),
            '[' => class(rest, pattern)?,
            '{' => alternatives(rest, depth + 1, pattern)?,
            '}' => return None,
            '/' if ends_with_doublestar(rest) => {
                rest.by_ref().take(2).for_each(drop);
                pattern.push_str(if rest.next().is_some() { "(?:/(?:[^/]*/)*)?" } else { "(?:/.*)?" });
            }
            '\\' => literal(rest.next()?, pattern),
            other => {
                literal(other, pattern);
                starts_next = other == '/';
            }
        }
        at_start = starts_next;
    }
    Some(())
}

/// Translates the rest of `**` at the start of a part; returns whether the next part starts behind it.
fn doublestar(rest: &mut Peekable<Chars<'_>>, pattern: &mut String) -> bool {
    rest.next();
    let crosses = rest.next_if_eq(&'/').is_some();
    pattern.push_str(match rest.peek() {
        _ if crosses => "(?:[^/]*/)*",
        None => ".*",
        Some(_) => "[^/]*",
    });
    crosses
}

/// Returns whether all that is left is `**`, or `**/`.
fn ends_with_doublestar(rest: &Peekable<Chars<'_>>) -> bool {
    let left: String = rest.clone().take(4).collect();
    matches!(left.as_str(), "**" | "**/")
}

fn alternatives(rest: &mut Peekable<Chars<'_>>, depth: usize, pattern: &mut String) -> Option<()> {
    pattern.push_str("(?:");
    loop {
        translate(rest, depth, pattern)?;
        match rest.next()? {
            '}' => break,
            _ => pattern.push('|'),
        }
    }
    pattern.push(')');
    Some(())
}

/// Translates a class behind its `[`; it must not be empty.
fn class(rest: &mut Peekable<Chars<'_>>, pattern: &mut String) -> Option<()> {
    pattern.push('[');
    if rest.next_if(|&next| matches!(next, '!' | '^')).is_some() {
        pattern.push('^');
    }
    let mut first = true;
    let mut begin = None;
    loop {
        let character = match rest.next()? {
            ']' if first => return None,
            ']' => break,
            '-' if begin.is_some() && rest.peek() != Some(&']') => {
                rest.next_if_eq(&'\\');
                let end = rest.next()?;
                range(begin.take()?, end, pattern);
                continue;
            }
            '\\' => rest.next()?,
            other => other,
        };
        first = false;
        literal(character, pattern);
        begin = Some(character);
    }
    pattern.push(']');
    Some(())
}

/// Adds a range whose first character is in the class already; one that runs backwards is empty.
fn range(begin: char, end: char, pattern: &mut String) {
    if begin <= end {
        literal(begin, pattern);
        pattern.push('-');
        literal(end, pattern);
    }
}

fn literal(character: char, pattern: &mut String) {
    if character.is_ascii_punctuation() && !matches!(character, '<' | '>') {
        pattern.push('\\');
    }
    pattern.push(character);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(glob: &str, text: &str) -> bool {
        AzldevGlob::new(glob).expect("a valid glob").matches(text)
    }

    #[test]
    fn stars_keep_to_a_part_of_the_path() {
        assert!(matches("*.patch", ".patch"));
        assert!(!matches("*.patch", "d/a.patch"));
        assert!(matches("**/*.patch", "a.patch") && matches("**/*.patch", "d/e/a.patch"));
        assert!(matches("**.patch", "a.patch") && !matches("**.patch", "d/a.patch"));
        assert!(matches("d/**", "d/e/f") && matches("d/**", "d"));
    }

    #[test]
    fn classes_alternatives_and_escapes_are_known() {
        assert!(matches("{a,b[!0-9]}{c,}.patch", "bxc.patch"));
        assert!(matches(r"a\x2d", "ax2d") && !matches(r"a\x2d", r"a\x2d"));
        assert!(matches("[]a]".replace("[]", r"[\]").as_str(), "]"));
        for invalid in ["[", "[]a]", "{a", "a}", r"a\"] {
            assert!(AzldevGlob::new(invalid).is_none(), "{invalid}");
        }
    }
}
