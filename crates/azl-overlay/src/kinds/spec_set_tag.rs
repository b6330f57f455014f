//! `spec-set-tag`: gives a tag a value, adding the tag if the package has none.
//!
//! Otherwise as `spec-update-tag` or `spec-add-tag`.

use azl_diagnostics::Diagnostic;
use serde::Deserialize;
use toml::Spanned;

use super::{Behaviour, as_azldev, scope::package_name};
use crate::site::Site;
use crate::sources::Sources;
use crate::values::{OneLine, TagName};

/// Updates or adds a tag.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpecSetTag {
    /// Tag, e.g. `URL`.
    #[schemars(with = "TagName")]
    tag: Spanned<TagName>,
    /// Value as it stands behind the colon.
    #[schemars(with = "OneLine")]
    value: Spanned<OneLine>,
    /// Sub-package qualifier; the main package if absent.
    #[schemars(with = "Option<OneLine>")]
    package: Option<Spanned<OneLine>>,
}

impl Behaviour for SpecSetTag {
    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let package = package_name(self.package.as_ref());
        let (package, tag, value) = (package.as_deref(), self.tag.get_ref().as_str(), self.value.get_ref().as_str());
        let set = match sources.spec.has_tag(package, tag) {
            true => sources.spec.update_tag(package, tag, value),
            false => sources.spec.add_tag(package, tag, value).map(|()| 1),
        };
        set.map_err(|error| site.edit(&error))
    }

    fn apply_as_azldev(&self, sources: &mut Sources, site: &Site<'_>) -> Option<Result<(), Diagnostic>> {
        let (tag, value) = (self.tag.get_ref().as_str(), self.value.get_ref().as_str());
        Some(as_azldev::edit_spec(sources, site, |spec| {
            spec.set_tag(as_azldev::package(self.package.as_ref()), tag, value)
        }))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, check_azldev, refused};

    #[test]
    fn tag_is_updated_or_added() {
        let toml = "type = 'spec-set-tag'\ntag = 'URL'\nvalue = 'u'\n";
        check(toml, "url: v\n%prep\n", "URL: u\n%prep\n");
        check(toml, "Name: x\n%prep\n", "Name: x\nURL: u\n%prep\n");
        refused(toml, "URL: u\n", &["overlay `spec-set-tag` changes nothing", "hint: upstream already has it"]);
    }

    #[test]
    fn azldev_does_not_see_a_tag_with_a_blank_before_its_colon() {
        check_azldev(
            "type = 'spec-set-tag'\ntag = 'URL'\nvalue = 'u'\n",
            "URL : v\n%prep\n",
            "URL : v\nURL: u\n%prep\n",
            "line 1 is `URL : v` in addition",
        );
    }
}
