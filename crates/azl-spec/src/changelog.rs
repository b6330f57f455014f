//! New entries of `%changelog`.

use crate::date::Date;
use crate::error::EditError;
use crate::section::{SectionId, SectionName};
use crate::spec::Spec;

/// One entry of a changelog, with text as it is to be read: `%` stands for itself.
#[derive(Debug, Clone, Copy)]
pub struct ChangelogEntry<'a> {
    /// Day of the change.
    pub date: Date,
    /// Name and address: `A. Packager <a@example.org>`.
    pub author: &'a str,
    /// Version that has the change first, `1.2-3`; not written if absent.
    pub evr: Option<&'a str>,
    /// What changed; each item may take several lines.
    pub items: &'a [String],
}

impl ChangelogEntry<'_> {
    /// Returns the lines of the entry.
    fn lines(&self) -> Vec<String> {
        let evr = self.evr.map(|evr| format!(" - {evr}")).unwrap_or_default();
        let mut lines = vec![format!("* {} {}{evr}", self.date, self.author)];
        for item in self.items {
            let item = item.strip_prefix("- ").unwrap_or(item);
            for (index, line) in item.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate() {
                lines.push(format!("{} {line}", if index == 0 { "-" } else { " " }));
            }
        }
        lines.iter().map(|line| line.replace('%', "%%")).collect()
    }
}

impl Spec {
    /// Puts an entry at the top of every `%changelog`; returns how many there are.
    ///
    /// # Errors
    /// If there is no `%changelog`, or its first entry is later: rpm wants them in order.
    pub fn add_changelog_entry(&mut self, entry: &ChangelogEntry<'_>) -> Result<usize, EditError> {
        let id = SectionId { name: SectionName::CHANGELOG, package: None };
        for section in self.find_sections(&id) {
            let first = section.body.clone().find_map(|line| Some((line, Date::of_entry(self.line(line))?)));
            if let Some((line, _)) = first.filter(|(_, date)| *date > entry.date) {
                return Err(EditError::LaterEntry { line: line + 1 });
            }
        }
        let mut lines = entry.lines();
        if self.find_sections(&id).any(|section| !section.body.is_empty()) {
            lines.push(String::new());
        }
        self.prepend_to_section(&id, &lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(text: &str, items: &[&str]) -> Result<String, EditError> {
        let items: Vec<String> = items.iter().map(|&item| item.to_owned()).collect();
        let date = Date::parse("2026-01-22").expect("a date that exists");
        let entry = ChangelogEntry { date, author: "A <a@b>", evr: Some("1-2"), items: &items };
        let mut spec = Spec::parse(text);
        spec.add_changelog_entry(&entry)?;
        Ok(String::from_utf8(spec.into_bytes()).expect("the fixtures are UTF-8"))
    }

    #[test]
    fn entry_goes_to_the_top() {
        let text = "%changelog\n* Wed Jan 21 2026 B <b@c> - 1-1\n- x\n";
        let entry = "* Thu Jan 22 2026 A <a@b> - 1-2\n- y\n  z\n- 100%% %%{x}\n";
        let expected = format!("%changelog\n{entry}\n* Wed Jan 21 2026 B <b@c> - 1-1\n- x\n");
        assert_eq!(added(text, &["y\n\nz", "- 100% %{x}"]), Ok(expected));
        assert_eq!(added("%changelog\n", &["y"]), Ok("%changelog\n* Thu Jan 22 2026 A <a@b> - 1-2\n- y\n".into()));
    }

    #[test]
    fn entry_before_a_later_one_is_refused() {
        let text = "%changelog\n\n* Fri Jan 23 2026 B <b@c> - 1-1\n";
        assert_eq!(added(text, &["y"]), Err(EditError::LaterEntry { line: 3 }));
        assert!(matches!(added("Name: x\n", &["y"]), Err(EditError::NoSection(_))));
    }
}
