//! `spec-add-tag`: adds a tag at the end of a package's tags.
//!
//! The tag may exist already: several `Requires` are usual. It goes behind the last line of the preamble or of
//! `%package`, but, unlike in azldev, never behind an `%if` that guards the next section, where it would come under a
//! condition nobody asked for.

use azl_diagnostics::Diagnostic;
use serde::Deserialize;
use toml::Spanned;

use super::{Behaviour, as_azldev, scope::package_name};
use crate::site::Site;
use crate::sources::Sources;
use crate::values::{OneLine, TagName};

/// Adds a tag.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpecAddTag {
    /// Tag, e.g. `BuildRequires`.
    #[schemars(with = "TagName")]
    tag: Spanned<TagName>,
    /// Value as it stands behind the colon.
    #[schemars(with = "OneLine")]
    value: Spanned<OneLine>,
    /// Sub-package qualifier; the main package if absent.
    #[schemars(with = "Option<OneLine>")]
    package: Option<Spanned<OneLine>>,
}

impl Behaviour for SpecAddTag {
    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let package = package_name(self.package.as_ref());
        let added =
            sources.spec.add_tag(package.as_deref(), self.tag.get_ref().as_str(), self.value.get_ref().as_str());
        added.map(|()| 1).map_err(|error| site.edit(&error))
    }

    fn apply_as_azldev(&self, sources: &mut Sources, site: &Site<'_>) -> Option<Result<(), Diagnostic>> {
        let (tag, value) = (self.tag.get_ref().as_str(), self.value.get_ref().as_str());
        Some(as_azldev::edit_spec(sources, site, |spec| {
            spec.add_tag(as_azldev::package(self.package.as_ref()), tag, value)
        }))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, check_azldev, refused};

    #[test]
    fn tag_is_added_behind_blank_lines_but_before_a_guard() {
        let toml = "type = 'spec-add-tag'\ntag = 'BuildRequires'\nvalue = 'make'\n";
        check(toml, "Name: x\n\n%description\n", "Name: x\n\nBuildRequires: make\n%description\n");
        check(
            toml,
            "Name: x\n%if a\n%package y\n%endif\n",
            "Name: x\nBuildRequires: make\n%if a\n%package y\n%endif\n",
        );
    }

    #[test]
    fn package_must_exist() {
        let toml = "type = 'spec-add-tag'\ntag = 'Requires'\nvalue = 'y'\npackage = 'devel'\n";
        check(toml, "Name: x\n%package devel\nA: b\n%prep\n", "Name: x\n%package devel\nA: b\nRequires: y\n%prep\n");
        refused(toml, "Name: x\n", &["no section `%package` for `devel`", "o/x.comp.toml:1:8"]);
    }

    #[test]
    fn azldev_puts_the_tag_under_the_guard_of_the_next_section() {
        check_azldev(
            "type = 'spec-add-tag'\ntag = 'BuildRequires'\nvalue = 'make'\n",
            "Name: x\n\n%if a\n%package y\n%endif\n",
            "Name: x\n\n%if a\nBuildRequires: make\n%package y\n%endif\n",
            "`BuildRequires: make` comes under the condition at line 3",
        );
    }

    #[test]
    fn azldev_adds_to_every_declaration_of_the_package() {
        check_azldev(
            "type = 'spec-add-tag'\ntag = 'Requires'\nvalue = 'z'\npackage = 'y'\n",
            "%package y\nA: b\n%package y\n%description y\n",
            "%package y\nA: b\nRequires: z\n%package y\nRequires: z\n%description y\n",
            "line 5 is `Requires: z` in addition",
        );
    }
}
