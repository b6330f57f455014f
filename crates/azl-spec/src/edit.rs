//! Edits in field terms, all of them replacements of byte ranges.
//!
//! New lines take the line ending of the file's first line.

use std::ops::Range;

use crate::definition::check_closed;
use crate::error::EditError;
use crate::line::LineKind;
use crate::section::{Section, SectionId};
use crate::spec::Spec;
use crate::tag::{Tag, family};

pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether section headers are among the lines to be rewritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Headers {
    /// They are.
    Included,
    /// Only the lines below them.
    Excluded,
}

/// Replaces a range of the text.
pub(crate) struct Replacement {
    pub(crate) range: Range<usize>,
    pub(crate) with: Vec<u8>,
}

impl Spec {
    /// Adds a tag at the end of a package's tags, under no condition of its own.
    pub fn add_tag(&mut self, package: Option<&str>, name: &str, value: &str) -> Result<(), EditError> {
        check_closed(value)?;
        let place = self.end_of(self.tag_section(package)?);
        self.insert(place, &[tag_line(name, value)]);
        Ok(())
    }

    /// Adds a tag behind the last one of its name, else of its family (`Source9` behind the last `SourceN`), else
    /// behind the last tag, else at the end of the package's tags.
    pub fn insert_tag(&mut self, package: Option<&str>, name: &str, value: &str) -> Result<(), EditError> {
        check_closed(value)?;
        let section = self.tag_section(package)?;
        let tags: Vec<Tag> = self.tags_of(section).collect();
        let of_family = |tag: &&Tag| !tag.inline && tag.is_of_family(family(name.split('(').next().unwrap_or(name)));
        let last = tags.iter().rfind(|tag| tag.is(name)).or(tags.iter().rfind(of_family)).or(tags.last());
        let place = last.map_or_else(|| self.end_of(section), |tag| self.after_tag(section, tag));
        self.insert(place, &[tag_line(name, value)]);
        Ok(())
    }

    /// Gives every tag of this name in the package a new value and returns how many there are.
    pub fn update_tag(&mut self, package: Option<&str>, name: &str, value: &str) -> Result<usize, EditError> {
        check_closed(value)?;
        let tags = self.tags_named(package, name, |_| true)?;
        let replacements = tags
            .iter()
            .map(|tag| Replacement { range: self.content_of(&tag.lines), with: tag_line(name, value).into_bytes() });
        self.replace(replacements.collect());
        Ok(tags.len())
    }

    /// Removes every tag of this name, and value if given (in any case), from the package; returns how many.
    pub fn remove_tag(&mut self, package: Option<&str>, name: &str, value: Option<&str>) -> Result<usize, EditError> {
        let matches = |tag: &Tag| value.is_none_or(|value| tag.value.to_lowercase() == value.to_lowercase());
        let tags = self.tags_named(package, name, matches).map_err(|error| match error {
            EditError::NoTag { tag, .. } => EditError::NoTag { tag, value: value.map(str::to_owned) },
            other => other,
        })?;
        self.remove_lines(tags.iter().map(|tag| tag.lines.clone()).collect());
        Ok(tags.len())
    }

    /// Returns whether the package has a tag of this name.
    pub fn has_tag(&self, package: Option<&str>, name: &str) -> bool {
        self.tags_named(package, name, |_| true).is_ok()
    }

    /// Puts lines at the very top (behind a byte order mark).
    pub fn prepend_lines(&mut self, lines: &[String]) {
        self.insert(0, lines);
    }

    /// Puts lines at the very end, whatever section that is.
    pub fn append_lines(&mut self, lines: &[String]) {
        self.insert(self.lines.len(), lines);
    }

    /// Puts lines behind the header of every section that matches.
    pub fn prepend_to_section(&mut self, id: &SectionId, lines: &[String]) -> Result<usize, EditError> {
        self.insert_into(id, lines, |_, section| section.header.end)
    }

    /// Puts lines at the end of every section that matches, under the conditions of its header.
    pub fn append_to_section(&mut self, id: &SectionId, lines: &[String]) -> Result<usize, EditError> {
        self.insert_into(id, lines, Self::end_of)
    }

