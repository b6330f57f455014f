//! `spec-remove-tag`: removes every instance of a tag, or those with one value.
//!
//! The value is compared whole and in any case; `Requires: a, b` is one value. An `%if` block that becomes empty stays.

use azl_diagnostics::Diagnostic;
use serde::Deserialize;
use toml::Spanned;

use super::{Behaviour, as_azldev, scope::package_name};
use crate::site::Site;
use crate::sources::Sources;
use crate::values::{OneLine, TagName};

/// Removes a tag.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpecRemoveTag {
    /// Tag, e.g. `Requires`.
    #[schemars(with = "TagName")]
    tag: Spanned<TagName>,
    /// Only instances with this value.
    #[schemars(with = "Option<OneLine>")]
    value: Option<Spanned<OneLine>>,
    /// Sub-package qualifier; the main package if absent.
    #[schemars(with = "Option<OneLine>")]
    package: Option<Spanned<OneLine>>,
}

impl Behaviour for SpecRemoveTag {
    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let package = package_name(self.package.as_ref());
        let value = self.value.as_ref().map(|value| value.get_ref().as_str()).filter(|value| !value.is_empty());
        let removed = sources.spec.remove_tag(package.as_deref(), self.tag.get_ref().as_str(), value);
        removed.map_err(|error| site.edit(&error))
    }

    fn apply_as_azldev(&self, sources: &mut Sources, site: &Site<'_>) -> Option<Result<(), Diagnostic>> {
        let tag = self.tag.get_ref().as_str();
        let value = self.value.as_ref().map_or("", |value| value.get_ref().as_str());
        Some(as_azldev::edit_spec(sources, site, |spec| {
            spec.remove_tag(as_azldev::package(self.package.as_ref()), tag, value)
        }))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, check_azldev, refused};

    #[test]
    fn only_the_named_value_goes() {
        let toml = "type = 'spec-remove-tag'\ntag = 'Requires'\nvalue = 'A'\npackage = 'y'\n";
        let spec = "Requires: a\n%package y\nRequires: a\nRequires: a, b\n";
        check(toml, spec, "Requires: a\n%package y\nRequires: a, b\n");
        refused(toml, "%package y\nRequires: b\n", &["no tag `Requires` with value `A`"]);
    }

    #[test]
    fn azldev_removes_lines_of_macro_bodies() {
        check_azldev(
            "type = 'spec-remove-tag'\ntag = 'Requires'\n",
            "%global m() \\\nRequires: a \\\n%{nil}\nRequires: a\n",
            "%global m() \\\n%{nil}\n",
            "`Requires: a \\` is not on line 2",
        );
    }
}
