//! Macro functions that are plain work on text: `%{upper:x}`, `%{sub x 1 7}`. All others are unknown here.

/// Applies a function to its expanded argument; `None` for a function that is not known.
pub(crate) fn apply(name: &str, argument: &str) -> Option<String> {
    match name {
        "lower" => Some(argument.to_ascii_lowercase()),
        "upper" => Some(argument.to_ascii_uppercase()),
        "len" => Some(argument.len().to_string()),
        "reverse" => Some(argument.chars().rev().collect()),
        "shrink" => Some(argument.split_ascii_whitespace().collect::<Vec<_>>().join(" ")),
        "basename" => argument.rsplit('/').next().map(str::to_owned),
        "sub" => part(argument),
        _ => None,
    }
}

/// Evaluates the one shell script that needs no shell: `c=WORD; echo ${c:FROM:LENGTH}`, by which many specs shorten a
/// commit.
pub(crate) fn cut_by_shell(script: &str) -> Option<String> {
    let (assignment, echo) = script.split_once(';')?;
    let (name, word) = assignment.trim().split_once('=')?;
    let inside = echo.trim().strip_prefix("echo")?.trim_start().strip_prefix("${")?.strip_suffix('}')?;
    let (from, length) = inside.strip_prefix(name)?.strip_prefix(':')?.split_once(':')?;
    let (from, length): (usize, usize) = (from.parse().ok()?, length.parse().ok()?);
    let is_plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let known = is_plain(word) && is_plain(name) && from <= word.len();
    known.then(|| word[from..word.len().min(from.saturating_add(length))].to_owned())
}

/// Returns characters `from` to `to`, counted from 1, or from the end if negative, as Lua's `string.sub` does.
fn part(argument: &str) -> Option<String> {
    let words: Vec<_> = argument.split_ascii_whitespace().collect();
    let text = words.first().filter(|text| text.is_ascii())?;
    let length = i64::try_from(text.len()).ok()?;
    let place = |index: usize, default: i64| -> Option<i64> {
        let at = words.get(index).map_or(Some(default), |word| word.parse().ok())?;
        Some(if at < 0 { length + at + 1 } else { at })
    };
    let from = place(1, 1)?.max(1);
    let to = place(2, length)?.min(length);
    if from > to {
        return Some(String::new());
    }
    let from = usize::try_from(from - 1).ok()?;
    text.get(from..usize::try_from(to).ok()?).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_script_that_shortens_a_word_is_evaluated() {
        assert_eq!(cut_by_shell("c=abcdef0123; echo ${c:0:7}").as_deref(), Some("abcdef0"));
        assert_eq!(cut_by_shell("c=abc;echo ${c:1:7}").as_deref(), Some("bc"));
        for script in ["c=$(id); echo ${c:0:7}", "c=a; echo ${d:0:7}", "c=a; id; echo ${c:0:7}", "c=a; echo $c", "date"]
        {
            assert_eq!(cut_by_shell(script), None, "{script}");
        }
    }

    #[test]
    fn parts_count_from_one_or_from_the_end() {
        assert_eq!(part("abcdefgh 1 7").as_deref(), Some("abcdefg"));
        assert_eq!(part("abc 0 7").as_deref(), Some("abc"));
        assert_eq!(part("abc -2").as_deref(), Some("bc"));
        assert_eq!(part("abc 3 2").as_deref(), Some(""));
        assert_eq!(part("abc x"), None);
    }
}
