//! The little shell that macros of packages expand to: simple commands, `if … fi` and here documents.
//!
//! Not a shell: no expansion, no pipe, no loop. What is not of this form is no statement, and its line is the error.
//!
//! **Invariant:** a statement means what a shell would do; whatever a shell could read otherwise is refused.

/// A statement, with the line it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement<'s> {
    pub(super) line: &'s str,
    pub(super) kind: Kind<'s>,
}

/// What a statement is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind<'s> {
    /// A program and its arguments, run if all the guards before it hold; its failure is ignored or not.
    Command { guards: Vec<Vec<&'s str>>, words: Vec<&'s str>, document: Vec<&'s str> },
    /// The statements between `then` and `fi`.
    If { guards: Vec<Vec<&'s str>>, body: Vec<Statement<'s>> },
}

/// Suffixes that change what a reader sees or whether the script goes on, never what was done.
const QUIET: &[&str] =
    &["|| :", "|| true", ">/dev/null", "> /dev/null", "2>&1", "2>/dev/null", "2> /dev/null", "&>/dev/null"];

/// Characters with a meaning of their own outside quotes.
const SPECIAL: &[char] =
    &[';', '|', '&', '<', '>', '$', '`', '(', ')', '{', '}', '*', '?', '!', '~', '#', '\\', '"', '\''];

/// Reads a script.
///
/// # Errors
/// The first line that is no statement.
pub(super) fn parse(text: &str) -> Result<Vec<Statement<'_>>, &str> {
    let mut lines = text.lines();
    let (statements, end) = block(&mut lines)?;
    match end {
        None => Ok(statements),
        Some(line) => Err(line),
    }
}

/// Reads statements up to the end of the text or a line `fi`, which is returned.
fn block<'s>(lines: &mut std::str::Lines<'s>) -> Result<(Vec<Statement<'s>>, Option<&'s str>), &'s str> {
    let mut statements = Vec::new();
    while let Some(line) = lines.next() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line == "fi" {
            return Ok((statements, Some(line)));
        }
        let kind = match line.strip_prefix("if ") {
            Some(condition) => {
                let condition = condition.strip_suffix("then").map(str::trim_end);
                let condition = condition.and_then(|text| text.strip_suffix(';')).ok_or(line)?;
                let guards = conjunction(condition).ok_or(line)?;
                let (body, end) = block(lines)?;
                end.ok_or(line)?;
                Kind::If { guards, body }
            }
            None => command(line, lines)?,
        };
        statements.push(Statement { line, kind });
    }
    Ok((statements, None))
}

fn command<'s>(line: &'s str, lines: &mut std::str::Lines<'s>) -> Result<Kind<'s>, &'s str> {
    let text = without_quiet(line);
    let (text, document) = match text.split_once("<<") {
        Some((text, word)) => (without_quiet(text), here_document(word.trim(), lines).ok_or(line)?),
        None => (text, Vec::new()),
    };
    let (unless, text) = match text.split_once("||") {
        Some((test, text)) => (Some(negated(test).ok_or(line)?), text),
        None => (None, text),
    };
    let mut parts = conjunction(text).ok_or(line)?;
    let words = parts.pop().filter(|words| !words.is_empty()).ok_or(line)?;
    Ok(Kind::Command { guards: unless.into_iter().chain(parts).collect(), words, document })
}

/// Returns the condition of `test ! CONDITION`, since what comes after `||` is done if it holds.
fn negated(test: &str) -> Option<Vec<&str>> {
    let mut words = words(without_quiet(test))?;
    let is_test = matches!(words[..], ["test" | "[", "!", _, ..]);
    is_test.then(|| {
        words.remove(1);
        words
    })
}

/// Takes the lines up to the delimiter.
fn here_document<'s>(delimiter: &str, lines: &mut std::str::Lines<'s>) -> Option<Vec<&'s str>> {
    let plain = delimiter.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if delimiter.is_empty() || !plain {
        return None;
    }
    let mut document = Vec::new();
    for line in lines.by_ref() {
        if line == delimiter {
            return Some(document);
        }
        document.push(line);
    }
    None
}

