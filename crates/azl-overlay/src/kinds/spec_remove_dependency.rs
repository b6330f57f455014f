//! `spec-remove-dependency`: removes the dependencies of a package on one name.
//!
//! Lists are parted as rpm does: `Requires: a, b >= 1, (c if d)` has three entries. Entries with this name go with
//! their versions, in every `%if` branch and in `%{?x:Requires: …}`; the rest of a line stays as it is, and a tag with
//! nothing left goes. `foo` is also found as `foo%{?_isa}`; other macros are compared as written. A dependency in
//! parentheses goes only if `name` is all of it: a name that is only within parentheses is refused. `expect` counts
//! entries.

use azl_diagnostics::Diagnostic;
use serde::Deserialize;
use toml::Spanned;

use super::{Behaviour, scope::package_name};
use crate::site::Site;
use crate::sources::Sources;
use crate::values::{DependencyTag, OneLine};

/// Removes dependencies.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpecRemoveDependency {
    /// Tag, e.g. `BuildRequires` or `Requires(post)`.
    #[schemars(with = "DependencyTag")]
    tag: Spanned<DependencyTag>,
    /// Name without version, e.g. `openssl` or `pkgconfig(x)`.
    #[schemars(with = "OneLine")]
    name: Spanned<OneLine>,
    /// Sub-package qualifier; the main package if absent.
    #[schemars(with = "Option<OneLine>")]
    package: Option<Spanned<OneLine>>,
}

impl Behaviour for SpecRemoveDependency {
    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let package = package_name(self.package.as_ref());
        let (tag, name) = (self.tag.get_ref().as_str(), self.name.get_ref().as_str().trim());
        sources.spec.remove_dependency(package.as_deref(), tag, name).map_err(|error| site.edit(&error))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, refused};

    const TOML: &str = "type = 'spec-remove-dependency'\ntag = 'Requires'\nname = 'b'\n";

    #[test]
    fn entries_go_and_lines_with_them_if_empty() {
        check(
            &format!("{TOML}expect = 3\n"),
            "Requires:  a, b >= 1,  (c if d)\n%if x\nRequires: b%{?_isa}\n%endif\nRequires: b\tbb\nBuildRequires: b\n",
            "Requires:  a, (c if d)\n%if x\n%endif\nRequires: bb\nBuildRequires: b\n",
        );
        check(&TOML.replace("'b'", "'(c if d)'"), "Requires: (c  if d) a\n", "Requires: a\n");
    }

    #[test]
    fn no_entry_or_one_within_parentheses_is_refused() {
        refused(TOML, "Requires: bb\n", &["overlay-no-match", "no `Requires` names `b`", "o/x.comp.toml:1:8"]);
        refused(TOML, "Requires: (a or b)\n", &["overlay-no-match", "part of another dependency at line 1"]);
    }
}
