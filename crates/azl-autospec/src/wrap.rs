//! Lines of at most 75 characters, broken where Python's `textwrap` breaks them.
//!
//! Its rules: a break is at blanks, behind the hyphen of a hyphenated word, and before a dash of two or more `-`
//! between words; a word that is too long is cut. Width is counted in characters, not in columns of a terminal.

use crate::message::is_blank;

const WIDTH: usize = 75;
const INDENT: &str = "  ";
const TAB: usize = 8;

/// Fills a paragraph; lines but the first are indented by two blanks.
pub(crate) fn fill(text: &str) -> String {
    let text = plain_blanks(text);
    let mut chunks: Vec<&[char]> = split(&text);
    chunks.reverse();
    let mut lines: Vec<String> = Vec::new();
    while !chunks.is_empty() {
        if !lines.is_empty() && chunks.last().is_some_and(|chunk| is_blanks(chunk)) {
            chunks.pop();
        }
        let indent = if lines.is_empty() { "" } else { INDENT };
        let line = take_line(&mut chunks, WIDTH - indent.len());
        if !line.is_empty() {
            lines.push(format!("{indent}{}", line.iter().copied().flatten().collect::<String>()));
        }
    }
    lines.join("\n")
}

/// Expands tabs and makes every ASCII blank a space.
fn plain_blanks(text: &str) -> Vec<char> {
    let mut plain = Vec::with_capacity(text.len());
    let mut column = 0;
    for character in text.chars() {
        match character {
            '\t' => {
                let width = TAB - column % TAB;
                plain.extend(std::iter::repeat_n(' ', width));
                column += width;
            }
            '\n' | '\r' => {
                plain.push(' ');
                column = 0;
            }
            '\u{b}' | '\u{c}' => {
                plain.push(' ');
                column += 1;
            }
            other => {
                plain.push(other);
                column += 1;
            }
        }
    }
    plain
}

fn is_blanks(chunk: &[char]) -> bool {
    chunk.iter().all(|&character| is_blank(character))
}

fn take_line<'a>(chunks: &mut Vec<&'a [char]>, width: usize) -> Vec<&'a [char]> {
    let mut line: Vec<&[char]> = Vec::new();
    let mut length = 0;
    while let Some(chunk) = chunks.pop_if(|chunk| length + chunk.len() <= width) {
        length += chunk.len();
        line.push(chunk);
    }
    if let Some(chunk) = chunks.pop_if(|chunk| chunk.len() > width) {
        let (fits, rest) = chunk.split_at(cut(chunk, width - length));
        chunks.push(rest);
        line.push(fits);
    }
    line.pop_if(|chunk| is_blanks(chunk));
    line
}

/// Returns where to cut a chunk that is longer than a line: behind its last hyphen that fits, else at the edge.
fn cut(chunk: &[char], space: usize) -> usize {
    let hyphen = chunk[..space].iter().rposition(|&character| character == '-');
    match hyphen {
        Some(at) if chunk[..at].iter().any(|&character| character != '-') => at + 1,
        _ => space,
    }
}

fn split(text: &[char]) -> Vec<&[char]> {
    let mut chunks = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let end = chunk_end(text, start);
        chunks.push(&text[start..end]);
        start = end;
    }
    chunks
}

fn chunk_end(text: &[char], start: usize) -> usize {
    if text[start] == ' ' {
        return start + text[start..].iter().take_while(|&&character| character == ' ').count();
    }
    if let Some(end) = dash_end(text, start) {
        return end;
    }
    let mut at = start + 1;
    while at < text.len() && text[at] != ' ' {
        if ends_hyphenated(text, at) {
            return at + 1;
        }
        if dash_end(text, at).is_some() {
            return at;
        }
        at += 1;
    }
    at
}

/// Returns the end of a dash between words that begins here.
fn dash_end(text: &[char], at: usize) -> Option<usize> {
    let end = at + text[at..].iter().take_while(|&&character| character == '-').count();
    let between_words = at > 0 && is_word_or_mark(text[at - 1]) && text.get(end).is_some_and(|&next| is_word(next));
    (end >= at + 2 && between_words).then_some(end)
}

/// Returns whether the hyphen at `at` may end a line.
fn ends_hyphenated(text: &[char], at: usize) -> bool {
    let letter = |index: Option<usize>| index.and_then(|index| text.get(index)).is_some_and(|&c| is_letter(c));
    let before = letter(at.checked_sub(1)) && letter(at.checked_sub(2));
    let initials = at >= 3 && is_letter(text[at - 3]) && text[at - 2] == '-' && is_letter(text[at - 1]);
    let second = if text.get(at + 2) == Some(&'-') { at + 3 } else { at + 2 };
    text[at] == '-' && (before || initials) && letter(Some(at + 1)) && letter(Some(second))
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Every word character but decimal digits; superscripts, fractions and the like are letters to Python.
fn is_letter(character: char) -> bool {
    let is_decimal = character.is_numeric() && !matches!(character, '²' | '³' | '¹' | '¼'..='¾' | '⁰'..='⓿');
    is_word(character) && !is_decimal
}

fn is_word_or_mark(character: char) -> bool {
    is_word(character) || "!\"'&.,?".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(text: &str) -> Vec<String> {
        let text: Vec<char> = text.chars().collect();
        split(&text).into_iter().map(|chunk| chunk.iter().collect()).collect()
    }

    #[test]
    fn breaks_are_at_blanks_hyphens_and_dashes() {
        assert_eq!(chunks("a well-known  x"), ["a", " ", "well-", "known", "  ", "x"]);
        assert_eq!(
            chunks("x--y -z --opt 1-2 e-mail"),
            ["x", "--", "y", " ", "-z", " ", "--opt", " ", "1-2", " ", "e-mail"]
        );
    }

    #[test]
    fn hyphen_behind_a_digit_is_no_break() {
        assert_eq!(chunks("a-1-bc a-b-cd ab-cd"), ["a-1-bc", " ", "a-b-", "cd", " ", "ab-", "cd"]);
    }

    #[test]
    fn long_words_are_cut_and_lines_behind_the_first_are_indented() {
        let filled = fill(&format!("- {}", "x".repeat(150)));
        let lengths: Vec<_> = filled.lines().map(str::len).collect();
        assert_eq!(lengths, [75, 75, 6]);
        assert_eq!(fill("- "), "-");
        assert_eq!(fill(""), "");
    }
}
