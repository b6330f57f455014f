//! Wishes in commit messages: lines such as `[skip changelog]` and `[bump release: 3]`.

use crate::message::strip;

/// What a message asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Magic {
    /// The commit has no entry.
    pub(crate) skip_changelog: bool,
    /// The least release number; 0 if none is asked for.
    pub(crate) bump_release: i64,
}

impl Magic {
    /// Reads the lines that are nothing but `[wish, wish]`. Text behind a known wish is passed over.
    pub(crate) fn read(message: &str) -> Self {
        let lines = message.split('\n').map(strip);
        let wishes = lines.filter_map(|line| line.strip_prefix('[')?.strip_suffix(']')).flat_map(|all| all.split(','));
        wishes.fold(Self::default(), |magic, wish| Self {
            skip_changelog: magic.skip_changelog || words(wish, ["skip", "changelog"]).is_some(),
            bump_release: magic.bump_release.max(bump(wish).unwrap_or(0)),
        })
    }
}

/// Returns what follows two words that have blanks between them.
fn words<'a>(text: &'a str, [first, second]: [&str; 2]) -> Option<&'a str> {
    let rest = strip(text).strip_prefix(first)?;
    let trimmed = strip(rest);
    if trimmed.len() == rest.len() { None } else { trimmed.strip_prefix(second) }
}

fn bump(wish: &str) -> Option<i64> {
    let rest = words(wish, ["bump", "release"])?;
    let rest = strip(rest);
    let number = strip(rest.strip_prefix(':').unwrap_or(rest));
    let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    // Nobody means a number this large; it must only not overflow what is added to it.
    (end > 0).then(|| number[..end].parse().map_or(i64::from(u32::MAX), |value: i64| value.min(i64::from(u32::MAX))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_read_from_lines_of_their_own() {
        let read = |message| {
            let magic = Magic::read(message);
            (magic.skip_changelog, magic.bump_release)
        };
        assert_eq!(read("a\n\n[skip changelog]\n"), (true, 0));
        assert_eq!(read("a\n  [ bump  release : 12 , skip\tchangelog please]"), (true, 12));
        assert_eq!(read("[bump release 3]\n[bump release:7]"), (false, 7));
        assert_eq!(read("[bumprelease: 3]"), (false, 0));
        assert_eq!(read("x [skip changelog]\n[skipchangelog]\n[bump release: x]"), (false, 0));
        assert_eq!(read("[bump release: 99999999999999999999]").1, i64::from(u32::MAX));
    }
}
