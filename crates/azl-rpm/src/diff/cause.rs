//! What made a difference, told from the text round it and from what is known of the two builds.
//!
//! **Invariant:** a guess names its evidence; where there is none, nothing is guessed.

use std::fmt;

use serde::Serialize;

use super::window::shorten;

/// A kind of cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The time of the build.
    Time,
    /// Where it was built.
    Path,
    /// The order in which a directory or a table was read, or parallel steps ended.
    Order,
    /// The number of processors.
    Processors,
    /// The name of the build host.
    Host,
    /// The user who built, or settings of that user.
    User,
    /// Random numbers.
    Randomness,
    /// Compiler, compressor or their versions.
    Toolchain,
    /// Another difference of the same package.
    Consequence,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Time => "time",
            Self::Path => "path",
            Self::Order => "order",
            Self::Processors => "processors",
            Self::Host => "host",
            Self::User => "user",
            Self::Randomness => "randomness",
            Self::Toolchain => "toolchain",
            Self::Consequence => "consequence",
        })
    }
}

/// A cause and what points to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Guess {
    /// The cause.
    pub cause: Cause,
    /// What points to it.
    pub evidence: String,
}

impl Guess {
    pub(crate) fn new(cause: Cause, evidence: impl Into<String>) -> Self {
        Self { cause, evidence: evidence.into() }
    }
}

/// Something known to differ between the two builds, and how it reads in each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clue {
    /// What it is an instance of.
    pub cause: Cause,
    /// Its text in the first build.
    pub one: String,
    /// Its text in the second.
    pub other: String,
}

/// Guesses from one line, or run of text, as both packages have it.
pub(crate) fn of_text(one: &str, other: &str, clues: &[Clue]) -> Option<Guess> {
    let (left, right) = differing(one, other);
    let told =
        |cause, what: &str| Some(Guess::new(cause, format!("{what}: `{}` and `{}`", shorten(left), shorten(right))));
    if ["GCC: ", "clang version", "rustc version"].iter().any(|tool| one.contains(tool) && other.contains(tool)) {
        return told(Cause::Toolchain, "names a compiler");
    }
    if let Some(clue) = clues.iter().find(|clue| has_word(left, &clue.one) && has_word(right, &clue.other)) {
        return told(clue.cause, "known to differ between the builds");
    }
    if same_words(one, other) {
        return told(Cause::Order, "the same words in another order");
    }
    if is_job_count(left) && is_job_count(right) {
        return told(Cause::Processors, "looks like a number of jobs");
    }
    if looks_like_time(one, left) && looks_like_time(other, right) {
        return told(Cause::Time, "looks like a time");
    }
    if looks_like_path(left) && looks_like_path(right) {
        return told(Cause::Path, "looks like a path");
    }
    if looks_random(left) && looks_random(right) && left.len() == right.len() {
        return told(Cause::Randomness, "as long, and without a pattern");
    }
    None
}

/// Returns the words in which two lines differ: from the first that differs to the last.
fn differing<'a>(one: &'a str, other: &'a str) -> (&'a str, &'a str) {
    let prefix = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let rest = one.len().min(other.len()) - prefix;
    let suffix = one.bytes().rev().zip(other.bytes().rev()).take(rest).take_while(|(a, b)| a == b).count();
    (words_round(one, prefix, suffix), words_round(other, prefix, suffix))
}

/// Widens the part between a prefix and a suffix to whole words.
fn words_round(line: &str, prefix: usize, suffix: usize) -> &str {
    let ends_word = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '(' | ')' | '<' | '>' | ',' | ';' | '=');
    let prefix = (0..=prefix).rev().find(|&at| line.is_char_boundary(at)).unwrap_or(0);
    let end = (line.len() - suffix..=line.len()).find(|&at| line.is_char_boundary(at)).unwrap_or(line.len());
    let start = line[..prefix].char_indices().rev().find(|(_, c)| ends_word(*c)).map_or(0, |(at, c)| at + c.len_utf8());
    let end = line[end..].find(ends_word).map_or(line.len(), |length| end + length);
    &line[start..end.max(start)]
}

/// Whether `text` holds `word` with no letter or digit on either side.
fn has_word(text: &str, word: &str) -> bool {
    // `14.2` is no 2.
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || (c == '.' && starts_with_digit(word)));
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            let after = text[at + word.len()..].chars().next();
            // `-j2`: a letter before a number ends a word.
            let before = text[..at].chars().next_back().filter(|c| c.is_ascii_digit() || !starts_with_digit(word));
            !is_part(before) && !is_part(after)
        })
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

