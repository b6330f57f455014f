//! `spec-insert-tag`: adds a tag behind its relatives.
//!
//! `Source9` goes behind the last `SourceN` of the package, else behind the last tag, else where `spec-add-tag` would
//! put it. If that place is in an `%if`, the tag goes behind the `%endif`; if the `%if` also holds the next section,
//! before the `%if` (azldev leaves it conditional).

use azl_diagnostics::Diagnostic;
use serde::Deserialize;
use toml::Spanned;

use super::{Behaviour, as_azldev, scope::package_name};
use crate::site::Site;
use crate::sources::Sources;
use crate::values::{OneLine, TagName};

/// Adds a tag behind the last one of its family.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpecInsertTag {
    /// Tag, e.g. `Source9`.
    #[schemars(with = "TagName")]
    tag: Spanned<TagName>,
    /// Value as it stands behind the colon.
    #[schemars(with = "OneLine")]
    value: Spanned<OneLine>,
    /// Sub-package qualifier; the main package if absent.
    #[schemars(with = "Option<OneLine>")]
    package: Option<Spanned<OneLine>>,
}

impl Behaviour for SpecInsertTag {
    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let package = package_name(self.package.as_ref());
        let (tag, value) = (self.tag.get_ref().as_str(), self.value.get_ref().as_str());
        let inserted = sources.spec.insert_tag(package.as_deref(), tag, value);
        inserted.map(|()| 1).map_err(|error| site.edit(&error))
    }

    fn apply_as_azldev(&self, sources: &mut Sources, site: &Site<'_>) -> Option<Result<(), Diagnostic>> {
        let (tag, value) = (self.tag.get_ref().as_str(), self.value.get_ref().as_str());
        Some(as_azldev::edit_spec(sources, site, |spec| {
            spec.insert_tag(as_azldev::package(self.package.as_ref()), tag, value)
        }))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, check_azldev};

    #[test]
    fn tag_follows_its_family_and_leaves_conditionals() {
        let toml = "type = 'spec-insert-tag'\ntag = 'Source9'\nvalue = 's'\n";
        check(toml, "Source0: a\nURL: u\n", "Source0: a\nSource9: s\nURL: u\n");
        check(
            toml,
            "%if a\nSource0: a\n%endif\nURL: u\n%prep\n",
            "%if a\nSource0: a\n%endif\nSource9: s\nURL: u\n%prep\n",
        );
        check(toml, "Name: x\n\n%prep\n", "Name: x\nSource9: s\n\n%prep\n");
    }

    #[test]
    fn azldev_leaves_the_tag_in_a_conditional_that_holds_the_next_section() {
        check_azldev(
            "type = 'spec-insert-tag'\ntag = 'Source9'\nvalue = 's'\n",
            "%if a\nSource0: a\n%package y\n%endif\n",
            "%if a\nSource0: a\nSource9: s\n%package y\n%endif\n",
            "`Source9: s` comes under the condition at line 1",
        );
    }

    #[test]
    fn azldev_takes_lines_of_a_lua_block_for_tags() {
        check_azldev(
            "type = 'spec-insert-tag'\ntag = 'Source9'\nvalue = 's'\n",
            "Name: x\n%{lua:\nt: u\n}\n%prep\n",
            "Name: x\n%{lua:\nt: u\nSource9: s\n}\n%prep\n",
            "`Source9: s` comes on line 4",
        );
    }
}
