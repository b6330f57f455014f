//! Removal of whole sections.
//!
//! **Invariant:** what is left has the same `%if` structure as before; where text would change its owner or lose a
//! macro it uses, the removal is refused.

use std::ops::Range;

use crate::error::EditError;
use crate::line::LineKind;
use crate::macro_call::{calls, defined_name, opens_sections};
use crate::section::{Section, SectionId, SectionName};
use crate::spec::Spec;

impl Spec {
    /// Removes every section with this name and package; returns how many there are.
    ///
    /// Directives behind the section that belong to other sections stay: the `%if` that guards the next one, the
    /// `%endif` of the branch this one is in.
    pub fn remove_section(&mut self, id: &SectionId) -> Result<usize, EditError> {
        let sections: Vec<_> = self.find_sections(id).cloned().collect();
        if sections.is_empty() || id.name == SectionName::PREAMBLE {
            return Err(EditError::NoSection(id.clone()));
        }
        self.remove_sections(&sections)
    }

    /// Removes every section whose header names this package; returns how many there are.
    pub fn remove_subpackage(&mut self, package: &str) -> Result<usize, EditError> {
        let belongs = |section: &&Section| section.id.package.as_deref() == Some(package);
        let sections: Vec<_> = self.sections.iter().filter(belongs).cloned().collect();
        if sections.is_empty() {
            return Err(EditError::NoSubpackage(package.into()));
        }
        self.remove_sections(&sections)
    }

    fn remove_sections(&mut self, sections: &[Section]) -> Result<usize, EditError> {
        let ranges: Vec<_> = sections.iter().map(|section| section.header.start..self.end_of(section)).collect();
        for (section, range) in sections.iter().zip(&ranges) {
            self.check_left_over(section, range.end..section.body.end)?;
            self.check_definitions(section, range, &ranges)?;
        }
        self.remove_lines(ranges);
        Ok(sections.len())
    }

    /// Refuses to leave text of the section behind: only directives, definitions, blanks, comments may stay, and
    /// macros that open sections of their own.
    fn check_left_over(&self, section: &Section, left: Range<usize>) -> Result<(), EditError> {
        for line in left {
            let text = self.lines[line].kind == LineKind::Text;
            if text && opens_sections(self.line(line)) {
                return Ok(());
            }
            if text {
                return Err(EditError::SpansConditional { section: section.id.clone(), line: line + 1 });
            }
        }
        Ok(())
    }

    fn check_definitions(
        &self,
        section: &Section,
        range: &Range<usize>,
        removed: &[Range<usize>],
    ) -> Result<(), EditError> {
        let definitions = range.clone().filter(|&line| self.lines[line].kind == LineKind::Definition);
        for (line, name) in definitions.filter_map(|line| Some((line, defined_name(self.line(line))?))) {
            let stays = |other: &usize| !removed.iter().any(|range| range.contains(other));
            let stays = || (0..self.lines.len()).filter(stays);
            let used = stays().any(|other| calls(self.line(other), &name));
            let defined_elsewhere = stays().any(|other| {
                self.lines[other].kind == LineKind::Definition
                    && defined_name(self.line(other)).as_deref() == Some(name.as_str())
            });
            if used && !defined_elsewhere {
                return Err(EditError::DefinesUsedMacro { section: section.id.clone(), name, line: line + 1 });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check() -> SectionId {
        SectionId { name: SectionName::parse("%check").expect("a known name"), package: None }
    }

    fn removed(text: &str) -> Result<String, EditError> {
        let mut spec = Spec::parse(text);
        spec.remove_section(&check())?;
        Ok(String::from_utf8(spec.into_bytes()).expect("the fixtures are UTF-8"))
    }

    #[test]
    fn removal_keeps_the_guard_of_the_next_section() {
        assert_eq!(removed("%check\nx\n%if a\n%files\n%endif\n"), Ok("%if a\n%files\n%endif\n".into()));
    }

    #[test]
    fn removal_inside_a_guard_keeps_the_guard_balanced() {
        assert_eq!(removed("%if a\n%check\nx\n%endif\n\n%files\n"), Ok("%if a\n%endif\n\n%files\n".into()));
        assert_eq!(
            removed("%if a\n%check\nx\n%endif\n\n%gopkgfiles\n%changelog\n"),
            Ok("%if a\n%endif\n\n%gopkgfiles\n%changelog\n".into())
        );
    }

    #[test]
    fn removal_is_refused_where_text_would_be_left_over() {
        let refused = EditError::SpansConditional { section: check(), line: 5 };
        assert_eq!(removed("%if a\n%check\nx\n%endif\ny\n%files\n"), Err(refused));
    }

    #[test]
    fn removal_is_refused_where_a_macro_would_be_lost() {
        let refused = EditError::DefinesUsedMacro { section: check(), name: "m".into(), line: 2 };
        assert_eq!(removed("%check\n%define m 1\n%files\n%{m}\n"), Err(refused));
        assert_eq!(removed("%check\n%define m 1\n%m\n%files\n"), Ok("%files\n".into()));
    }

    #[test]
    fn subpackage_goes_with_all_its_sections() {
        let mut spec = Spec::parse("%package y\nSummary: s\n%description y\nd\n%files\n/a\n%files y\n/b\n");
        assert_eq!(spec.remove_subpackage("y"), Ok(3));
        assert_eq!(spec.as_bytes(), b"%files\n/a\n");
        assert_eq!(spec.remove_subpackage("y"), Err(EditError::NoSubpackage("y".into())));
    }
}
