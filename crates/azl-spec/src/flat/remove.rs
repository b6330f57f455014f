//! Removal of whole sections.
//!
//! All `%if` and `%endif` of the file are paired by their lines alone. Where a pair is half inside a section, its inner
//! half stays, together with blanks, comments and other conditionals behind it; other text there is refused.

use std::ops::Range;

use super::FlatSpec;
use super::error::FlatError;
use super::header::BlockId;
use super::text::{first_word_lowered, trim};

/// The lines of an `%if` and its `%endif`.
type Pair = (usize, usize);

impl FlatSpec {
    /// Removes every section with exactly this name and package.
    pub fn remove_section(&mut self, section: &str, package: &str) -> Result<(), FlatError> {
        if section.is_empty() {
            return Err(FlatError::Preamble);
        }
        let missing = FlatError::NoSection { section: section.into(), package: package.into() };
        self.remove_blocks(|id| id.is(section, package), missing)
    }

    /// Removes every section whose header names the package.
    pub fn remove_subpackage(&mut self, package: &str) -> Result<(), FlatError> {
        let missing = FlatError::NoSection { section: String::new(), package: package.into() };
        self.remove_blocks(|id| !package.is_empty() && id.package == package.as_bytes(), missing)
    }

    fn remove_blocks(&mut self, wanted: impl Fn(&BlockId) -> bool, missing: FlatError) -> Result<(), FlatError> {
        let blocks = self.blocks().into_iter().filter(|block| wanted(&block.id));
        let ranges: Vec<_> = blocks.map(|block| block.body.start - 1..block.body.end).collect();
        if ranges.is_empty() {
            return Err(missing);
        }
        let pairs = self.pairs()?;
        let balanced = ranges.into_iter().map(|range| self.balanced(range, &pairs));
        let balanced = balanced.collect::<Result<Vec<_>, _>>()?;
        for range in balanced.into_iter().rev() {
            self.lines.drain(range);
        }
        Ok(())
    }

    /// Returns all conditionals in the order of their ends, so that inner ones come first.
    fn pairs(&self) -> Result<Vec<Pair>, FlatError> {
        let (mut pairs, mut open) = (Vec::new(), Vec::new());
        for (number, line) in self.lines.iter().enumerate() {
            match depth_change(line) {
                1 => open.push(number),
                -1 => pairs.push((open.pop().ok_or(FlatError::Unpaired { line: number + 1 })?, number)),
                _ => {}
            }
        }
        open.first().map_or(Ok(pairs), |line| Err(FlatError::Unpaired { line: line + 1 }))
    }

    /// Returns the part of a section that can go.
    fn balanced(&self, range: Range<usize>, pairs: &[Pair]) -> Result<Range<usize>, FlatError> {
        let inner_half = |&(start, end): &Pair| match (range.contains(&start), range.contains(&end)) {
            (true, false) => Some(start),
            (false, true) => Some(end),
            _ => None,
        };
        let kept = pairs.iter().filter_map(inner_half).min().unwrap_or(range.end);
        let is_text = |line: usize| !is_blank_or_comment(&self.lines[line]) && depth_change(&self.lines[line]) == 0;
        let splits_branch = |line: usize| {
            let around = pairs.iter().find(|&&(start, end)| (start..=end).contains(&line));
            is_branch(&self.lines[line])
                && around.is_some_and(|(start, end)| !range.contains(start) || !range.contains(end))
        };
        if (kept..range.end).any(is_text) || range.clone().any(splits_branch) {
            return Err(FlatError::Overlapping { line: range.start + 1 });
        }
        Ok(range.start..kept)
    }
}

/// Returns 1 for a line that opens a conditional, -1 for one that closes it, else 0.
pub(super) fn depth_change(line: &[u8]) -> isize {
    match directive(line).as_deref() {
        Some("%if" | "%ifarch" | "%ifnarch" | "%ifos" | "%ifnos") => 1,
        Some("%endif") => -1,
        _ => 0,
    }
}

fn is_branch(line: &[u8]) -> bool {
    matches!(directive(line).as_deref(), Some("%else" | "%elif" | "%elifarch" | "%elifnarch" | "%elifos" | "%elifnos"))
}

fn is_blank_or_comment(line: &[u8]) -> bool {
    matches!(trim(line), [] | [b'#', ..])
}

/// Returns the first word of a line that begins with `%`.
fn directive(line: &[u8]) -> Option<String> {
    let text = trim(line);
    text.starts_with(b"%").then(|| first_word_lowered(text))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::edited;
    use super::*;

    fn removed(text: &str) -> Result<String, FlatError> {
        edited(text, |spec| spec.remove_section("%check", ""))
    }

    #[test]
    fn section_goes_up_to_the_first_foreign_directive() {
        assert_eq!(
            removed("%check\na\n%if x\n%endif\n# b\n%if y\n# c\n%files\n%endif\n").as_deref(),
            Ok("%if y\n# c\n%files\n%endif\n")
        );
        assert_eq!(removed("%if x\n%check\na\n%endif\n%files\n").as_deref(), Ok("%if x\n%endif\n%files\n"));
    }

    #[test]
    fn overlapping_or_unpaired_conditionals_are_refused() {
        assert_eq!(removed("%if x\n%check\n%endif\nb\n"), Err(FlatError::Overlapping { line: 2 }));
        assert_eq!(removed("%check\n%if x\nb\n%files\n%endif\n"), Err(FlatError::Overlapping { line: 1 }));
        assert_eq!(removed("%if x\n%check\n%else\n%files\n%endif\n"), Err(FlatError::Overlapping { line: 2 }));
        assert_eq!(removed("%if x \\\n%endif\\\n%check\n"), Err(FlatError::Unpaired { line: 1 }));
        assert_eq!(removed("%check\n%endif\n"), Err(FlatError::Unpaired { line: 2 }));
    }

    #[test]
    fn name_is_compared_in_its_case_and_package_alone_takes_all_names() {
        assert!(removed("%Check\na\n").is_err());
        assert_eq!(
            edited("%files\n%Post y\na\n%files -n y\n", |spec| spec.remove_subpackage("y")).as_deref(),
            Ok("%files\n")
        );
        assert_eq!(edited("A: b\n", |spec| spec.remove_section("", "")), Err(FlatError::Preamble));
    }
}
