//! `patch-remove`: removes patches by file name, from the spec and from beside it.
//!
//! Numbered and bare `Patch` tags and `%patchlist` lines are removed, also where the value is an address whose last
//! part is the file (azldev misses bare tags and addresses). Lines that apply only such a patch (`%patch 3 -p1`) go
//! with it; a line that names it in another way, as `%{PATCH3}` does, makes the overlay refused. `expect` counts
//! patches.

use azl_diagnostics::Diagnostic;
use azl_spec::SourceRef;
use serde::Deserialize;
use toml::Spanned;

use super::{Behaviour, as_azldev};
use crate::azldev_glob::{AzldevGlob, Subject};
use crate::site::Site;
use crate::sources::Sources;
use crate::values::FileGlob;

/// Removes patches.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatchRemove {
    /// Glob over patch file names.
    #[schemars(with = "FileGlob")]
    file: Spanned<FileGlob>,
}

impl PatchRemove {
    /// Removes numbered tags and lines, and the files; there must be some of each.
    fn remove_as_azldev(&self, sources: &mut Sources, site: &Site<'_>) -> as_azldev::Outcome {
        let paths = as_azldev::matching(sources, self.file.get_ref(), site)?;
        let glob = AzldevGlob::new(self.file.get_ref().as_str(), Subject::Values);
        let matches = |value: &str| glob.as_ref().is_some_and(|glob| glob.matches(value));
        as_azldev::edit_spec(sources, site, |spec| spec.remove_patches(matches))?;
        for path in paths {
            sources.files.remove(&path);
        }
        Ok(())
    }
}

impl Behaviour for PatchRemove {
    fn may_touch(&self, file: &str) -> bool {
        self.file.get_ref().matches(file)
    }

    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let glob = self.file.get_ref();
        let named = |patch: &SourceRef| glob.matches(&patch.value) || glob.matches(patch.file_name());
        let places = sources.spec.remove_patches(named).map_err(|error| site.edit(&error))?;
        if places == 0 {
            let message = format!("overlay `patch-remove` does not apply: the spec names no patch `{}`", glob.as_str());
            return Err(site.refuse_at(self.file.span(), "overlay-no-match", message));
        }
        for path in sources.matching(glob) {
            sources.files.remove(&path);
        }
        Ok(places)
    }

    fn apply_as_azldev(&self, sources: &mut Sources, site: &Site<'_>) -> Option<Result<(), Diagnostic>> {
        Some(self.remove_as_azldev(sources, site))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, check_azldev, check_azldev_refuses, refused};

    #[test]
    fn patch_goes_however_it_is_named() {
        let toml = "type = 'patch-remove'\nfile = '**/a*.patch'\n";
        let spec = "Patch0: a1.patch\nPatch: https://x/a2.patch\nPatch: b.patch\n%patchlist\na3.patch\n";
        let files = "//- a1.patch\n-\n//- b.patch\n-\n";
        check(toml, &format!("{spec}{files}"), "Patch: b.patch\n%patchlist\n//- b.patch\n-\n");
        refused(toml, "Name: x\n", &["the spec names no patch `**/a*.patch`"]);
    }

    #[test]
    fn azldev_keeps_bare_patches_and_addresses() {
        check_azldev(
            "type = 'patch-remove'\nfile = 'a*.patch'\n",
            "Patch0: a1.patch\nPatch: a2.patch\nPatch3: https://x/a3.patch\n%patchlist\na4.patch\n//- a1.patch\n-\n",
            "Patch: a2.patch\nPatch3: https://x/a3.patch\n%patchlist\n",
            "line 1 is `Patch: a2.patch` in addition",
        );
    }

    #[test]
    fn azldev_wants_the_patch_beside_the_spec() {
        let toml = "type = 'patch-remove'\nfile = 'a.patch'\n";
        check_azldev_refuses(toml, "Patch0: a.patch\nA: b\n", "A: b\n", "no file `a.patch`");
    }

    #[test]
    fn lines_that_apply_it_go_and_other_uses_are_refused() {
        let toml = "type = 'patch-remove'\nfile = 'a.patch'\n";
        let spec = "Patch0: b.patch\nPatch1: a.patch\n%prep\n%patch 0 -p1\n%patch 1 -p1\n";
        check(toml, spec, "Patch0: b.patch\n%prep\n%patch 0 -p1\n");
        let used = spec.replace("%patch 1 -p1", "patch < %{PATCH1}");
        refused(toml, &used, &["overlay-refused", "patch 1 is used at line 5"]);
    }
}
