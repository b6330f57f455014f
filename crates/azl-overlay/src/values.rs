//! The values of overlay keys, checked where they are read so that a mistake points at the value.

use std::fmt;

use azl_diagnostics::closest;
use azl_spec::{Date, SectionName, is_dependency_tag};
use globset::{GlobBuilder, GlobMatcher};
use serde::de::{Deserialize, Deserializer, Error};

macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $check:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                $check(&text).map_err(D::Error::custom)?;
                Ok(Self(text))
            }
        }
    };
}

checked_text!(
    /// A tag name such as `Requires` or `Requires(post)`.
    TagName,
    check_tag_name
);
checked_text!(
    /// A text without line breaks.
    OneLine,
    check_one_line
);
checked_text!(
    /// A path below the component's sources; never the spec itself.
    RelativeFile,
    check_relative_file
);
checked_text!(
    /// A file name without directory.
    FileName,
    check_file_name
);

checked_text!(
    /// Text for a spec, of one line or several; newlines become the spec's own line ends.
    SpecText,
    check_spec_text
);
checked_text!(
    /// The name of a macro or a build condition.
    MacroName,
    check_macro_name
);
checked_text!(
    /// The name of a tag that holds dependencies.
    DependencyTag,
    check_dependency_tag
);

fn check_spec_text(text: &str) -> Result<(), String> {
    let bad = text.contains(['\r', '\0']);
    if bad { Err("text for a spec holds no carriage return and no NUL".into()) } else { Ok(()) }
}

fn check_macro_name(text: &str) -> Result<(), String> {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let named = plain && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if named { Ok(()) } else { Err(format!("not a macro name: `{text}`")) }
}

fn check_dependency_tag(text: &str) -> Result<(), String> {
    check_tag_name(text)?;
    if is_dependency_tag(text) { Ok(()) } else { Err(format!("no tag of dependencies: `{text}`")) }
}

fn check_tag_name(text: &str) -> Result<(), String> {
    let name = text.split_once('(').map_or(text, |(name, _)| name);
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric()) && name.starts_with(|c: char| c.is_ascii_alphabetic());
    let qualified = name.len() == text.len() || text.ends_with(')');
    if plain && qualified { Ok(()) } else { Err(format!("not a tag name: `{text}`")) }
}

fn check_one_line(text: &str) -> Result<(), String> {
    if text.contains(['\n', '\r', '\0']) { Err("value must be one line".into()) } else { Ok(()) }
}

fn check_relative_file(text: &str) -> Result<(), String> {
    let parts_are_plain = text.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if !parts_are_plain || text.contains(['\\', '\0']) {
        return Err(format!("not a path below the component's sources: `{text}`"));
    }
    check_not_a_spec(text)
}

fn check_file_name(text: &str) -> Result<(), String> {
    if matches!(text, "" | "." | "..") || text.contains(['/', '\0']) {
        return Err(format!("not a plain file name: `{text}`"));
    }
    check_not_a_spec(text)
}

fn check_not_a_spec(text: &str) -> Result<(), String> {
    if text.ends_with(".spec") { Err(format!("a spec is changed by `spec-` overlays only: `{text}`")) } else { Ok(()) }
}

/// A section named in TOML, e.g. `%files`; rpm takes any case, so does this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionRef(pub SectionName, String);

impl SectionRef {
    /// Returns the name in the case it is written in.
    pub fn as_written(&self) -> &str {
        &self.1
    }
}

impl<'de> Deserialize<'de> for SectionRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let name = SectionName::parse(&text).ok_or_else(|| {
            let meant = closest(&text, SectionName::all()).map(|name| format!(", did you mean `{name}`?"));
            D::Error::custom(format!("no such section: `{text}`{}", meant.unwrap_or_default()))
        })?;
        Ok(Self(name, text))
    }
}

/// A day as TOML text, `2026-01-22`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(pub Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let date = Date::parse(&text).map(Self);
        date.ok_or_else(|| D::Error::custom(format!("no such day, as `YYYY-MM-DD`: `{text}`")))
    }
}

/// A glob over the component's files: `*` stays within a directory, `**` crosses directories.
#[derive(Debug, Clone)]
pub struct FileGlob {
    text: String,
    matcher: GlobMatcher,
}

impl FileGlob {
    /// Compiles a glob.
    pub fn new(text: &str) -> Result<Self, String> {
        let glob = GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build();
        let glob = glob.map_err(|error| format!("invalid glob: {error}"))?;
        Ok(Self { text: text.to_owned(), matcher: glob.compile_matcher() })
    }

    /// Returns whether a path matches; a path spelled exactly like the glob always does.
    pub fn matches(&self, path: &str) -> bool {
        self.text == path || self.matcher.is_match(path)
    }

    /// Returns the glob as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<'de> Deserialize<'de> for FileGlob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.starts_with('/') || text.split('/').any(|part| part == "..") {
            return Err(D::Error::custom(format!("not a path below the component's sources: `{text}`")));
        }
        Self::new(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_keep_to_directories_and_match_their_own_spelling() {
        let matches = |glob: &str, path: &str| FileGlob::new(glob).expect("a valid glob").matches(path);
        assert!(matches("*.patch", "a.patch"));
        assert!(!matches("*.patch", "d/a.patch"));
        assert!(matches("**/a.patch", "a.patch"));
        assert!(matches("**/a.patch", "x/y/a.patch"));
        assert!(matches(r"run-a\x2db.mount", r"run-a\x2db.mount"));
    }

    #[test]
    fn names_that_leave_the_sources_are_refused() {
        for bad in ["../x", "/x", "a//b", "./x", "x.spec", ""] {
            assert!(check_relative_file(bad).is_err(), "{bad}");
        }
        assert!(check_relative_file("d/x.patch").is_ok());
        assert!(check_file_name("d/x").is_err());
        assert!(check_tag_name("Requires(post)").is_ok());
        assert!(check_tag_name("a b").is_err());
    }
}