fn without_quiet(text: &str) -> &str {
    let mut text = text.trim();
    while let Some(shorter) = QUIET.iter().find_map(|suffix| text.strip_suffix(suffix)) {
        text = shorter.trim_end();
    }
    text
}

/// Splits `a && b && c` into the words of each part.
fn conjunction(text: &str) -> Option<Vec<Vec<&str>>> {
    text.split("&&").map(|part| words(without_quiet(part)).filter(|words| !words.is_empty())).collect()
}

/// Splits a command at white space; quotes hold one whole word, `$1` is the one expansion.
fn words(text: &str) -> Option<Vec<&str>> {
    text.split_whitespace().map(word).collect()
}

fn word(text: &str) -> Option<&str> {
    let quoted = |quote: char| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote);
    let inner = if quoted('"') || quoted('\'') { &text[1..text.len() - 1] } else { text };
    (matches!(inner, "$1" | "!") || !inner.contains(SPECIAL)).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(text: &str) -> Result<Vec<Vec<&str>>, &str> {
        Ok(parse(text)?.into_iter().map(words_of).collect())
    }

    fn words_of(statement: Statement<'_>) -> Vec<&str> {
        match statement.kind {
            Kind::Command { words, .. } => words,
            Kind::If { .. } => Vec::new(),
        }
    }

    #[test]
    fn what_hides_messages_and_failures_is_left_out() {
        let text = "# note\ncommand -v a >/dev/null && a --b 'c' >/dev/null 2>&1 || :\n\n  x || true\n";
        assert_eq!(commands(text), Ok(vec![vec!["a", "--b", "c"], vec!["x"]]));
        let parsed = parse(text).expect("statements");
        let Kind::Command { guards, .. } = &parsed[0].kind else { panic!("a command") };
        assert_eq!(guards, &[["command", "-v", "a"]]);
    }

    #[test]
    fn what_is_done_unless_a_test_fails_is_guarded_by_it() {
        let parsed = parse("test ! -d /a || b c || :").expect("statements");
        let Kind::Command { guards, words, .. } = &parsed[0].kind else { panic!("a command") };
        assert_eq!((guards, words), (&vec![vec!["test", "-d", "/a"]], &vec!["b", "c"]));
        for line in ["test -d /a || b", "a || b", "test ! -d /a || b || c"] {
            assert_eq!(parse(line), Err(line));
        }
    }

    #[test]
    fn blocks_have_a_condition_and_an_end() {
        let text = "if [ $1 -eq 1 ] && [ -x \"/a\" ]; then\n  # first\n  /a b || :\nfi\n";
        let parsed = parse(text).expect("statements");
        let Kind::If { guards, body } = &parsed[0].kind else { panic!("a block") };
        assert_eq!(guards, &[vec!["[", "$1", "-eq", "1", "]"], vec!["[", "-x", "/a", "]"]]);
        assert_eq!(body[0].line, "/a b || :");
        assert_eq!(parse("if true; then\na\n"), Err("if true; then"));
        assert_eq!(parse("a\nfi\n"), Err("fi"));
    }

    #[test]
    fn a_here_document_belongs_to_its_command() {
        let text = "a - <<END || :\nu x 1 \"$y\"\nEND\nb\n";
        let parsed = parse(text).expect("statements");
        let Kind::Command { document, .. } = &parsed[0].kind else { panic!("a command") };
        assert_eq!((document.as_slice(), parsed.len()), (&["u x 1 \"$y\""][..], 2));
        assert_eq!(parse("a <<END\nb\n"), Err("a <<END"));
    }

    #[test]
    fn everything_else_a_shell_knows_is_refused_with_its_line() {
        for line in
            ["a; b", "a | b", "a $b", "a `b`", "(a)", "a > /etc/x", "a \\", "a*", "a & b", "&& a", "for x in y; do"]
        {
            let text = format!("true\n{line}\n");
            assert_eq!(parse(&text), Err(line));
        }
    }
}