    /// Rewrites the lines of the sections `wanted` says; returns how many lines changed.
    ///
    /// `rewrite` gets a line without its terminator and returns its new text if it is to change; the text may hold
    /// newlines.
    pub fn rewrite_lines(
        &mut self,
        headers: Headers,
        wanted: impl Fn(&SectionId) -> bool,
        mut rewrite: impl FnMut(&[u8]) -> Option<Vec<u8>>,
    ) -> usize {
        let lines = self.sections.iter().filter(|section| wanted(&section.id)).flat_map(|section| match headers {
            Headers::Included => section.lines(),
            Headers::Excluded => section.body.clone(),
        });
        let replacements: Vec<_> = lines
            .filter_map(|line| {
                let range = self.lines[line].content.clone();
                let with = self.with_own_newlines(rewrite(&self.text[range.clone()])?);
                (with != self.text[range.clone()]).then_some(Replacement { range, with })
            })
            .collect();
        let changed = replacements.len();
        self.replace(replacements);
        changed
    }

    /// Removes whole lines; the ranges must be in order and apart.
    pub fn remove_lines(&mut self, ranges: Vec<Range<usize>>) {
        let replacements = ranges.into_iter().filter(|lines| !lines.is_empty());
        let replacements = replacements.map(|lines| Replacement {
            range: self.lines[lines.start].range.start..self.lines[lines.end - 1].range.end,
            with: Vec::new(),
        });
        self.replace(replacements.collect());
    }

    pub(crate) fn tag_section(&self, package: Option<&str>) -> Result<&Section, EditError> {
        self.tag_sections_of(package).next().ok_or_else(|| EditError::NoPackage(package.unwrap_or_default().into()))
    }

    fn tags_named(
        &self,
        package: Option<&str>,
        name: &str,
        matches: impl Fn(&Tag) -> bool,
    ) -> Result<Vec<Tag>, EditError> {
        self.tag_section(package)?;
        let tags = self.tag_sections_of(package).flat_map(|section| self.tags_of(section));
        let tags: Vec<_> = tags.filter(|tag| tag.is(name) && matches(tag)).collect();
        if tags.is_empty() { Err(EditError::NoTag { tag: name.into(), value: None }) } else { Ok(tags) }
    }

    fn insert_into(
        &mut self,
        id: &SectionId,
        lines: &[String],
        place: impl Fn(&Self, &Section) -> usize,
    ) -> Result<usize, EditError> {
        let places: Vec<_> = self.find_sections(id).map(|section| place(self, section)).collect();
        if places.is_empty() {
            return Err(EditError::NoSection(id.clone()));
        }
        let insertions = places.iter().map(|&at| self.insertion(at, lines)).collect();
        self.replace(insertions);
        Ok(places.len())
    }

    pub(crate) fn insert(&mut self, at: usize, lines: &[String]) {
        let insertion = self.insertion(at, lines);
        self.replace(vec![insertion]);
    }

    /// Makes the insertion of whole lines before line `at`, which may be one past the last.
    fn insertion(&self, at: usize, lines: &[String]) -> Replacement {
        let newline = self.newline();
        let mut with = Vec::new();
        let place = match self.lines.get(at) {
            Some(line) if at == 0 && self.text.starts_with(BYTE_ORDER_MARK) => line.range.start + BYTE_ORDER_MARK.len(),
            Some(line) => line.range.start,
            None => self.text.len(),
        };
        if place == self.text.len() && !self.text.is_empty() && !self.text.ends_with(b"\n") {
            with.extend_from_slice(newline);
        }
        for line in lines {
            with.extend(self.with_own_newlines(line.clone().into_bytes()));
            with.extend_from_slice(newline);
        }
        Replacement { range: place..place, with }
    }

    fn newline(&self) -> &'static [u8] {
        let first = self.lines.iter().find(|line| line.kind != LineKind::Body);
        match first.map(|line| line.range.end - line.content.end) {
            Some(2) => b"\r\n",
            _ => b"\n",
        }
    }

    pub(crate) fn with_own_newlines(&self, text: Vec<u8>) -> Vec<u8> {
        if self.newline() == b"\n" || !text.contains(&b'\n') {
            return text;
        }
        let lines: Vec<_> = text.split(|&byte| byte == b'\n').collect();
        lines.join(&b"\r\n"[..])
    }

    pub(crate) fn content_of(&self, lines: &Range<usize>) -> Range<usize> {
        self.lines[lines.start].content.start..self.lines[lines.end - 1].content.end
    }

    /// Makes the replacements, which must be in order and apart, and reads the text anew.
    pub(crate) fn replace(&mut self, replacements: Vec<Replacement>) {
        if replacements.is_empty() {
            return;
        }
        let mut text = Vec::with_capacity(self.text.len() + 256);
        let mut copied = 0;
        for Replacement { range, with } in replacements {
            text.extend_from_slice(&self.text[copied..range.start]);
            text.extend(with);
            copied = range.end;
        }
        text.extend_from_slice(&self.text[copied..]);
        *self = Self::parse(text);
    }
}

