//! Edits of tags and lines.

use super::FlatSpec;
use super::error::FlatError;
use super::header::{BlockId, header};
use super::remove::depth_change;
use super::tag::{FlatTag, family};
use super::text::{equal_in_any_case, lower};

impl FlatSpec {
    /// Adds a tag as the last line of a package's section, even under the `%if` of the next one.
    pub fn add_tag(&mut self, package: &str, tag: &str, value: &str) -> Result<(), FlatError> {
        self.append_to_section(tag_section(package), package, &[format!("{tag}: {value}")])
    }

    /// Adds a tag behind the last one of its family, else the last one, and behind an `%endif` that follows in the
    /// same section if that place is in an `%if`; else as [`Self::add_tag`].
    pub fn insert_tag(&mut self, package: &str, tag: &str, value: &str) -> Result<(), FlatError> {
        let blocks = self.blocks_of(tag_section(package), package)?;
        let section_end = blocks.last().map_or(0, |block| block.body.end);
        let is_here = |found: &FlatTag| blocks.iter().any(|block| block.body.contains(&found.line));
        let tags: Vec<_> = self.tags().into_iter().filter(is_here).collect();
        let wanted = lower(tag.as_bytes());
        let relative = tags.iter().rev().find(|found| family(&found.name) == family(&wanted));
        let Some(relative) = relative.or(tags.last()) else {
            return self.add_tag(package, tag, value);
        };
        let place = self.behind_conditional(relative.line, section_end);
        self.lines.insert(place + 1, format!("{tag}: {value}").into_bytes());
        Ok(())
    }

    /// Gives every tag of this name in a package a new value.
    pub fn update_tag(&mut self, package: &str, tag: &str, value: &str) -> Result<(), FlatError> {
        for found in self.tags_named(package, tag, |_| true)? {
            self.lines[found.line] = format!("{tag}: {value}").into_bytes();
        }
        Ok(())
    }

    /// Updates a tag, or adds it if the package has none.
    pub fn set_tag(&mut self, package: &str, tag: &str, value: &str) -> Result<(), FlatError> {
        match self.update_tag(package, tag, value) {
            Err(FlatError::NoTag(_)) => self.add_tag(package, tag, value),
            done => done,
        }
    }

    /// Removes every tag of this name from a package, or those with `value` in any case if it is not empty.
    pub fn remove_tag(&mut self, package: &str, tag: &str, value: &str) -> Result<(), FlatError> {
        let wanted = |found: &FlatTag| value.is_empty() || equal_in_any_case(&found.value, value.as_bytes());
        let lines: Vec<_> = self.tags_named(package, tag, wanted)?.iter().map(|found| found.line).collect();
        self.remove_lines(&lines);
        Ok(())
    }

    /// Puts lines at the very top.
    pub fn prepend_lines(&mut self, lines: &[String]) {
        self.insert(0, lines);
    }

    /// Puts lines at the very end.
    pub fn append_lines(&mut self, lines: &[String]) {
        self.insert(self.lines.len(), lines);
    }

    /// Puts lines behind the header of every section that matches.
    pub fn prepend_to_section(&mut self, section: &str, package: &str, lines: &[String]) -> Result<(), FlatError> {
        let blocks = self.blocks_of(section, package)?;
        let last = lines.last().and_then(|line| header(line.as_bytes()));
        if last.is_some_and(|id| id.is(section, package)) {
            return Err(FlatError::Endless);
        }
        for block in blocks.iter().rev() {
            self.insert(block.body.start, lines);
        }
        Ok(())
    }

    /// Puts lines behind the last line of every section that matches.
    pub fn append_to_section(&mut self, section: &str, package: &str, lines: &[String]) -> Result<(), FlatError> {
        for block in self.blocks_of(section, package)?.iter().rev() {
            self.insert(block.body.end, lines);
        }
        Ok(())
    }

    /// Rewrites the lines below the headers of a section (all if empty) and package (all if empty).
    ///
    /// A line that becomes a header begins a section then and there.
    pub fn rewrite_lines(
        &mut self,
        section: &str,
        package: &str,
        mut rewrite: impl FnMut(&[u8]) -> Vec<u8>,
    ) -> Result<(), FlatError> {
        let mut current = BlockId::default();
        let mut changed = false;
        for line in &mut self.lines {
            if let Some(id) = header(line) {
                current = id;
                continue;
            }
            let named = section.is_empty() || current.name == section.as_bytes();
            if !named || !(package.is_empty() || current.package == package.as_bytes()) {
                continue;
            }
            let rewritten = rewrite(line);
            if rewritten != *line {
                *line = rewritten;
                current = header(line).unwrap_or(current);
                changed = true;
            }
        }
        if changed { Ok(()) } else { Err(FlatError::NoMatch) }
    }

