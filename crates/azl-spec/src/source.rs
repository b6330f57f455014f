//! What a spec names as source or patch.

use std::ops::Range;

use crate::line::LineKind;
use crate::section::SectionName;
use crate::spec::Spec;
use crate::tag::Tag;

/// Source or patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// `Source`, `SourceN` or a line of `%sourcelist`.
    Source,
    /// `Patch`, `PatchN` or a line of `%patchlist`.
    Patch,
}

/// One source or patch as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRef {
    /// Which of the two.
    pub kind: SourceKind,
    /// Lines that name it.
    pub lines: Range<usize>,
    /// Value as written, macros unexpanded.
    pub value: String,
}

impl SourceRef {
    /// Returns the file name: behind the last `/`, as rpm takes it (also of a `#/name` fragment).
    pub fn file_name(&self) -> &str {
        self.value.rsplit('/').next().unwrap_or(&self.value)
    }
}

impl Spec {
    /// Returns all sources and patches in order, those in every `%if` branch included.
    pub fn sources(&self) -> Vec<SourceRef> {
        let mut found: Vec<_> = self.tags().filter_map(of_tag).collect();
        found.extend(self.listed(SectionName::SOURCELIST, SourceKind::Source));
        found.extend(self.listed(SectionName::PATCHLIST, SourceKind::Patch));
        found.sort_by_key(|source| source.lines.start);
        found
    }

    /// Returns the file names after `%include`, macros unexpanded.
    pub fn includes(&self) -> Vec<String> {
        let texts = (0..self.lines.len()).filter(|&line| self.lines[line].kind == LineKind::Text);
        let includes = texts.filter_map(|line| self.line(line).trim_ascii_start().strip_prefix(b"%include"));
        let named = includes.filter(|rest| rest.first().is_some_and(u8::is_ascii_whitespace));
        named.map(|rest| String::from_utf8_lossy(rest.trim_ascii()).into_owned()).collect()
    }

    /// Returns the number rpm would give no patch yet: one more than the highest.
    ///
    /// Counts as rpm does (`addSource` of `build/parsePreamble.c`): a bare `Patch:` follows the one before it.
    /// A number written as a macro is not seen.
    pub fn next_patch_number(&self) -> u32 {
        let mut last: Option<u32> = None;
        let mut highest: Option<u32> = None;
        for tag in self.tags().filter(|tag| is_kind(tag, SourceKind::Patch)) {
            let number = tag.number().unwrap_or_else(|| last.map_or(0, |last| last.saturating_add(1)));
            last = Some(number);
            highest = highest.max(last);
        }
        highest.map_or(0, |highest| highest.saturating_add(1))
    }

    fn listed(&self, name: SectionName, kind: SourceKind) -> impl Iterator<Item = SourceRef> {
        let sections = self.sections.iter().filter(move |section| section.id.name == name);
        let lines = sections.flat_map(|section| section.body.clone());
        lines.filter(|&line| self.lines[line].kind == LineKind::Text).map(move |line| SourceRef {
            kind,
            lines: self.logical(line),
            value: String::from_utf8_lossy(self.line(line).trim_ascii()).into_owned(),
        })
    }
}

fn of_tag(tag: Tag) -> Option<SourceRef> {
    let kind = [SourceKind::Source, SourceKind::Patch].into_iter().find(|&kind| is_kind(&tag, kind))?;
    Some(SourceRef { kind, lines: tag.lines, value: tag.value })
}

fn is_kind(tag: &Tag, kind: SourceKind) -> bool {
    let family = match kind {
        SourceKind::Source => "source",
        SourceKind::Patch => "patch",
    };
    tag.qualifier.is_empty() && tag.is_of_family(family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patch_numbers_follow_rpm_in_mixed_specs() {
        let next = |text: &str| Spec::parse(text).next_patch_number();
        assert_eq!(next("Name: x\n"), 0);
        assert_eq!(next("Patch: a\nPatch: b\n"), 2);
        assert_eq!(next("Patch0: a\nPatch: b\nPatch: c\n"), 3);
        assert_eq!(next("Patch100: a\nPatch2: b\n%{?x:Patch: c}\n"), 101);
    }

    #[test]
    fn sources_and_patches_come_from_tags_and_lists() {
        let spec = Spec::parse("Source0: https://x/a.tar.xz\nPatch: b\n%patchlist\n# no\nc\n%prep\nSource9: no\n");
        let names: Vec<_> = spec.sources().iter().map(|source| source.file_name().to_owned()).collect();
        assert_eq!(names, ["a.tar.xz", "b", "c"]);
    }

    #[test]
    fn includes_are_found_in_any_section() {
        assert_eq!(Spec::parse("%prep\n%include %{SOURCE1}\n%included\n").includes(), ["%{SOURCE1}"]);
    }
}
