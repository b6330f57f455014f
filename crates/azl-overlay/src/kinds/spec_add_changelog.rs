//! `spec-add-changelog`: puts an entry at the top of `%changelog`.
//!
//! The entry is `* Thu Jan 22 2026 author - evr` with the right weekday, then one `- ` item for each of `lines`; an
//! item over several lines is indented. `%` is doubled: nothing in an entry is a macro. A date that does not exist, or
//! that is before the newest entry's, is refused. `expect` counts the `%changelog` sections, usually 1.

use azl_diagnostics::Diagnostic;
use azl_spec::ChangelogEntry;
use serde::Deserialize;
use toml::Spanned;

use super::Behaviour;
use crate::site::Site;
use crate::sources::Sources;
use crate::values::{Day, OneLine, SpecText};

/// Adds a changelog entry.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpecAddChangelog {
    /// Name and address, e.g. `A. Packager <a@example.org>`.
    #[schemars(with = "OneLine")]
    author: Spanned<OneLine>,
    /// Day, `YYYY-MM-DD`.
    #[schemars(with = "Day")]
    date: Spanned<Day>,
    /// What changed, an item each.
    lines: Vec<SpecText>,
    /// Version with release that has the change first, e.g. `1.2-3`.
    #[schemars(with = "Option<OneLine>")]
    evr: Option<Spanned<OneLine>>,
}

impl Behaviour for SpecAddChangelog {
    fn contradiction(&self) -> Option<String> {
        let blank = |text: &str| text.trim().is_empty();
        if blank(self.author.get_ref().as_str()) {
            return Some("`author` is empty".to_owned());
        }
        let empty = self.lines.is_empty() || self.lines.iter().any(|line| blank(line.as_str()));
        empty.then(|| "`lines` has no item, or an empty one".to_owned())
    }

    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let items: Vec<_> = self.lines.iter().map(|line| line.as_str().to_owned()).collect();
        let entry = ChangelogEntry {
            date: self.date.get_ref().0,
            author: self.author.get_ref().as_str().trim(),
            evr: self.evr.as_ref().map(|evr| evr.get_ref().as_str()),
            items: &items,
        };
        sources.spec.add_changelog_entry(&entry).map_err(|error| site.edit(&error))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, refused};

    const TOML: &str =
        "type = 'spec-add-changelog'\nauthor = 'A <a@b>'\ndate = '2026-01-22'\nlines = ['x: 100%', '- y']\n";

    #[test]
    fn entry_opens_the_changelog() {
        let old = "* Wed Jan 21 2026 B <b@c> - 1-1\n- z\n";
        let new = "* Thu Jan 22 2026 A <a@b> - 1-2\n- x: 100%%\n- y\n";
        let toml = format!("{TOML}evr = '1-2'\n");
        check(&toml, &format!("Name: x\n%changelog\n{old}"), &format!("Name: x\n%changelog\n{new}\n{old}"));
    }

    #[test]
    fn bad_dates_empty_items_and_a_missing_section_are_refused() {
        let bad = TOML.replace("2026-01-22", "2026-02-30");
        refused(&bad, "%changelog\n", &["no such day, as `YYYY-MM-DD`: `2026-02-30`", "o/x.comp.toml:3:8"]);
        refused(TOML, "%changelog\n* Fri Jan 23 2026 B - 1\n", &["overlay-refused", "a later entry at line 2"]);
        refused(TOML, "Name: x\n", &["overlay-no-match", "no section `%changelog`"]);
        refused(&TOML.replace("- y", " "), "%changelog\n", &["`lines` has no item, or an empty one"]);
    }
}
