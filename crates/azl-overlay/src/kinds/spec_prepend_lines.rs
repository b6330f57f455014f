//! `spec-prepend-lines`: puts lines at the top of a section or of the spec.
//!
//! With `section`: behind the header of every section that matches, so in each `%if` branch that has one. Without: at
//! the very top of the file.

use azl_diagnostics::Diagnostic;
use serde::Deserialize;
use toml::Spanned;

use super::scope::{open_lines, package_needs_section, section_id, texts};
use super::{Behaviour, as_azldev};
use crate::site::Site;
use crate::sources::Sources;
use crate::values::{OneLine, SectionRef, SpecText};

/// Prepends lines.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpecPrependLines {
    /// The lines, without line ends; one with newlines is several.
    lines: Vec<SpecText>,
    /// Section, e.g. `%install`; the whole spec if absent.
    #[schemars(with = "Option<SectionRef>")]
    section: Option<Spanned<SectionRef>>,
    /// Sub-package qualifier of the section; the main package if absent.
    #[schemars(with = "Option<OneLine>")]
    package: Option<Spanned<OneLine>>,
}

impl Behaviour for SpecPrependLines {
    fn contradiction(&self) -> Option<String> {
        let lonely = package_needs_section(self.section.as_ref(), self.package.as_ref());
        lonely.or_else(|| open_lines(&self.lines))
    }

    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        match section_id(self.section.as_ref(), self.package.as_ref()) {
            None => {
                sources.spec.prepend_lines(&texts(&self.lines));
                Ok(1)
            }
            Some(id) => sources.spec.prepend_to_section(&id, &texts(&self.lines)).map_err(|error| site.edit(&error)),
        }
    }

    fn apply_as_azldev(&self, sources: &mut Sources, site: &Site<'_>) -> Option<Result<(), Diagnostic>> {
        Some(as_azldev::edit_spec(sources, site, |spec| match &self.section {
            None => {
                spec.prepend_lines(&texts(&self.lines));
                Ok(())
            }
            Some(section) => {
                let package = as_azldev::package(self.package.as_ref());
                spec.prepend_to_section(section.get_ref().as_written(), package, &texts(&self.lines))
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, check_azldev, check_azldev_refuses, refused};

    #[test]
    fn lines_follow_every_matching_header_or_open_the_file() {
        let toml = "type = 'spec-prepend-lines'\nsection = '%build'\nlines = ['a', 'b']\n";
        check(
            toml,
            "%if x\n%build\nc\n%else\n%Build\nd\n%endif\n",
            "%if x\n%build\na\nb\nc\n%else\n%Build\na\nb\nd\n%endif\n",
        );
        refused(toml, "%prep\n", &["no section `%build`"]);
        check("type = 'spec-prepend-lines'\nlines = ['a']\n", "Name: x\n", "a\nName: x\n");
    }

    #[test]
    fn package_needs_a_section() {
        refused(
            "type = 'spec-prepend-lines'\npackage = 'x'\nlines = ['a']\n",
            "",
            &["error[overlay-contradiction]: `package` without `section`"],
        );
    }

    #[test]
    fn azldev_compares_headers_in_the_case_they_are_written_in() {
        check_azldev(
            "type = 'spec-prepend-lines'\nsection = '%build'\nlines = ['a']\n",
            "%Build\nb\n%build\nc\n",
            "%Build\nb\n%build\na\nc\n",
            "`a` is not on line 2",
        );
        check_azldev(
            "type = 'spec-prepend-lines'\nsection = '%BUILD'\nlines = ['a']\n",
            "%BUILD\nb\n%build\nc\n",
            "%BUILD\na\nb\n%build\nc\n",
            "`a` is not on line 5",
        );
    }

    #[test]
    fn azldev_never_ends_where_the_lines_end_with_the_header() {
        let toml = "type = 'spec-prepend-lines'\nsection = '%build'\nlines = ['a', '%build']\n";
        check_azldev_refuses(toml, "%build\nc\n", "%build\na\n%build\nc\n", "header of the same section");
    }

    #[test]
    fn text_that_is_no_lines_is_refused() {
        let toml = "type = 'spec-prepend-lines'\nlines = ['x', \"TEXT\"]\n";
        refused(&toml.replace("TEXT", "a\\r"), "", &["no carriage return and no NUL", "o/x.comp.toml:2:9"]);
        refused(&toml.replace("TEXT", "%{lua:"), "", &["overlay-contradiction", "`lines` leave a macro open"]);
        check(&toml.replace("TEXT", "a\\nb"), "", "x\na\nb\n");
    }
}
