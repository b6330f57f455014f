//! Removal of whole sections.
//!
//! A line goes if sections that are removed are its only owners, whatever the conditions say; an `%if` block goes if it
//! begins in such a section and nothing in it stays. A macro definition goes only if nothing but the removed lines uses
//! it: otherwise it stays where it stood, where it expands to nothing, under the conditions it had.
//!
//! **Invariant:** what is left has the same `%if` structure as before, and every line of it has the owner it had. Where
//! text would change its owner, the removal is refused.

use std::collections::HashSet;
use std::ops::Range;

use crate::conditional::Keyword;
use crate::error::EditError;
use crate::line::{LineKind, starts_with_word};
use crate::needed::{definition, needed_definitions};
use crate::owner::Owner;
use crate::package::{PackageName, Spellings};
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
        if *id == (SectionId { name: SectionName::DESCRIPTION, package: None }) {
            return Err(EditError::NeededByRpm(id.clone()));
        }
        self.remove_sections(&sections, |_| false)
    }

    /// Removes every section of a package; returns how many there are.
    ///
    /// The package is meant in each of its spellings: `devel`, `-n %{name}-devel`, and `-n foo-devel` where `foo` is
    /// the value of `Name`. Other macros with one plain definition are known by their text as well.
    pub fn remove_subpackage(&mut self, package: &str) -> Result<usize, EditError> {
        let wanted = self.spellings_of(package);
        let belongs = |section: &&Section| self.package_name(section).is_some_and(|name| wanted.include(&name));
        let sections: Vec<_> = self.sections.iter().filter(belongs).cloned().collect();
        if sections.is_empty() {
            return Err(EditError::NoSubpackage(package.into()));
        }
        self.check_not_main(&sections, &wanted)?;
        self.remove_sections(&sections, |name| wanted.include(name))
    }

    fn remove_sections(
        &mut self,
        sections: &[Section],
        is_removed_package: impl Fn(&PackageName) -> bool,
    ) -> Result<usize, EditError> {
        let starts: HashSet<usize> = sections.iter().map(|section| section.header.start).collect();
        let owners = self.owners(|section| starts.contains(&section.header.start), is_removed_package);
        self.check_owners(sections, &owners)?;
        let needed = needed_definitions(self, &owners);
        let mut going = Going { ranges: Vec::new(), open: Vec::new() };
        for line in self.logical_lines() {
            match self.lines[line].kind {
                LineKind::Conditional(keyword) => going.directive(self, keyword, line, owners[line]),
                _ if owners[line] == Owner::Removed && !needed.contains(&line) => going.ranges.push(self.logical(line)),
                _ => going.keep(),
            }
        }
        going.ranges.sort_by_key(|range| range.start);
        self.remove_lines(going.ranges);
        Ok(sections.len())
    }

    /// Refuses to remove what is the main package in some case: `-n` names it, or `%package` is under a condition and
    /// other sections of the package are not.
    fn check_not_main(&self, sections: &[Section], wanted: &Spellings) -> Result<(), EditError> {
        let named = |section: &&Section| self.package_name(section).is_some_and(|name| wanted.is_main(&name));
        let conditional = |section: &Section| self.is_conditional(section.header.start);
        let mut packages = sections.iter().filter(|section| section.id.name == SectionName::PACKAGE).peekable();
        let guarded = packages.peek().is_some() && packages.all(conditional);
        let may_be_main = |section: &Section| self.package_name(section).is_some_and(|name| wanted.may_be_main(&name));
        let free = sections.iter().find(|section| guarded && !conditional(section) && may_be_main(section));
        match sections.iter().find(named).or(free) {
            Some(section) => {
                Err(EditError::MainPackage { section: section.id.clone(), line: section.header.start + 1 })
            }
            None => Ok(()),
        }
    }

    /// Refuses to give text another owner. Blanks, comments and definitions do no harm in any section.
    fn check_owners(&self, sections: &[Section], owners: &[Owner]) -> Result<(), EditError> {
        for line in self.logical_lines().filter(|&line| self.lines[line].kind == LineKind::Text) {
            let of = || {
                let before = sections.iter().rev().find(|section| section.header.start < line);
                before.or(sections.first()).map(|section| section.id.clone()).expect("there is a section to remove")
            };
            match owners[line] {
                Owner::Either if definition(self, line).is_none() => {
                    return Err(EditError::SpansConditional { section: of(), line: line + 1 });
                }
                Owner::Removed if self.is_opaque(line) => {
                    return Err(EditError::HoldsUnknown { section: of(), line: line + 1 });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Returns whether a line may define macros or open sections in a way that cannot be seen.
    fn is_opaque(&self, line: usize) -> bool {
        let text = self.logical_text(line);
        let included = starts_with_word(text.trim_ascii_start(), b"%include");
        included || text.starts_with(b"%{lua:") && text.windows(10).any(|window| window == b"rpm.define")
    }
}

/// An `%if` block that is being read.
struct OpenBlock {
    directives: Vec<usize>,
    owner: Owner,
    stays: bool,
}

/// The lines that go.
struct Going {
    ranges: Vec<Range<usize>>,
    open: Vec<OpenBlock>,
}

impl Going {
    /// Notes that something of the innermost block stays.
    fn keep(&mut self) {
        if let Some(block) = self.open.last_mut() {
            block.stays = true;
        }
    }

    fn directive(&mut self, spec: &Spec, keyword: Keyword, line: usize, owner: Owner) {
        if keyword == Keyword::If {
            self.open.push(OpenBlock { directives: vec![line], owner, stays: false });
            return;
        }
        let Some(block) = self.open.last_mut() else { return };
        block.directives.push(line);
        if keyword == Keyword::Endif
            && let Some(block) = self.open.pop()
        {
            match block.owner == Owner::Removed && !block.stays {
                true => self.ranges.extend(block.directives.into_iter().map(|line| spec.logical(line))),
                false => self.keep(),
            }
        }
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

    fn becomes(text: &str, expected: &str) {
        assert_eq!(removed(text).as_deref(), Ok(expected));
    }

    #[test]
    fn what_rpm_cannot_do_without_stays() {
        let main = SectionId { name: SectionName::DESCRIPTION, package: None };
        let mut spec = Spec::parse("Name: x\n%description\nd\n%description y\nd\n");
        assert_eq!(spec.remove_section(&main), Err(EditError::NeededByRpm(main.clone())));
        assert_eq!(spec.remove_section(&SectionId { package: Some("y".into()), ..main }), Ok(1));
    }

    #[test]
    fn removal_keeps_the_guard_of_the_next_section() {
        becomes("%check\nx\n%if a\n%files\n%endif\n", "%if a\n%files\n%endif\n");
        becomes("%check\nx\n%if a\ny\n\n%files\n/a\n%endif\n", "%if a\n%files\n/a\n%endif\n");
    }

    #[test]
    fn removal_inside_a_guard_keeps_the_guard_balanced() {
        becomes("%if a\n%check\nx\n%endif\n\n%files\n", "%if a\n%endif\n\n%files\n");
        becomes("%check\n%if a\nx\n%else\ny\n%endif\n%files\n", "%files\n");
    }

    #[test]
    fn other_branches_are_not_the_sections() {
        let text = "%install\ni\n%if a\n%check\nx\n%else\nrm y\n%endif\n%files\n";
        becomes(text, "%install\ni\n%if a\n%else\nrm y\n%endif\n%files\n");
    }

    #[test]
    fn text_behind_branches_that_all_begin_the_section_goes_with_it() {
        let text = "%if a\n%check\nx\n%else\n%check\ny\n%endif\nz\n%files\n/a\n";
        becomes(text, "%if a\n%else\n%endif\n%files\n/a\n");
    }

    #[test]
    fn macros_that_open_sections_stay_with_what_follows_them() {
        becomes("%if a\n%check\nx\n%endif\n\n%gopkgfiles\n", "%if a\n%endif\n\n%gopkgfiles\n");
        becomes("%check\nx\n\n%ldconfig_scriptlets libs\n%changelog\n", "%ldconfig_scriptlets libs\n%changelog\n");
        let own = "%define p() \\\n%package %1 \\\n%{nil}\n";
        becomes(&format!("{own}%check\nx\n%p y\nz\n"), &format!("{own}%p y\nz\n"));
    }

    #[test]
    fn removal_is_refused_where_text_would_change_its_owner() {
        let refused = |line| Err(EditError::SpansConditional { section: check(), line });
        assert_eq!(removed("%if a\n%check\nx\n%endif\ny\n%files\n"), refused(5));
        assert_eq!(removed("%check\nx\n%if a\n%files\n%endif\ny\n"), refused(6));
    }

    #[test]
    fn removal_is_refused_where_an_unknown_file_may_open_sections() {
        let refused = Err(EditError::HoldsUnknown { section: check(), line: 2 });
        assert_eq!(removed("%check\n%include %{SOURCE1}\n%files\n"), refused);
    }

    #[test]
    fn definitions_that_others_use_stay_under_their_condition() {
        let text = "%check\nx\n%if a\n%global m %{n}\ny\n%endif\n%define n \\\n 1\n%files\n%{m}\n";
        becomes(text, "%if a\n%global m %{n}\n%endif\n%define n \\\n 1\n%files\n%{m}\n");
        becomes("%check\n%{!?m: %global m 1}\nx\n%files\n%m\n", "%{!?m: %global m 1}\n%files\n%m\n");
    }

    #[test]
    fn definitions_that_only_the_section_uses_go_and_settings_of_rpm_stay() {
        becomes("%check\n%define m 1\n%m\n%files\n", "%files\n");
        becomes(
            "%check\n%global debug_package %{nil}\n%undefine _y\nx\n",
            "%global debug_package %{nil}\n%undefine _y\n",
        );
    }

    #[test]
    fn subpackage_goes_with_all_its_sections_and_spellings() {
        let mut spec = Spec::parse(
            "Name: foo\n%package y\nSummary: s\n%description -n foo-y\nd\n%ldconfig_post y\n%files\n/a\n\
             %files -n %{name}-y\n/b\n",
        );
        assert_eq!(spec.remove_subpackage("y"), Ok(3));
        assert_eq!(spec.as_bytes(), b"Name: foo\n%files\n/a\n");
        assert_eq!(spec.remove_subpackage("y"), Err(EditError::NoSubpackage("y".into())));
    }

    #[test]
    fn main_package_is_no_subpackage() {
        for text in [
            "Name: foo\n%files -n %{name}\n/a\n",
            "Name: foo\n%if a\n%package -n bar\n%endif\n%description -n bar\nd\n",
        ] {
            let mut spec = Spec::parse(text);
            let package = if text.contains("bar") { "bar" } else { "foo" };
            assert!(matches!(spec.remove_subpackage(package), Err(EditError::MainPackage { .. })), "{text}");
        }
    }

    #[test]
    fn many_definitions_and_conditionals_take_linear_time() {
        let block = |index: usize| format!("%if a\n%global m{index} %m{}\n%check\n%endif\n", index + 1);
        let text: String = (0..50_000).map(block).collect();
        let mut spec = Spec::parse(text);
        assert_eq!(spec.remove_section(&check()), Ok(50_000));
    }
}
