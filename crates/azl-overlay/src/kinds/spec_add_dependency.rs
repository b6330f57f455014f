//! `spec-add-dependency`: adds one dependency to a package, in a tag line of its own.
//!
//! The line goes behind the last tag of that name, under no condition of its own. A dependency that the package has
//! already, with the same version and under no condition, is refused. One overlay adds one dependency: `a, b` needs
//! two. `expect` is 1.

use azl_diagnostics::Diagnostic;
use serde::Deserialize;
use toml::Spanned;

use super::{Behaviour, scope::package_name};
use crate::site::Site;
use crate::sources::Sources;
use crate::values::{DependencyTag, OneLine};

/// Adds a dependency.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpecAddDependency {
    /// Tag, e.g. `BuildRequires` or `Requires(post)`.
    #[schemars(with = "DependencyTag")]
    tag: Spanned<DependencyTag>,
    /// Dependency with its version, e.g. `openssl >= 3`.
    #[schemars(with = "OneLine")]
    dependency: Spanned<OneLine>,
    /// Sub-package qualifier; the main package if absent.
    #[schemars(with = "Option<OneLine>")]
    package: Option<Spanned<OneLine>>,
}

impl Behaviour for SpecAddDependency {
    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let package = package_name(self.package.as_ref());
        let (tag, dependency) = (self.tag.get_ref().as_str(), self.dependency.get_ref().as_str().trim());
        let added = sources.spec.add_dependency(package.as_deref(), tag, dependency);
        added.map(|()| 1).map_err(|error| site.edit(&error))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, refused};

    const TOML: &str = "type = 'spec-add-dependency'\ntag = 'BuildRequires'\ndependency = 'b >= 1'\n";

    #[test]
    fn line_follows_its_family() {
        check(
            TOML,
            "BuildRequires: a\nURL: u\n%description\n",
            "BuildRequires: a\nBuildRequires: b >= 1\nURL: u\n%description\n",
        );
        let package = format!("{TOML}package = 'y'\n");
        check(&package, "A: b\n%package y\nS: t\n%prep\n", "A: b\n%package y\nS: t\nBuildRequires: b >= 1\n%prep\n");
    }

    #[test]
    fn what_is_there_or_not_one_dependency_is_refused() {
        refused(TOML, "BuildRequires: a, b  >= 1, c\n", &["overlay-no-effect", "`b >= 1` is there at line 1"]);
        check(TOML, "BuildRequires: b\n", "BuildRequires: b\nBuildRequires: b >= 1\n");
        refused(&TOML.replace("b >= 1", "b c"), "", &["`b c` is not one dependency"]);
        refused(&TOML.replace("BuildRequires", "URL"), "", &["no tag of dependencies: `URL`", "o/x.comp.toml:2:7"]);
        refused(&format!("{TOML}package = 'y'\n"), "", &["overlay-no-match", "no section `%package` for `y`"]);
    }
}
