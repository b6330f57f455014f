//! `spec-append-lines`: puts lines at the end of a section or of the spec.
//!
//! With `section`: at the end of every section that matches, still under the conditions of its header and before an
//! `%if` that guards the next section (azldev puts them behind such an `%if` or `%endif`, under a foreign condition).
//! Without: at the very end of the file, which is usually the changelog.

use azl_diagnostics::Diagnostic;
use serde::Deserialize;
use toml::Spanned;

use super::scope::{open_lines, package_needs_section, section_id, texts};
use super::{Behaviour, as_azldev};
use crate::site::Site;
use crate::sources::Sources;
use crate::values::{OneLine, SectionRef, SpecText};

/// Appends lines.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpecAppendLines {
    /// The lines, without line ends; one with newlines is several.
    lines: Vec<SpecText>,
    /// Section, e.g. `%install`; the whole spec if absent.
    #[schemars(with = "Option<SectionRef>")]
    section: Option<Spanned<SectionRef>>,
    /// Sub-package qualifier of the section; the main package if absent.
    #[schemars(with = "Option<OneLine>")]
    package: Option<Spanned<OneLine>>,
}

impl Behaviour for SpecAppendLines {
    fn contradiction(&self) -> Option<String> {
        let lonely = package_needs_section(self.section.as_ref(), self.package.as_ref());
        lonely.or_else(|| open_lines(&self.lines))
    }

    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        match section_id(self.section.as_ref(), self.package.as_ref()) {
            None => {
                sources.spec.append_lines(&texts(&self.lines));
                Ok(1)
            }
            Some(id) => sources.spec.append_to_section(&id, &texts(&self.lines)).map_err(|error| site.edit(&error)),
        }
    }

    fn apply_as_azldev(&self, sources: &mut Sources, site: &Site<'_>) -> Option<Result<(), Diagnostic>> {
        Some(as_azldev::edit_spec(sources, site, |spec| match &self.section {
            None => {
                spec.append_lines(&texts(&self.lines));
                Ok(())
            }
            Some(section) => {
                let package = as_azldev::package(self.package.as_ref());
                spec.append_to_section(section.get_ref().as_written(), package, &texts(&self.lines))
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, check_azldev, refused};

    const TOML: &str = "type = 'spec-append-lines'\nsection = '%files'\nlines = ['/b']\n";

    #[test]
    fn lines_end_the_section_without_a_foreign_condition() {
        check(TOML, "%files\n/a\n\n%changelog\n", "%files\n/a\n\n/b\n%changelog\n");
        check(TOML, "%files\n/a\n\n%if x\n%files y\n%endif\n", "%files\n/a\n\n/b\n%if x\n%files y\n%endif\n");
        check(TOML, "%if x\n%files\n/a\n%endif\n%changelog\n", "%if x\n%files\n/a\n/b\n%endif\n%changelog\n");
    }

    #[test]
    fn misspelt_section_gets_a_suggestion() {
        let toml = "type = 'spec-append-lines'\nsection = '%file'\nlines = ['/b']\n";
        refused(toml, "%files\n", &["no such section: `%file`, did you mean `%files`?", "o/x.comp.toml:2:11"]);
    }

    #[test]
    fn azldev_puts_the_lines_behind_foreign_directives() {
        check_azldev(
            TOML,
            "%files\n/a\n\n%if x\n%files y\n%endif\n",
            "%files\n/a\n\n%if x\n/b\n%files y\n%endif\n",
            "`/b` comes under the condition at line 4",
        );
        check_azldev(
            TOML,
            "%if x\n%files\n/a\n%endif\n%changelog\n",
            "%if x\n%files\n/a\n%endif\n/b\n%changelog\n",
            "`/b` comes on line 5",
        );
    }

    #[test]
    fn text_that_is_no_lines_is_refused() {
        let toml = "type = 'spec-append-lines'\nlines = ['x', \"TEXT\"]\n";
        refused(&toml.replace("TEXT", "a\\r"), "", &["no carriage return and no NUL", "o/x.comp.toml:2:9"]);
        refused(&toml.replace("TEXT", "%{lua:"), "", &["overlay-contradiction", "`lines` leave a macro open"]);
        check(&toml.replace("TEXT", "a\\nb"), "", "x\na\nb\n");
    }
}