fn tag_line(name: &str, value: &str) -> String {
    format!("{name}: {value}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::section::SectionName;

    fn edit(text: &str, change: impl FnOnce(&mut Spec)) -> String {
        let mut spec = Spec::parse(text);
        change(&mut spec);
        String::from_utf8(spec.into_bytes()).expect("the fixtures are UTF-8")
    }

    fn section(name: &str) -> SectionId {
        SectionId { name: SectionName::parse(name).expect("a known name"), package: None }
    }

    #[test]
    fn added_tag_never_falls_under_the_next_sections_condition() {
        let edited = edit("Name: x\n\n%if a\n%package y\n%endif\n", |spec| {
            spec.add_tag(None, "Provides", "z").expect("the preamble is always there");
        });
        assert_eq!(edited, "Name: x\n\nProvides: z\n%if a\n%package y\n%endif\n");
    }

    #[test]
    fn inserted_tag_follows_its_family() {
        let edited = edit("Source0: a\nURL: u\n", |spec| {
            spec.insert_tag(None, "Source1", "b").expect("the preamble is always there");
        });
        assert_eq!(edited, "Source0: a\nSource1: b\nURL: u\n");
    }

    #[test]
    fn update_replaces_every_instance_and_keeps_line_endings() {
        let edited = edit("Name : x\r\nRelease: 1\r\n%if a\r\nRelease: 2\r\n%endif\r\n", |spec| {
            assert_eq!(spec.update_tag(None, "release", "3"), Ok(2));
        });
        assert_eq!(edited, "Name : x\r\nrelease: 3\r\n%if a\r\nrelease: 3\r\n%endif\r\n");
    }

    #[test]
    fn removal_compares_the_whole_value() {
        let edited = edit("Requires: a\nRequires: a-b\n", |spec| {
            assert_eq!(spec.remove_tag(None, "Requires", Some("A")), Ok(1));
            assert!(spec.remove_tag(None, "Requires", Some("zz")).is_err());
        });
        assert_eq!(edited, "Requires: a-b\n");
    }

    #[test]
    fn lines_go_to_top_end_and_every_matching_section() {
        let lines = ["l".to_owned()];
        assert_eq!(edit("a", |spec| spec.append_lines(&lines)), "a\nl\n");
        assert_eq!(edit("\u{feff}a\n", |spec| spec.prepend_lines(&lines)), "\u{feff}l\na\n");
        let edited = edit("%if a\n%files\nx\n%else\n%files\ny\n%endif\n", |spec| {
            assert_eq!(spec.append_to_section(&section("%files"), &lines), Ok(2));
        });
        assert_eq!(edited, "%if a\n%files\nx\nl\n%else\n%files\ny\nl\n%endif\n");
    }

    #[test]
    fn text_that_leaves_a_macro_open_is_refused() {
        let mut spec = Spec::parse("Name: x\n%check\n");
        let open = |text: &str| Err(EditError::OpenMacro(text.into()));
        assert_eq!(spec.add_tag(None, "URL", "%{x"), open("%{x"));
        assert_eq!(spec.update_tag(None, "Name", "%(x"), Err(EditError::OpenMacro("%(x".into())));
    }

    #[test]
    fn rewriting_takes_whole_lines_of_the_wanted_sections() {
        let edited = edit("a\n%files a\na\n", |spec| {
            let wanted = |id: &SectionId| id.package.is_some();
            let rewrite = |line: &[u8]| Some(line.to_ascii_uppercase());
            assert_eq!(spec.rewrite_lines(Headers::Included, wanted, rewrite), 2);
        });
        assert_eq!(edited, "a\n%FILES A\nA\n");
    }
}
