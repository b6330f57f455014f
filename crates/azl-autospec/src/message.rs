//! A commit message as the items of a changelog entry.
//!
//! The subject is the first item. Of the body only this is taken: a first paragraph that begins with `...` or `…`
//! continues the subject, and a first paragraph of `- ` bullets (or one behind such a continuation) gives one item
//! each. All else of the message is for readers of git.

/// Returns the items: lines joined by one blank, `%` doubled, without the leading `-`.
pub(crate) fn items(message: &str) -> Vec<String> {
    let lines: Vec<_> = message.split('\n').map(|line| strip(line).replace('%', "%%")).collect();
    let start = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
    let (subject, rest) = paragraph(&lines[start..]);
    let mut items = vec![subject.to_vec()];
    if let Some(first) = items[0].first_mut() {
        *first = without_dash(first).to_owned();
    }
    // A subject of nothing but a dash ends the subject at once; what follows it is the body.
    let rest = if items[0].first().is_some_and(String::is_empty) { &lines[start + 1..] } else { rest };
    if items[0].first().is_some_and(String::is_empty) {
        items[0].clear();
    }
    read_body(rest, &mut items);
    items.into_iter().map(|lines| lines.join(" ")).collect()
}

/// Strips blanks as Python's `str.strip` does.
pub(crate) fn strip(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// Returns whether Python takes a character for a blank: Unicode's, and the four separators of ASCII.
pub(crate) fn is_blank(character: char) -> bool {
    character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character)
}

/// Splits the lines before the first empty one off.
fn paragraph(lines: &[String]) -> (&[String], &[String]) {
    lines.split_at(lines.iter().position(String::is_empty).unwrap_or(lines.len()))
}

fn without_dash(line: &str) -> &str {
    line.strip_prefix('-').map_or(line, |rest| rest.trim_start_matches(is_blank))
}

fn read_body(rest: &[String], items: &mut Vec<Vec<String>>) {
    let rest = &rest[rest.iter().position(|line| !line.is_empty()).unwrap_or(rest.len())..];
    let Some(first) = rest.first() else {
        return;
    };
    let bullets = match after_ellipsis(first) {
        Some(continued) => {
            let text = rest[1..].iter().take_while(|line| !line.is_empty() && !line.starts_with('-')).count();
            items[0].push(continued.to_owned());
            items[0].extend_from_slice(&rest[1..=text]);
            &rest[text + 1..]
        }
        None if first.starts_with('-') => rest,
        None => return,
    };
    for line in paragraph(bullets).0 {
        if line.starts_with('-') {
            items.push(Vec::new());
        }
        if let Some(item) = items.last_mut() {
            item.push(without_dash(line).to_owned());
        }
    }
}

/// Returns what follows three or more dots, or one or more `…`, at the beginning of a line.
fn after_ellipsis(line: &str) -> Option<&str> {
    let dots = line.trim_start_matches('.');
    let rest = if line.len() - dots.len() >= 3 { dots } else { line.trim_start_matches('…') };
    (rest.len() < line.len()).then(|| rest.trim_start_matches(is_blank))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_is_taken_only_as_bullets_or_continuation() {
        assert_eq!(items("subject\nsecond line\n\nprose\n- not taken\n"), ["subject second line"]);
        assert_eq!(items("- subject\n\n- one\n  more\n-two\n\n- not taken\n"), ["subject", "one more", "two"]);
        assert_eq!(items("subj\n\n...ect\nline\n- one\n\nx"), ["subj ect line", "one"]);
        assert_eq!(items("subj\n\n… ect\n\n- not taken"), ["subj ect"]);
        assert_eq!(items("subj\n\n..ect"), ["subj"]);
    }

    #[test]
    fn percent_signs_are_doubled_and_nothing_is_one_empty_item() {
        assert_eq!(items("%if 100%"), ["%%if 100%%"]);
        assert_eq!(items(""), [""]);
        assert_eq!(items("-\n\n- a\n"), ["", "a"]);
        assert_eq!(items("-\n- a\n"), ["", "a"]);
    }
}
