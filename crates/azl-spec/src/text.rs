//! Edits over several lines, and edits of headers.

use std::ops::Range;

use crate::edit::{BYTE_ORDER_MARK, Replacement};
use crate::error::EditError;
use crate::line::is_closed;
use crate::section::{SectionId, header_name};
use crate::spec::Spec;

/// Where text is to be replaced.
#[derive(Debug, Clone, Copy)]
pub enum Scope {
    /// The whole spec, headers included.
    Spec,
    /// The lines below the headers of the sections wanted, each section on its own.
    Sections,
}

impl Spec {
    /// Puts `replacement` in place of what `find` finds; returns how many places there are.
    ///
    /// `find` gets the whole spec, or the body of each section `wanted` says, with every line end as `\n`, and returns
    /// ranges in order and apart. Newlines of the replacement become the spec's own.
    pub fn replace_text(
        &mut self,
        scope: Scope,
        wanted: impl Fn(&SectionId) -> bool,
        find: impl Fn(&[u8]) -> Vec<Range<usize>>,
        replacement: &[u8],
    ) -> usize {
        let start = if self.text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let regions: Vec<_> = match scope {
            Scope::Spec => std::iter::once(start..self.text.len()).collect(),
            Scope::Sections => self.bodies(wanted),
        };
        let with = self.with_own_newlines(replacement.to_owned());
        let found: Vec<_> = regions.into_iter().flat_map(|region| self.find_in(region, &find)).collect();
        let places = found.len();
        self.replace(found.into_iter().map(|range| Replacement { range, with: with.clone() }).collect());
        places
    }

    /// Gives the headers of all sections with this name and package a new text; returns how many sections there are.
    ///
    /// `rewrite` gets a header without its line end and returns its new text.
    ///
    /// # Errors
    /// If there is no such section, or a new text is not one header of the same name.
    pub fn edit_headers(&mut self, id: &SectionId, rewrite: impl Fn(&[u8]) -> Vec<u8>) -> Result<usize, EditError> {
        let mut replacements = Vec::new();
        for section in self.find_sections(id).filter(|section| !section.header.is_empty()) {
            let range = self.content_of(&section.header);
            let with = rewrite(&self.text[range.clone()]);
            let indent = with.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let is_header = header_name(&with[indent..]) == Some(id.name) && is_closed(&with);
            let one_line = !with.iter().any(|byte| matches!(byte, b'\n' | b'\r' | b'\0'));
            if !is_header || !one_line && section.header.len() == 1 {
                let text = String::from_utf8_lossy(&with).into_owned();
                return Err(EditError::NotTheHeader { section: id.clone(), text });
            }
            replacements.push(Replacement { range, with });
        }
        let places = replacements.len();
        if places == 0 {
            return Err(EditError::NoSection(id.clone()));
        }
        self.replace(replacements);
        Ok(places)
    }

    fn bodies(&self, wanted: impl Fn(&SectionId) -> bool) -> Vec<Range<usize>> {
        let sections = self.sections.iter().filter(|section| wanted(&section.id) && !section.body.is_empty());
        let bodies = sections.map(|section| &self.lines[section.body.clone()]);
        bodies.map(|lines| lines[0].range.start..lines[lines.len() - 1].range.end).collect()
    }

    /// Finds in a region and returns ranges of the text.
    fn find_in(&self, region: Range<usize>, find: impl Fn(&[u8]) -> Vec<Range<usize>>) -> Vec<Range<usize>> {
        let raw = &self.text[region.clone()];
        let returns: Vec<usize> =
            raw.windows(2).enumerate().filter(|(_, pair)| pair == b"\r\n").map(|(at, _)| at).collect();
        if returns.is_empty() {
            return find(raw).into_iter().map(|found| region.start + found.start..region.start + found.end).collect();
        }
        let view: Vec<u8> = raw
            .iter()
            .enumerate()
            .filter(|(at, _)| returns.binary_search(at).is_err())
            .map(|(_, &byte)| byte)
            .collect();
        // The n-th carriage return that was dropped stood before the byte that is now at its place less n.
        let dropped: Vec<usize> = returns.iter().enumerate().map(|(nth, at)| at - nth).collect();
        let place = |at: usize| region.start + at + dropped.partition_point(|&newline| newline < at);
        find(&view).into_iter().map(|found| place(found.start)..place(found.end)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::section::SectionName;

    fn replaced(text: &str, wanted: &str, replacement: &str) -> (String, usize) {
        let find = |text: &[u8]| {
            let text = std::str::from_utf8(text).expect("the fixtures are UTF-8");
            text.match_indices(wanted).map(|(at, found)| at..at + found.len()).collect()
        };
        let mut spec = Spec::parse(text);
        let places = spec.replace_text(Scope::Spec, |_| true, find, replacement.as_bytes());
        (String::from_utf8(spec.into_bytes()).expect("the fixtures are UTF-8"), places)
    }

    #[test]
    fn line_ends_are_matched_as_newlines_and_kept() {
        assert_eq!(replaced("a\nb\nc\n", "a\nb", "x\ny"), ("x\ny\nc\n".into(), 1));
        assert_eq!(replaced("a\r\nb\r\nc\r\na\r\nb", "a\nb", "x\ny"), ("x\r\ny\r\nc\r\nx\r\ny".into(), 2));
        assert_eq!(replaced("a\r\nb\r\nc\r\n", "\nb\n", "-"), ("a-c\r\n".into(), 1));
    }

    #[test]
    fn header_stays_a_header_of_its_name() {
        let id = SectionId { name: SectionName::parse("%files").expect("a known name"), package: None };
        let mut spec = Spec::parse("%files\n/a\n%if x\n%files  \n%endif\n%files y\n");
        assert_eq!(spec.edit_headers(&id, |_| b"%files -f z".to_vec()), Ok(2));
        assert_eq!(spec.as_bytes(), b"%files -f z\n/a\n%if x\n%files -f z\n%endif\n%files y\n");
        for bad in ["%build", "%files\nx", "/a", "%files %{x", ""] {
            let refused = spec.edit_headers(&id, |_| bad.into());
            assert!(matches!(refused, Err(EditError::NotTheHeader { .. })), "{bad}");
        }
    }
}
