//! Globs with azldev's meaning, by translation to a regular expression.
//!
//! `**` crosses directories only as a whole part of the path, else it is `*`; `{a,b}` are alternatives. Files are
//! looked for directory by directory, values are compared as texts, and that differs: in a value `[^a]` matches a `/`,
//! `d/**` matches `d`, and `\` makes any character literal; a file's glob without wildcards is its name, in which `\`
//! counts before wildcards only.
//!
//! Not here: globs with `***`, `//` or a leading `./`, or that find a file twice (`**/**`), for which azldev's library
//! has rules of its own.

use std::iter::Peekable;
use std::str::Chars;

use regex::Regex;

/// What a glob is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Paths of files.
    Files,
    /// Values of patch tags and lines.
    Values,
}

/// A compiled glob.
#[derive(Debug)]
pub(crate) struct AzldevGlob(Regex);

impl AzldevGlob {
    /// Compiles a glob; `None` if azldev refuses it.
    pub(crate) fn new(glob: &str, subject: Subject) -> Option<Self> {
        let mut translator = Translator { rest: glob.chars().peekable(), subject, pattern: String::new() };
        translator.translate(0)?;
        let pattern = match subject {
            Subject::Files if !has_wildcard(glob) => regex::escape(&unescape(glob)),
            _ => translator.pattern,
        };
        Regex::new(&format!(r"(?s)\A(?:{pattern})\z")).ok().map(Self)
    }

    /// Returns whether a path or value matches as a whole.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

fn has_wildcard(glob: &str) -> bool {
    let mut characters = glob.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            '*' | '?' | '[' | '{' => return true,
            _ => {}
        }
    }
    false
}

/// Removes the backslashes before wildcards.
fn unescape(glob: &str) -> String {
    let mut name = String::with_capacity(glob.len());
    let mut characters = glob.chars().peekable();
    while let Some(character) = characters.next() {
        let escapes = character == '\\' && characters.peek().is_some_and(|next| "*?[]{}".contains(*next));
        name.extend(if escapes { characters.next() } else { Some(character) });
    }
    name
}

struct Translator<'a> {
    rest: Peekable<Chars<'a>>,
    subject: Subject,
    pattern: String,
}

impl Translator<'_> {
    /// Translates up to the end of the glob, or at a depth to the end of an alternative.
    fn translate(&mut self, depth: usize) -> Option<()> {
        let mut at_start = true;
        while let Some(character) = self.rest.next_if(|&next| depth == 0 || !matches!(next, ',' | '}')) {
            let mut starts_next = false;
            match character {
                '*' if at_start && self.rest.peek() == Some(&'*') => starts_next = self.doublestar(),
                '*' => {
                    self.rest.next_if_eq(&'*');
                    self.pattern.push_str("[^/]*");
                }
                '?' => self.pattern.push_str("[^/]"),
                '[' => self.class()?,
                '{' => self.alternatives(depth + 1)?,
                '}' => return None,
                '/' if self.subject == Subject::Values && self.ends_with_doublestar() => {
                    self.rest.by_ref().take(2).for_each(drop);
                    self.pattern.push_str(if self.rest.next().is_some() { "(?:/(?:[^/]*/)*)?" } else { "(?:/.*)?" });
                }
                '\\' => {
                    let escaped = self.rest.next()?;
                    self.literal(escaped);
                }
                other => {
                    self.literal(other);
                    starts_next = other == '/';
                }
            }
            at_start = starts_next;
        }
        Some(())
    }

    /// Translates the rest of `**` at the start of a part; returns whether the next part starts behind it.
    fn doublestar(&mut self) -> bool {
        self.rest.next();
        let crosses = self.rest.next_if_eq(&'/').is_some();
        self.pattern.push_str(match self.rest.peek() {
            _ if crosses => "(?:[^/]*/)*",
            None => ".*",
            Some(_) => "[^/]*",
        });
        crosses
    }

    /// Returns whether all that is left is `**`, or `**/`.
    fn ends_with_doublestar(&self) -> bool {
        let left: String = self.rest.clone().take(4).collect();
        matches!(left.as_str(), "**" | "**/")
    }

    fn alternatives(&mut self, depth: usize) -> Option<()> {
        self.pattern.push_str("(?:");
        loop {
            self.translate(depth)?;
            match self.rest.next()? {
                '}' => break,
                _ => self.pattern.push('|'),
            }
        }
        self.pattern.push(')');
        Some(())
    }

    /// Translates a class behind its `[`; it must not be empty.
    fn class(&mut self) -> Option<()> {
        self.pattern.push_str("[[");
        if self.rest.next_if(|&next| matches!(next, '!' | '^')).is_some() {
            self.pattern.push('^');
        }
        let mut first = true;
        let mut begin = None;
        loop {
            let character = match self.rest.next()? {
                ']' if first => return None,
                ']' => break,
                '-' if begin.is_some() && self.rest.peek() != Some(&']') => {
                    self.rest.next_if_eq(&'\\');
                    let end = self.rest.next()?;
                    self.range(begin.take()?, end);
                    continue;
                }
                '\\' => self.rest.next()?,
                other => other,
            };
            first = false;
            self.literal(character);
            begin = Some(character);
        }
        self.pattern.push_str(if self.subject == Subject::Files { "]&&[^/]]" } else { "]]" });
        Some(())
    }

    /// Adds a range whose first character is in the class already; one that runs backwards is empty.
    fn range(&mut self, begin: char, end: char) {
        if begin <= end {
            self.literal(begin);
            self.pattern.push('-');
            self.literal(end);
        }
    }

    fn literal(&mut self, character: char) {
        if character.is_ascii_punctuation() && !matches!(character, '<' | '>') {
            self.pattern.push('\\');
        }
        self.pattern.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(glob: &str, text: &str) -> [bool; 2] {
        [Subject::Files, Subject::Values].map(|subject| AzldevGlob::new(glob, subject).expect("valid").matches(text))
    }

    const BOTH: [bool; 2] = [true, true];
    const NONE: [bool; 2] = [false, false];

    #[test]
    fn stars_keep_to_a_part_of_the_path() {
        assert_eq!(matches("*.patch", ".patch"), BOTH);
        assert_eq!(matches("*.patch", "d/a.patch"), NONE);
        assert_eq!(matches("**/*.patch", "a.patch"), BOTH);
        assert_eq!(matches("**/*.patch", "d/e/a.patch"), BOTH);
        assert_eq!(matches("**.patch", "d/a.patch"), NONE);
        assert_eq!(matches("d/**", "d/e/f"), BOTH);
    }

    #[test]
    fn classes_and_alternatives_are_known() {
        assert_eq!(matches("{a,b[!0-9]}{c,}.patch", "bxc.patch"), BOTH);
        assert_eq!(matches(r"[\]\-]<", "]<"), BOTH);
        for invalid in ["[", "[]a]", "{a", "a}", r"a\"] {
            assert!(AzldevGlob::new(invalid, Subject::Files).is_none(), "{invalid}");
        }
    }

    #[test]
    fn files_and_values_differ() {
        assert_eq!(matches("d/**", "d"), [false, true]);
        assert_eq!(matches("a[^b]c", "a/c"), [false, true]);
        assert_eq!(matches(r"a\x2d\*", r"a\x2d*"), [true, false]);
        assert_eq!(matches(r"a\x2d\*", "ax2d*"), [false, true]);
        assert_eq!(matches(r"a\x2d*", "ax2d"), BOTH);
    }
}
