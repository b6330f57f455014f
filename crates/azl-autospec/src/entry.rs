//! A changelog entry of our own, put above what is there.

use azl_diagnostics::Diagnostic;
use azl_spec::{Date, SectionId, SectionName, Spec};

use crate::check;
use crate::reach::Reach;
use crate::wrap::fill;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The author's name.
    pub author: String,
    /// The author's address.
    pub email: String,
    /// When, in seconds since 1970; the entry has the day in UTC.
    pub time: i64,
    /// `[epoch:]version-release`, without `dist`.
    pub evr: String,
    /// What was done, one item each; `%` is doubled when written.
    pub items: Vec<String>,
}

/// Puts an entry at the top of the `%changelog`; a spec without one gets it at its end.
pub fn add_entry(spec: &Spec, file: &str, entry: &Entry) -> Result<Spec, Diagnostic> {
    let found = check::entries(spec);
    let header = (0..spec.lines().len()).find(|&line| is_changelog(spec, line));
    let at = header.map_or(0..0, |line| spec.lines()[line].content.clone());
    check_entry(entry, found.first().and_then(|(_, text)| Date::read(text))).map_err(|why| why.at(file, at.clone()))?;
    if (0..spec.lines().len()).any(|line| is_autochangelog(spec.line(line))) {
        let why = Diagnostic::error("changelog-automatic", "`%autochangelog` writes this changelog from the history");
        return Err(why.hint("leave the entry to the commit message").at(file, at));
    }
    let mut lines = write(entry);
    let mut spec = spec.clone();
    if header.is_none() {
        lines.splice(0..0, [String::new(), "%changelog".to_owned()]);
        spec.append_lines(&lines);
        return Ok(spec);
    }
    if !found.is_empty() {
        lines.push(String::new());
    }
    let id = SectionId { name: changelog(), package: None };
    spec.prepend_to_section(&id, &lines).map_err(|why| Diagnostic::error("changelog-entry", why.to_string()))?;
    Ok(spec)
}

fn changelog() -> SectionName {
    SectionName::parse("%changelog").unwrap_or(SectionName::PREAMBLE)
}

fn is_changelog(spec: &Spec, line: usize) -> bool {
    spec.sections().iter().any(|section| section.id.name == changelog() && section.header.start == line)
}

fn is_autochangelog(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    [&b"%autochangelog"[..], b"%{autochangelog}", b"%{?autochangelog}"].iter().any(|call| line.starts_with(call))
}

fn write(entry: &Entry) -> Vec<String> {
    let Entry { author, email, evr, .. } = entry;
    let mut lines = vec![format!("* {} {author} <{email}> - {evr}", Date::of_seconds(entry.time))];
    for item in &entry.items {
        lines.extend(fill(&format!("- {}", item.trim().replace('%', "%%"))).lines().map(str::to_owned));
    }
    lines
}

fn check_entry(entry: &Entry, newest: Option<Date>) -> Result<(), Diagnostic> {
    let wrong = |message: String| Err(Diagnostic::error("changelog-entry", message));
    let day = Date::of_seconds(entry.time);
    if Reach::of(day) == Reach::Impossible {
        return wrong("the day is before 1970 or behind 2106, which no package holds".into());
    }
    if let Some(newest) = newest.filter(|newest| *newest > day) {
        return wrong(format!("the day {day} is before that of the newest entry, {newest}"));
    }
    let breaks_out = |text: &String| text.contains(|c: char| c.is_control() || c == '<' || c == '>' || c == '%');
    if let Some(text) = [&entry.author, &entry.email].into_iter().find(|text| breaks_out(text) || text.is_empty()) {
        return wrong(format!("the author {text:?} cannot stand in a changelog"));
    }
    if !is_evr(&entry.evr) {
        return wrong(format!("{:?} is not `version-release`", entry.evr));
    }
    if entry.items.is_empty() || entry.items.iter().any(|item| item.trim().is_empty() || item.contains('\0')) {
        return wrong("the entry says nothing, or has an item that says nothing".into());
    }
    Ok(())
}

fn is_evr(text: &str) -> bool {
    let (epoch, rest) = text.split_once(':').unwrap_or(("0", text));
    let part = |text: &str| {
        let known = |c: char| c.is_ascii_alphanumeric() || "._+~^".contains(c);
        !text.is_empty() && text.chars().all(known) && !text.contains("..")
    };
    epoch.parse::<u32>().is_ok()
        && rest.split_once('-').is_some_and(|(version, release)| part(version) && part(release))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            author: "Jane Doe".into(),
            email: "jane@example.org".into(),
            time: 1_771_891_200,
            evr: "1:2.0-3".into(),
            items: vec!["Use %global".into()],
        }
    }

    fn add(text: &str, entry: &Entry) -> Result<String, Diagnostic> {
        let spec = add_entry(&Spec::parse(text), "x.spec", entry)?;
        Ok(String::from_utf8(spec.into_bytes()).expect("the fixtures are UTF-8"))
    }

    const WRITTEN: &str = "* Tue Feb 24 2026 Jane Doe <jane@example.org> - 1:2.0-3\n- Use %%global\n";

    #[test]
    fn entry_goes_above_the_others_or_makes_the_section() {
        let old = "* Mon Feb 23 2026 a <b> - 1-1\n- x\n";
        assert_eq!(
            add(&format!("Name: x\n%changelog\n{old}"), &entry()),
            Ok(format!("Name: x\n%changelog\n{WRITTEN}\n{old}"))
        );
        assert_eq!(add("Name: x\n%changelog\n", &entry()), Ok(format!("Name: x\n%changelog\n{WRITTEN}")));
        assert_eq!(add("Name: x", &entry()), Ok(format!("Name: x\n\n%changelog\n{WRITTEN}")));
    }

    #[test]
    fn versions_and_releases_with_other_characters_are_refused() {
        for evr in ["1/2-1", "1-1/2", "1\n-1", "-1-1", "1-", "1", "1-1-1", "1..2-1", "1%-1", "x:1-1", "1\0-1", ""] {
            assert!(add("", &Entry { evr: evr.into(), ..entry() }).is_err(), "{evr:?}");
        }
    }

    #[test]
    fn authors_days_and_items_that_break_the_changelog_are_refused() {
        for author in ["a\n* b", "", "a <b", "%x"] {
            assert!(add("", &Entry { author: author.into(), ..entry() }).is_err(), "{author:?}");
        }
        for time in [-1, 1 << 33, i64::MIN, i64::MAX] {
            assert!(add("", &Entry { time, ..entry() }).is_err(), "{time}");
        }
        assert!(add("", &Entry { items: vec![" ".into()], ..entry() }).is_err());
        assert!(add("%changelog\n* Wed Feb 25 2026 a <b> - 1-1\n", &entry()).is_err());
        assert!(add("%changelog\n%autochangelog\n", &entry()).is_err());
    }

    #[test]
    fn item_over_several_lines_is_one_item() {
        let written = add("", &Entry { items: vec!["a\n* b\n%files".into()], ..entry() }).expect("it is allowed");
        assert!(written.ends_with("\n- a * b %%files\n"));
    }
}
