//! The spec: its text, the tree over it, and what can be asked of it.

use std::ops::Range;

use crate::conditional::Conditionals;
use crate::line::{Line, LineKind, scan};
use crate::section::{Section, SectionId, SectionName, divide};
use crate::tag::{self, Tag};

/// A spec file. See the crate documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    pub(crate) text: Vec<u8>,
    pub(crate) lines: Vec<Line>,
    pub(crate) sections: Vec<Section>,
    pub(crate) conditionals: Conditionals,
}

impl Spec {
    /// Reads a spec. Every input is a spec; nothing is refused.
    pub fn parse(text: impl Into<Vec<u8>>) -> Self {
        let text = text.into();
        let lines = scan(&text);
        let sections = divide(&text, &lines);
        let conditionals = Conditionals::find(&lines);
        Self { text, lines, sections, conditionals }
    }

    /// Returns the text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// Returns the text, consuming the tree.
    pub fn into_bytes(self) -> Vec<u8> {
        self.text
    }

    /// Returns the physical lines.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Returns the sections in order; the first one is the preamble.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Returns the sections with this name and package, in order. Several may match, one per `%if` branch.
    pub fn find_sections<'a>(&'a self, id: &'a SectionId) -> impl Iterator<Item = &'a Section> {
        self.sections.iter().filter(move |section| section.id == *id)
    }

    /// Returns whether the spec has a section of this name, in any package.
    pub fn has_section(&self, name: SectionName) -> bool {
        self.sections.iter().any(|section| section.id.name == name)
    }

    /// Returns the bytes of one line without its terminator.
    pub fn line(&self, index: usize) -> &[u8] {
        &self.text[self.lines[index].content.clone()]
    }

    /// Returns whether a line stands in an `%if` block.
    pub fn is_conditional(&self, line: usize) -> bool {
        self.conditionals.before(line).is_some()
    }

    /// Returns the tags of the preamble and of every `%package`, in order.
    pub fn tags(&self) -> impl Iterator<Item = Tag> {
        self.tag_sections().flat_map(|section| self.tags_of(section))
    }

    /// Returns the value of the first tag with this name in the preamble, macros unexpanded.
    pub fn preamble_value(&self, name: &str) -> Option<String> {
        self.tags_of(&self.sections[0]).find(|tag| tag.is(name)).map(|tag| tag.value)
    }

    pub(crate) fn tag_sections(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(|section| section.id.name.holds_tags())
    }

    /// Returns the sections that hold the tags of one package: the preamble for `None`.
    pub(crate) fn tag_sections_of(&self, package: Option<&str>) -> impl Iterator<Item = &Section> {
        self.tag_sections().filter(move |section| section.id.package.as_deref() == package)
    }

    pub(crate) fn tags_of<'a>(&'a self, section: &'a Section) -> impl Iterator<Item = Tag> + 'a {
        section.body.clone().filter(|&line| self.lines[line].kind == LineKind::Text).filter_map(move |line| {
            let lines = self.logical(line);
            let content = self.lines[line].content.start..self.lines[lines.end - 1].content.end;
            tag::parse(&self.text[content], lines)
        })
    }

    /// Returns a line with the macro body it begins.
    pub(crate) fn logical(&self, line: usize) -> Range<usize> {
        let body = self.lines[line + 1..].iter().take_while(|line| line.kind == LineKind::Body).count();
        line..line + 1 + body
    }

    /// Returns the first lines of all logical lines.
    pub(crate) fn logical_lines(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.lines.len()).filter(|&line| self.lines[line].kind != LineKind::Body)
    }

    /// Returns the text of a line with the macro body it begins, without the last terminator.
    pub(crate) fn logical_text(&self, line: usize) -> &[u8] {
        let lines = self.logical(line);
        &self.text[self.lines[line].content.start..self.lines[lines.end - 1].content.end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_of_one_name_in_two_branches_are_both_found() {
        let spec = Spec::parse("Name: x\n%if a\n%files\n/a\n%else\n%Files\n/b\n%endif\n");
        let id = SectionId { name: SectionName::parse("%files").expect("a known name"), package: None };
        assert_eq!(spec.find_sections(&id).map(Section::lines).collect::<Vec<_>>(), [2..5, 5..8]);
    }

    #[test]
    fn tags_of_all_packages_are_listed_in_order() {
        let spec = Spec::parse("Name: x\n#Epoch: 1\n%package devel\nSummary: s\n%prep\nNot: a tag\n");
        assert_eq!(spec.tags().map(|tag| tag.name).collect::<Vec<_>>(), ["Name", "Summary"]);
        assert_eq!(spec.preamble_value("NAME").as_deref(), Some("x"));
    }

    #[test]
    fn tag_value_over_several_lines_is_one_tag() {
        let spec = Spec::parse("Requires: %{expand:\na\n}\nName: x\n");
        let tags: Vec<_> = spec.tags().collect();
        assert_eq!((tags[0].lines.clone(), tags[1].lines.clone()), (0..3, 3..4));
    }
}
