//! `spec-remove-section`: deletes a section of one package, keeping the conditionals around it balanced.
//!
//! All sections with this name and package go, in every `%if` branch. Text that is the section's only under some
//! condition, such as a line behind the `%endif` of its branch, makes the overlay refused. Macros that open sections of
//! their own, such as `%gopkgfiles`, stay. A macro definition stays where it stood unless only the section uses it.
//! `expect` counts sections.
//!
//! **Invariant:** never edits text outside the section; refuses rather than guesses.

use azl_diagnostics::Diagnostic;
use azl_spec::SectionId;
use serde::Deserialize;
use toml::Spanned;

use super::{Behaviour, as_azldev, scope::package_name};
use crate::site::Site;
use crate::sources::Sources;
use crate::values::{OneLine, SectionRef};

/// Removes a section.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpecRemoveSection {
    /// Section, e.g. `%check`.
    #[schemars(with = "SectionRef")]
    section: Spanned<SectionRef>,
    /// Sub-package qualifier; the main package if absent.
    #[schemars(with = "Option<OneLine>")]
    package: Option<Spanned<OneLine>>,
}

impl Behaviour for SpecRemoveSection {
    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let id = SectionId { name: self.section.get_ref().0, package: package_name(self.package.as_ref()) };
        sources.spec.remove_section(&id).map_err(|error| site.edit(&error))
    }

    fn apply_as_azldev(&self, sources: &mut Sources, site: &Site<'_>) -> Option<Result<(), Diagnostic>> {
        let section = self.section.get_ref().as_written();
        Some(as_azldev::edit_spec(sources, site, |spec| {
            spec.remove_section(section, as_azldev::package(self.package.as_ref()))
        }))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, check_azldev, check_azldev_refuses, refused};

    #[test]
    fn section_goes_and_conditionals_stay() {
        let toml = "type = 'spec-remove-section'\nsection = '%files'\npackage = 'y'\n";
        let spec = "%files\n/a\n%if x\n%files y\n/b\n%endif\n%changelog\n";
        check(toml, spec, "%files\n/a\n%if x\n%endif\n%changelog\n");
        refused(toml, "%files\n", &["no section `%files y`"]);
    }

    #[test]
    fn section_that_leaves_its_branch_is_refused() {
        let toml = "type = 'spec-remove-section'\nsection = '%check'\n";
        refused(toml, "%if x\n%check\na\n%endif\nb\n%files\n", &["overlay-refused", "at line 5"]);
    }

    #[test]
    fn azldev_removes_macros_that_are_used_elsewhere() {
        check_azldev(
            "type = 'spec-remove-section'\nsection = '%check'\n",
            "%check\n%define m 1\n%files\n%{m}\n",
            "%files\n%{m}\n",
            "`%define m 1` is not on line 1",
        );
    }

    #[test]
    fn azldev_wants_conditionals_of_macro_bodies_paired_and_nothing_behind_a_branch() {
        let toml = "type = 'spec-remove-section'\nsection = '%check'\n";
        let body = "%global m() \\\n%if x \\\n%endif\\\n%{nil}\n";
        let spec = format!("{body}%check\na\n");
        check_azldev_refuses(toml, &spec, body, "the conditional at line 2 has no partner");
        check_azldev_refuses(
            toml,
            "%if a\n%check\nx\n%endif\n\n%gopkgfiles\n%changelog\n",
            "%if a\n%endif\n\n%gopkgfiles\n%changelog\n",
            "the section at line 2 and an `%if` block overlap",
        );
    }
}