fn same_words(one: &str, other: &str) -> bool {
    let sorted = |text: &'_ str| {
        let mut words: Vec<String> = text.split(|c: char| c.is_whitespace() || c == ',').map(str::to_owned).collect();
        words.sort();
        words
    };
    one != other && one.len() == other.len() && sorted(one) == sorted(other)
}

fn is_job_count(word: &str) -> bool {
    let count = ["-j", "--jobs=", "--parallel=", "jobs=", "-flto="].iter().find_map(|flag| word.strip_prefix(flag));
    count.is_some_and(|count| !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit()))
}

const NAMES_OF_TIMES: [&str; 19] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Mon", "Tue", "Wed", "Thu",
    "Fri", "Sat", "Sun",
];

/// Whether the differing part is a time, or a part of one that the line shows.
fn looks_like_time(line: &str, word: &str) -> bool {
    let epoch = |run: &str| run.len() == 10 && run.starts_with(['1', '2']);
    if word.split(|c: char| !c.is_ascii_digit()).any(epoch) {
        return true;
    }
    let shapes = ["dddd-dd-dd", "dddd/dd/dd", "dd:dd", "dd.dd.dddd", "dddddddd"];
    let named = NAMES_OF_TIMES.iter().any(|name| has_word(line, name));
    let shaped = shapes.iter().any(|shape| has_shape(line, shape));
    let partial = word.chars().any(|c| c.is_ascii_digit()) || NAMES_OF_TIMES.iter().any(|name| has_word(word, name));
    // A bare run of eight digits is a date only if it begins like one.
    let stamp = has_shape(word, "dddddddd") && ["19", "20"].iter().any(|century| word.contains(century));
    partial && (named || stamp || (shaped && !is_bare_number(word)) || (shaped && has_shape(line, "dd:dd")))
}

fn is_bare_number(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit())
}

/// Whether `text` holds a part of the form `shape`, where `d` is a digit, with no digit on either side.
fn has_shape(text: &str, shape: &str) -> bool {
    let bytes = text.as_bytes();
    let is_digit = |at: Option<&u8>| at.is_some_and(u8::is_ascii_digit);
    bytes.windows(shape.len()).enumerate().any(|(at, part)| {
        let fits = part.iter().zip(shape.bytes()).all(|(byte, form)| match form {
            b'd' => byte.is_ascii_digit(),
            form => *byte == form,
        });
        fits && !is_digit(at.checked_sub(1).and_then(|before| bytes.get(before)))
            && !is_digit(bytes.get(at + part.len()))
    })
}

fn looks_like_path(word: &str) -> bool {
    word.contains('/') && !word.contains("://")
}

/// Whether a word is long and of digits, hexadecimal or in the way of a UUID.
fn looks_random(word: &str) -> bool {
    let longest = word.split(|c: char| !c.is_ascii_alphanumeric()).max_by_key(|run| run.len()).unwrap_or_default();
    longest.len() >= 6 && longest.bytes().any(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(one: &str, other: &str) -> Option<Cause> {
        let clues = [
            Clue { cause: Cause::Host, one: "azl-build".to_owned(), other: "elsewhere".to_owned() },
            Clue { cause: Cause::Processors, one: "2".to_owned(), other: "1".to_owned() },
        ];
        of_text(one, other, &clues).map(|guess| guess.cause)
    }

    #[test]
    fn each_cause_is_told_from_its_line() {
        let rows = [
            ("built at 2026-01-02", "built at 2027-02-06", Some(Cause::Time)),
            ("Fri Jan  2 10:00:00 UTC 2026", "Sat Feb  6 11:30:12 UTC 2027", Some(Cause::Time)),
            ("stamp=1767225600", "stamp=1801785600", Some(Cause::Time)),
            ("on azl-build.", "on elsewhere.", Some(Cause::Host)),
            ("make -j2", "make -j1", Some(Cause::Processors)),
            ("make -j7", "make -j9", Some(Cause::Processors)),
            ("in /builddir/build/a", "in /builddir/other/a", Some(Cause::Path)),
            ("a.o b.o c.o", "c.o a.o b.o", Some(Cause::Order)),
            ("id 8f14e45fceea", "id c9f0f895fb98", Some(Cause::Randomness)),
            ("GCC: (Debian) 14.2", "GCC: (Debian) 15.1", Some(Cause::Toolchain)),
            ("colour", "color", None),
            ("12 files", "13 files", None),
        ];
        for (one, other, cause) in rows {
            assert_eq!(guess(one, other), cause, "`{one}` and `{other}`");
        }
    }

    #[test]
    fn letters_of_several_bytes_do_not_panic() {
        assert_eq!(guess("größe ä", "größe ü"), None);
        assert_eq!(guess("ä", "ü"), None);
    }
}
