//! `spec-update-tag`: gives every instance of a tag in a package a new value.
//!
//! All instances change, in all `%if` branches; on a tag such as `Requires`, of which there are several, that is
//! rarely meant. The line is written as `Tag: value`, without the alignment it had.

use azl_diagnostics::Diagnostic;
use serde::Deserialize;
use toml::Spanned;

use super::{Behaviour, as_azldev, scope::package_name};
use crate::site::Site;
use crate::sources::Sources;
use crate::values::{OneLine, TagName};

/// Changes the value of a tag.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpecUpdateTag {
    /// Tag, e.g. `Release`.
    #[schemars(with = "TagName")]
    tag: Spanned<TagName>,
    /// Value as it stands behind the colon.
    #[schemars(with = "OneLine")]
    value: Spanned<OneLine>,
    /// Sub-package qualifier; the main package if absent.
    #[schemars(with = "Option<OneLine>")]
    package: Option<Spanned<OneLine>>,
}

impl Behaviour for SpecUpdateTag {
    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let package = package_name(self.package.as_ref());
        let (tag, value) = (self.tag.get_ref().as_str(), self.value.get_ref().as_str());
        sources.spec.update_tag(package.as_deref(), tag, value).map_err(|error| site.edit(&error))
    }

    fn apply_as_azldev(&self, sources: &mut Sources, site: &Site<'_>) -> Option<Result<(), Diagnostic>> {
        let (tag, value) = (self.tag.get_ref().as_str(), self.value.get_ref().as_str());
        Some(as_azldev::edit_spec(sources, site, |spec| {
            spec.update_tag(as_azldev::package(self.package.as_ref()), tag, value)
        }))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, check_azldev, refused};

    const TOML: &str = "type = 'spec-update-tag'\ntag = 'Release'\nvalue = '2%{?dist}'\n";

    #[test]
    fn every_instance_changes() {
        check(
            TOML,
            "Release:  1\n%if a\nRelease: 3\n%endif\n",
            "Release: 2%{?dist}\n%if a\nRelease: 2%{?dist}\n%endif\n",
        );
    }

    #[test]
    fn missing_tag_is_refused() {
        refused(TOML, "Name: x\n%package y\nRelease: 1\n", &["no tag `Release`"]);
    }

    #[test]
    fn azldev_replaces_one_physical_line_of_a_tag() {
        check_azldev(
            TOML,
            "#Release: 1\nRelease: %{expand:\n1\n}\n",
            "#Release: 1\nRelease: 2%{?dist}\n1\n}\n",
            "line 3 is `1` in addition",
        );
    }

    #[test]
    fn azldev_ends_every_line_with_a_plain_newline() {
        let toml = "type = 'spec-update-tag'\ntag = 'A'\nvalue = 'c'\n";
        check_azldev(toml, "A: b\r\nB: d", "A: c\nB: d\n", "every line of the spec ends with a plain newline");
    }
}
