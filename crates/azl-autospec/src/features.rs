//! Which lines of a spec rpmautospec looks at. It reads lines, not sections, and so does this.

use crate::message::is_blank;

/// What was found. Lines start at 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Features {
    /// Whether `%autorelease` is called before the changelog.
    pub(crate) autorelease: bool,
    /// The first `%changelog`.
    pub(crate) changelog: Option<usize>,
    /// The first line that begins with `%autochangelog`.
    pub(crate) autochangelog: Option<usize>,
    /// Whether a line defines `%autorelease`: nothing is done to such a spec.
    pub(crate) defines_autorelease: bool,
}

impl Features {
    /// Looks at the lines of a spec, with their newlines.
    pub(crate) fn find(lines: &[&[u8]]) -> Self {
        let mut found = Self::default();
        for (index, line) in lines.iter().enumerate() {
            let line = String::from_utf8_lossy(line);
            let line = line.strip_suffix('\n').unwrap_or(&line);
            if found.changelog.is_none() {
                found.autorelease |= calls_autorelease(line);
                found.changelog = is_changelog(line).then_some(index);
            }
            found.autochangelog = found.autochangelog.or(is_autochangelog(line).then_some(index));
            found.defines_autorelease |= defines_autorelease(line);
        }
        found
    }

    /// Returns whether the changelog is to be written: asked for, or not there at all.
    pub(crate) fn needs_changelog(&self) -> bool {
        self.autochangelog.is_some() || self.changelog.is_none()
    }
}

fn calls_autorelease(line: &str) -> bool {
    line.match_indices('%').any(|(at, _)| {
        let call = &line[at + 1..];
        let Some(inside) = call.strip_prefix('{') else {
            return call.strip_prefix("autorelease").is_some_and(|rest| rest.is_empty() || rest.starts_with(is_blank));
        };
        let rest = inside.strip_prefix('?').unwrap_or(inside).strip_prefix("autorelease");
        rest.is_some_and(|rest| rest.starts_with('}') || rest.starts_with(is_blank) && rest.contains('}'))
    })
}

fn is_changelog(line: &str) -> bool {
    const HEADER: &str = "%changelog";
    let name = line.get(..HEADER.len());
    name.is_some_and(|name| name.eq_ignore_ascii_case(HEADER))
        && line[HEADER.len()..].chars().next().is_none_or(is_blank)
}

fn is_autochangelog(line: &str) -> bool {
    let line = line.trim_start_matches(is_blank);
    ["%autochangelog", "%{autochangelog}", "%{?autochangelog}"].iter().any(|call| line.starts_with(call))
}

fn defines_autorelease(line: &str) -> bool {
    let mut words = line.trim_start_matches(is_blank).strip_prefix("%define").into_iter();
    words.any(|rest| {
        let name = rest.trim_start_matches(is_blank);
        let behind = name.strip_prefix("autorelease").map(|rest| rest.trim_start_matches(is_blank));
        name.len() < rest.len() && behind.is_some_and(|rest| rest.starts_with('('))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str) -> Features {
        Features::find(&text.as_bytes().split_inclusive(|&byte| byte == b'\n').collect::<Vec<_>>())
    }

    #[test]
    fn calls_count_only_before_the_changelog() {
        for call in ["Release: %autorelease", "%{autorelease -b 3}", "#%{?autorelease}", "x%autorelease -p"] {
            assert!(find(call).autorelease, "{call}");
            assert!(!find(&format!("%changelog\n{call}\n")).autorelease, "{call}");
        }
        for text in ["%autoreleases", "%{autorelease", "%{!?autorelease:1}", "autorelease"] {
            assert!(!find(text).autorelease, "{text}");
        }
    }

    #[test]
    fn changelog_lines_are_found() {
        let found = find("%Changelog x\n %{?autochangelog}x\n");
        assert_eq!((found.changelog, found.autochangelog), (Some(0), Some(1)));
        assert_eq!(find(" %changelog\n%changelogs\n%description").changelog, None);
    }

    #[test]
    fn definition_marks_a_processed_spec() {
        assert!(find(" %define  autorelease (e:)").defines_autorelease);
        assert!(!find("%global autorelease(e:)\n%define autoreleases()").defines_autorelease);
    }
}
