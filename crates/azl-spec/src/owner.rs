//! Which lines belong to sections that are to be removed, whatever the conditions say.
//!
//! A section goes on until the next header that is *reached*. Behind `%if a`, `%files x`, `%endif` the text belongs to
//! `x` where `a` holds and to the section before it where not. Conditions are taken as independent of each other.

use crate::conditional::Keyword;
use crate::line::{LineKind, starts_with_word};
use crate::opener::{Expansion, Openers};
use crate::package::PackageName;
use crate::section::Section;
use crate::spec::Spec;

/// Who owns a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A section to be removed, under all conditions.
    Removed,
    /// A section that stays, under all conditions.
    Kept,
    /// The one or the other, depending on conditions.
    Either,
}

impl Owner {
    fn or(self, other: Self) -> Self {
        if self == other { self } else { Self::Either }
    }
}

/// An `%if` block that is being read.
struct Block {
    /// Owner where it begins.
    entry: Owner,
    /// Owner where its branches so far end; `None` in the first branch.
    ends: Option<Owner>,
    /// Whether one of its branches is taken in any case.
    exhaustive: bool,
}

impl Block {
    fn end_branch(&mut self, owner: Owner) {
        self.ends = Some(self.ends.map_or(owner, |ends| ends.or(owner)));
    }

    fn after(&self) -> Owner {
        let ends = self.ends.unwrap_or(self.entry);
        if self.exhaustive { ends } else { ends.or(self.entry) }
    }
}

impl Spec {
    /// Returns the owner of every line. A directive has the owner of the place its block begins at.
    ///
    /// A macro that opens sections begins sections that stay. One for scriptlets goes with the package it is called
    /// for.
    pub(crate) fn owners(
        &self,
        is_removed: impl Fn(&Section) -> bool,
        is_removed_package: impl Fn(&PackageName) -> bool,
    ) -> Vec<Owner> {
        let openers = Openers::find(self);
        let of = |removed: bool| if removed { Owner::Removed } else { Owner::Kept };
        let mut sections = self.sections.iter().skip(1);
        let mut owners = Vec::with_capacity(self.lines.len());
        let (mut blocks, mut owner): (Vec<Block>, _) = (Vec::new(), Owner::Kept);
        for (index, line) in self.lines.iter().enumerate() {
            let expansion = || openers.expansion_of(self, index);
            // The owner of this line, and of what follows.
            let (own, next) = match line.kind {
                LineKind::Conditional(keyword) => {
                    let entry = blocks.last().filter(|_| keyword != Keyword::If).map_or(owner, |block| block.entry);
                    (entry, self.step(&mut blocks, keyword, index, owner))
                }
                LineKind::Header => {
                    sections.next().map_or((owner, owner), |one| (of(is_removed(one)), of(is_removed(one))))
                }
                LineKind::Text => match expansion() {
                    None => (owner, owner),
                    Some(Expansion::Scriptlets(package)) => {
                        (of(package.is_some_and(|one| is_removed_package(&one))), owner)
                    }
                    Some(Expansion::Sections) => (Owner::Kept, Owner::Kept),
                },
                _ => (owner, owner),
            };
            owners.push(own);
            owner = next;
        }
        owners
    }

    /// Goes over a directive; returns the owner behind it.
    fn step(&self, blocks: &mut Vec<Block>, keyword: Keyword, line: usize, owner: Owner) -> Owner {
        match keyword {
            Keyword::If => {
                blocks.push(Block { entry: owner, ends: None, exhaustive: false });
                owner
            }
            Keyword::Else => blocks.last_mut().map_or(owner, |block| {
                block.end_branch(owner);
                block.exhaustive |= starts_with_word(self.line(line).trim_ascii_start(), b"%else");
                block.entry
            }),
            Keyword::Endif => blocks.pop().map_or(owner, |mut block| {
                block.end_branch(owner);
                block.after()
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owners(text: &str) -> String {
        let spec = Spec::parse(text);
        let owners = spec.owners(
            |section| section.id.package.as_deref() == Some("x"),
            |package| *package == PackageName::Suffix("x".into()),
        );
        let letter = |owner: &Owner| match owner {
            Owner::Removed => 'x',
            Owner::Kept => '.',
            Owner::Either => '?',
        };
        owners.iter().map(letter).collect()
    }

    #[test]
    fn text_behind_a_guarded_section_has_two_owners() {
        assert_eq!(owners("%files\n%if a\n%files x\n/a\n%endif\n/b\n%prep\n/c\n"), "..xx.?..");
    }

    #[test]
    fn branches_do_not_see_each_other() {
        assert_eq!(owners("%files\n%if a\n%files x\n/a\n%else\n/b\n%endif\n"), "..xx...");
        assert_eq!(owners("%if a\n%files x\n%else\n%files x\n%endif\n/b\n"), ".x.x.x");
        assert_eq!(owners("%if a\n%files x\n%elif b\n%files x\n%endif\n/b\n"), ".x.x.?");
    }

    #[test]
    fn guard_of_a_later_section_belongs_to_this_one() {
        assert_eq!(owners("%files x\n%if a\n/b\n%files y\n%endif\n/c\n"), "xxx.x?");
    }

    #[test]
    fn macros_that_open_sections_end_this_one() {
        assert_eq!(owners("%files x\n/a\n%gopkgfiles\n/b\n"), "xx..");
        assert_eq!(owners("%files x\n%ldconfig_post -n y\n\n"), "x.x");
        assert_eq!(owners("%files\n%ldconfig_post x\n/a\n"), ".x.");
    }

    #[test]
    fn stray_directives_are_passed_over() {
        assert_eq!(owners("%endif\n%files x\n%else\n/a\n%if b\n/c\n"), ".xxxxx");
    }
}
