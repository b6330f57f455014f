//! Sections: names, headers, the lines they hold.

use std::fmt;
use std::ops::Range;

use crate::line::{Line, LineKind};
use crate::package::PackageName;

/// A section name as rpm knows it, or the preamble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SectionName(&'static str);

/// Every section name of rpm 6 (`partList` in `build/parseSpec.c`).
const NAMES: &[&str] = &[
    "%package",
    "%prep",
    "%generate_buildrequires",
    "%conf",
    "%build",
    "%install",
    "%check",
    "%clean",
    "%preun",
    "%postun",
    "%pretrans",
    "%posttrans",
    "%preuntrans",
    "%postuntrans",
    "%pre",
    "%post",
    "%files",
    "%changelog",
    "%description",
    "%triggerpostun",
    "%triggerprein",
    "%triggerun",
    "%triggerin",
    "%trigger",
    "%verifyscript",
    "%sepolicy",
    "%filetriggerin",
    "%filetrigger",
    "%filetriggerun",
    "%filetriggerpostun",
    "%transfiletriggerin",
    "%transfiletrigger",
    "%transfiletriggerun",
    "%transfiletriggerpostun",
    "%patchlist",
    "%sourcelist",
];

impl SectionName {
    /// The lines before the first header.
    pub const PREAMBLE: Self = Self("");
    /// `%package`, which holds tags as the preamble does.
    pub const PACKAGE: Self = Self("%package");
    /// `%changelog`.
    pub const CHANGELOG: Self = Self("%changelog");
    /// `%description`.
    pub const DESCRIPTION: Self = Self("%description");
    /// `%patchlist`, one patch per line.
    pub const PATCHLIST: Self = Self("%patchlist");
    /// `%sourcelist`, one source per line.
    pub const SOURCELIST: Self = Self("%sourcelist");

    /// Returns the section of this name in any case, with its `%`.
    pub fn parse(name: &str) -> Option<Self> {
        NAMES.iter().find(|known| known.eq_ignore_ascii_case(name)).map(|known| Self(known))
    }

    /// Returns all names, for suggestions.
    pub fn all() -> impl Iterator<Item = &'static str> {
        NAMES.iter().copied()
    }

    /// Returns the name in lower case with its `%`; empty for the preamble.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// Returns whether the section's lines are tags.
    pub fn holds_tags(self) -> bool {
        self == Self::PREAMBLE || self == Self::PACKAGE
    }

    fn takes_package(self) -> bool {
        !matches!(self.0, "" | "%changelog" | "%patchlist" | "%sourcelist")
    }
}

impl fmt::Display for SectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "preamble" } else { self.0 })
    }
}

/// A section by name and package qualifier, as overlays name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionId {
    /// Name.
    pub name: SectionName,
    /// Text of the header's package: `devel` for `%files devel`, `foo-devel` for `%files -n foo-devel`.
    /// Macros are compared as written. `None` is the main package.
    pub package: Option<String>,
}

impl fmt::Display for SectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.package {
            Some(package) => write!(f, "{} {package}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

/// One section of a spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Name and package.
    pub id: SectionId,
    /// Lines of the header; empty for the preamble.
    pub header: Range<usize>,
    /// Lines after the header up to the next header.
    pub body: Range<usize>,
}

impl Section {
    /// Returns header and body.
    pub fn lines(&self) -> Range<usize> {
        self.header.start..self.body.end
    }
}

/// Returns the section a line begins, if it is a header.
pub(crate) fn header_name(line: &[u8]) -> Option<SectionName> {
    if line.first() != Some(&b'%') {
        return None;
    }
    let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
    std::str::from_utf8(&line[..end]).ok().and_then(SectionName::parse)
}

/// Divides the lines into sections; the first one is the preamble.
pub(crate) fn divide(text: &[u8], lines: &[Line]) -> Vec<Section> {
    let preamble = SectionId { name: SectionName::PREAMBLE, package: None };
    let mut sections = vec![Section { id: preamble, header: 0..0, body: 0..lines.len() }];
    for (index, line) in lines.iter().enumerate() {
        if line.kind != LineKind::Header {
            continue;
        }
        if let Some(last) = sections.last_mut() {
            last.body.end = index;
        }
        let header_end = index + 1 + lines[index + 1..].iter().take_while(|line| line.kind == LineKind::Body).count();
        let id = header_id(&text[line.range.start..lines[header_end - 1].content.end]);
        sections.push(Section { id, header: index..header_end, body: header_end..lines.len() });
    }
    sections
}

fn header_id(header: &[u8]) -> SectionId {
    let header = header.trim_ascii_start();
    let name = header_name(header).unwrap_or(SectionName::PREAMBLE);
    let package = if name.takes_package() { PackageName::of_header(header) } else { None };
    SectionId { name, package: package.map(PackageName::into_text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_without_packages_have_none() {
        assert_eq!(header_id(b"%changelog x").package, None);
        assert_eq!(header_id(b"%files x").package.as_deref(), Some("x"));
    }

    #[test]
    fn knows_names_in_any_case_and_nothing_else() {
        assert_eq!(SectionName::parse("%FILES").map(SectionName::as_str), Some("%files"));
        assert_eq!(SectionName::parse("%file"), None);
        assert_eq!(header_name(b"%build_x"), None);
    }
}
