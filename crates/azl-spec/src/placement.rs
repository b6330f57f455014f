//! Where new lines go.
//!
//! **Invariant:** a line added to a section is under exactly the conditions the section's header is under.

use std::ops::Range;

use crate::section::Section;
use crate::spec::Spec;
use crate::tag::Tag;

impl Spec {
    /// Returns the last place of a section that is in the same `%if` branch as its header.
    ///
    /// The place is before the next header, or before the `%if` that guards it, or before the `%else` or `%endif` that
    /// ends the header's own branch.
    pub(crate) fn end_of(&self, section: &Section) -> usize {
        let scope = self.conditionals.before(section.header.start);
        let body = section.body.clone();
        (body.start..=body.end).rev().find(|&line| self.conditionals.before(line) == scope).unwrap_or(body.start)
    }

    /// Returns the place for a further tag behind `tag`: after it, or after the `%if` block it is in, or, if that block
    /// also holds the next section, before the block.
    pub(crate) fn after_tag(&self, section: &Section, tag: &Tag) -> usize {
        let scope = self.conditionals.before(section.header.start);
        let Some(opening) = self.conditionals.outermost_within(tag.lines.start, scope) else {
            return tag.lines.end;
        };
        let rest: Range<usize> = tag.lines.end..section.body.end + 1;
        rest.into_iter().find(|&line| self.conditionals.before(line) == scope).unwrap_or(opening)
    }
}

#[cfg(test)]
mod tests {
    use crate::spec::Spec;

    fn end_of(text: &str, section: usize) -> usize {
        let spec = Spec::parse(text);
        spec.end_of(&spec.sections[section])
    }

    #[test]
    fn end_of_a_section_is_before_the_guard_of_the_next() {
        assert_eq!(end_of("%files\n/a\n\n%if x\n%files devel\n%endif\n", 1), 3);
        assert_eq!(end_of("%files\n/a\n\n%files devel\n", 1), 3);
    }

    #[test]
    fn end_of_a_guarded_section_is_inside_its_guard() {
        assert_eq!(end_of("%if x\n%files\n/a\n%endif\n\n%prep\n", 1), 3);
        assert_eq!(end_of("%if x\n%files\n/a\n%else\n%files\n/b\n%endif\n", 1), 3);
    }

    #[test]
    fn whole_blocks_inside_a_section_do_not_matter() {
        assert_eq!(end_of("%files\n%if x\n/a\n%endif\n%prep\n", 1), 4);
    }

    #[test]
    fn tag_follows_the_block_of_its_family_or_precedes_one_that_guards_a_section() {
        let spec = Spec::parse("Source0: a\n%if x\nSource1: b\n%endif\nURL: u\n");
        let tag = spec.tags().nth(1).expect("there are three tags");
        assert_eq!(spec.after_tag(&spec.sections[0], &tag), 4);
        let spec = Spec::parse("Source0: a\n%if x\nSource1: b\n%package y\n%endif\n");
        let tag = spec.tags().nth(1).expect("there are two tags");
        assert_eq!(spec.after_tag(&spec.sections[0], &tag), 1);
    }
}
