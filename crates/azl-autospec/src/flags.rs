//! The options of `%autorelease`: `-b` base number, `-e` extra version, `-s` snapshot, `-p` prerelease, `-n` no dist.
//!
//! While a version is read, `%autorelease` expands to a marker that spells its options; a release that is exactly one
//! marker has those options, any other release has none. So does rpmautospec, and an option's value with a `_` in it
//! spoils its marker as well.

use std::fmt::Write;

/// What the options of `%autorelease` say about the text of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flags {
    /// `-b`: the number of the first release.
    pub base: i64,
    /// `-p`: releases begin with `0.`.
    pub prerelease: Prerelease,
    /// `-e` and `-s`, those that are given and not empty, in this order.
    pub tags: Vec<String>,
}

/// Whether a release is before the version it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prerelease {
    /// No `-p`.
    No,
    /// `-p`.
    Yes,
}

impl Default for Flags {
    fn default() -> Self {
        Self { base: 1, prerelease: Prerelease::No, tags: Vec::new() }
    }
}

impl Flags {
    /// Returns the release with this number, without `dist`.
    pub(crate) fn complete(&self, number: i64) -> String {
        let before = if self.prerelease == Prerelease::Yes { "0." } else { "" };
        let mut text = format!("{before}{}", number.saturating_add(self.base - 1));
        for tag in &self.tags {
            // Writing to a string cannot fail.
            let _ = write!(text, ".{tag}");
        }
        text
    }

    /// Reads a release: the options if it is one marker, else none.
    pub(crate) fn of_release(release: &str) -> Self {
        read_marker(release).unwrap_or_default()
    }
}

/// Returns the marker of a call with these arguments, or the option that does not exist or has no value.
pub(crate) fn marker(arguments: &str) -> Result<String, String> {
    let (mut extra, mut snapshot, mut base, mut prerelease) = (String::new(), String::new(), String::new(), 0);
    let mut words = arguments.split_ascii_whitespace();
    while let Some(word) = words.next() {
        let Some(mut options) = word.strip_prefix('-').filter(|options| !options.is_empty()) else {
            // The first word that is no option ends the options.
            break;
        };
        if options == "-" {
            break;
        }
        while let Some(option) = options.chars().next() {
            options = &options[option.len_utf8()..];
            let value = match option {
                'e' => &mut extra,
                's' => &mut snapshot,
                'b' => &mut base,
                'p' | 'n' => {
                    prerelease |= i32::from(option == 'p');
                    continue;
                }
                _ => return Err(format!("-{option}")),
            };
            let attached = std::mem::take(&mut options);
            *value = match attached {
                "" => words.next().ok_or(format!("-{option}"))?.to_owned(),
                attached => attached.to_owned(),
            };
        }
    }
    Ok(format!("E{extra}_S{snapshot}_P{prerelease}_B{base}"))
}

/// Returns whether a release that could not be expanded whole has a marker in it.
pub(crate) fn is_marker(release: &str) -> bool {
    release.starts_with('E') && (release.contains("_P0_B") || release.contains("_P1_B"))
}

fn read_marker(release: &str) -> Option<Flags> {
    let parts: Vec<_> = release.split('_').collect();
    let [extra, snapshot, prerelease, base] = parts[..] else {
        return None;
    };
    let base = base.strip_prefix('B')?;
    let prerelease = match prerelease {
        "P0" => Prerelease::No,
        "P1" => Prerelease::Yes,
        _ => return None,
    };
    let base = if base.is_empty() { 1 } else { u32::try_from(base.parse::<u64>().ok()?).ok()?.into() };
    let tags = [extra.strip_prefix('E')?, snapshot.strip_prefix('S')?];
    let tags = tags.into_iter().filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
    Some(Flags { base, prerelease, tags })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(arguments: &str, number: i64) -> String {
        Flags::of_release(&marker(arguments).expect("the options exist")).complete(number)
    }

    #[test]
    fn options_shape_the_release() {
        assert_eq!(complete("", 3), "3");
        assert_eq!(complete("-b 10", 3), "12");
        assert_eq!(complete("-b10 -p -e rc1 -s 20260101git", 3), "0.12.rc1.20260101git");
        assert_eq!(complete("-pn -e a", 1), "0.1.a");
        assert_eq!(complete("word -p", 1), "1");
        assert_eq!(complete("-b 0", 1), "0");
        assert_eq!(complete("-e a_b -b 5", 1), "1");
    }

    #[test]
    fn unknown_options_and_missing_values_are_named() {
        assert_eq!(marker("-x"), Err("-x".into()));
        assert_eq!(marker("-p -b"), Err("-b".into()));
    }

    #[test]
    fn release_of_more_than_the_call_has_no_options() {
        assert_eq!(Flags::of_release("E_S_P1_B7.1"), Flags::default());
        assert_eq!(Flags::of_release("1.fc43"), Flags::default());
    }
}