    fn tags_named(
        &self,
        package: &str,
        tag: &str,
        wanted: impl Fn(&FlatTag) -> bool,
    ) -> Result<Vec<FlatTag>, FlatError> {
        let name = lower(tag.as_bytes());
        let matches = |found: &FlatTag| found.package == package.as_bytes() && found.name == name && wanted(found);
        let tags: Vec<_> = self.tags().into_iter().filter(matches).collect();
        if tags.is_empty() { Err(FlatError::NoTag(tag.into())) } else { Ok(tags) }
    }

    fn insert(&mut self, at: usize, lines: &[String]) {
        self.lines.splice(at..at, lines.iter().map(|line| line.clone().into_bytes()));
    }

    /// Returns the line of the `%endif` that ends all conditions a line is under, if the section has it.
    fn behind_conditional(&self, line: usize, section_end: usize) -> usize {
        let mut depth: isize = self.lines[..=line].iter().map(|line| depth_change(line)).sum();
        if depth <= 0 {
            return line;
        }
        let after = line + 1..section_end;
        after
            .into_iter()
            .find(|&at| {
                depth += depth_change(&self.lines[at]);
                depth <= 0
            })
            .unwrap_or(line)
    }
}

/// Returns the name of the section that holds a package's tags.
fn tag_section(package: &str) -> &'static str {
    if package.is_empty() { "" } else { "%package" }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::edited;
    use super::*;

    #[test]
    fn added_tag_is_the_last_line_of_every_such_section() {
        let add = |package: &'static str| move |spec: &mut FlatSpec| spec.add_tag(package, "A", "b");
        assert_eq!(edited("\n%if x\n%prep\n", add("")).as_deref(), Ok("\n%if x\nA: b\n%prep\n"));
        let missing = FlatError::NoSection { section: "%package".into(), package: "y".into() };
        assert_eq!(edited("%Package y\n", add("y")), Err(missing));
        assert_eq!(edited("%package y\n%package y", add("y")).as_deref(), Ok("%package y\nA: b\n%package y\nA: b\n"));
    }

    #[test]
    fn inserted_tag_leaves_a_conditional_only_if_it_ends_in_the_section() {
        let insert = |spec: &mut FlatSpec| spec.insert_tag("", "Source9", "s");
        assert_eq!(
            edited("%if x\nSource1: a\n %ENDIF # x\nB: c\n", insert).as_deref(),
            Ok("%if x\nSource1: a\n %ENDIF # x\nSource9: s\nB: c\n")
        );
        assert_eq!(
            edited("%if x\nSource1: a\n%prep\n%endif\n", insert).as_deref(),
            Ok("%if x\nSource1: a\nSource9: s\n%prep\n%endif\n")
        );
        assert_eq!(
            edited("%endif\n%if x\nB: c\n%endif\n", insert).as_deref(),
            Ok("%endif\n%if x\nB: c\nSource9: s\n%endif\n")
        );
    }

    #[test]
    fn tags_of_a_package_are_found_in_headers_of_any_case() {
        let update = |spec: &mut FlatSpec| spec.update_tag("y", "summary", "s");
        assert_eq!(
            edited("%Package y\nSummary: a\n%package -n y\nSUMMARY: b\n", update).as_deref(),
            Ok("%Package y\nsummary: s\n%package -n y\nsummary: s\n")
        );
        let remove = |spec: &mut FlatSpec| spec.remove_tag("", "a", "X");
        assert_eq!(edited("A: x\nA: x y\nA:X\n", remove).as_deref(), Ok("A: x y\n"));
        assert_eq!(edited("A: x y\n", remove), Err(FlatError::NoTag("a".into())));
    }

    #[test]
    fn replaced_line_may_begin_a_section_and_hold_newlines() {
        let rewrite = |line: &[u8]| if line == b"x" { b"%install\n-n y".to_vec() } else { line.to_vec() };
        let replace = |spec: &mut FlatSpec| spec.rewrite_lines("%build", "", rewrite);
        assert_eq!(
            edited("%build\nx\nx\n%build\nx\n", replace).as_deref(),
            Ok("%build\n%install\n-n y\nx\n%build\n%install\n-n y\n")
        );
        assert_eq!(edited("%Build\nx\n", replace), Err(FlatError::NoMatch));
    }
}
