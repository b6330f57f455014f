//! `spec-remove-subpackage`: deletes every section of one sub-package.
//!
//! The package may be named in any spelling and goes in all of them: `devel` of `%files devel`, `%{name}-devel` and, if
//! `Name` is `foo`, `foo-devel` of `%files -n foo-devel`. `%ldconfig_scriptlets` and its like go with the package they
//! name. A package that is the main one, at least under some condition, is refused. What stays and what is refused is
//! as for `spec-remove-section`. `expect` counts sections.

use azl_diagnostics::Diagnostic;
use serde::Deserialize;
use toml::Spanned;

use super::{Behaviour, as_azldev};
use crate::site::Site;
use crate::sources::Sources;
use crate::values::OneLine;

/// Removes a sub-package.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpecRemoveSubpackage {
    /// Sub-package qualifier.
    #[schemars(with = "OneLine")]
    package: Spanned<OneLine>,
}

impl Behaviour for SpecRemoveSubpackage {
    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let package = self.package.get_ref().as_str();
        sources.spec.remove_subpackage(package).map_err(|error| site.edit(&error))
    }

    fn apply_as_azldev(&self, sources: &mut Sources, site: &Site<'_>) -> Option<Result<(), Diagnostic>> {
        let package = self.package.get_ref().as_str();
        Some(as_azldev::edit_spec(sources, site, |spec| spec.remove_subpackage(package)))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, check_azldev, refused};

    #[test]
    fn all_sections_of_the_package_go() {
        let toml = "type = 'spec-remove-subpackage'\npackage = 'y'\n";
        let spec = "Name: x\n%package y\nSummary: s\n%description y\nd\n%files\n/a\n%post y\ntrue\n%files y\n/b\n";
        check(toml, spec, "Name: x\n%files\n/a\n");
        refused(toml, "Name: x\n", &["no section belongs to `y`"]);
    }

    #[test]
    fn azldev_removes_definitions_that_are_used_elsewhere() {
        check_azldev(
            "type = 'spec-remove-subpackage'\npackage = 'y'\n",
            "%package y\nA: b\n%global m 1\n%files\n%{m}\n%Post y\n",
            "%files\n%{m}\n",
            "`%global m 1` is not on line 1",
        );
    }

    #[test]
    fn all_spellings_of_the_package_go() {
        let spec = "Name: x\n%package y\n%description -n %{name}-y\nd\n%files -n x-y\n/b\n%files -n y\n/c\n";
        for package in ["x-y", "%{name}-y"] {
            let toml = format!("type = 'spec-remove-subpackage'\npackage = '{package}'\nexpect = 3\n");
            check(&toml, spec, "Name: x\n%files -n y\n/c\n");
        }
        check("type = 'spec-remove-subpackage'\npackage = 'y'\n", spec, "Name: x\n");
    }
}
