//! `patch-add`: adds a patch file and names it in the spec.
//!
//! The name goes to the end of `%patchlist` if there is one, else to a `PatchN` tag with the number after the highest
//! (bare `Patch:` tags count as rpm numbers them, which azldev gets wrong in specs that mix both). It is applied by the
//! spec's `%autosetup`; a spec with single `%patch` lines needs one more.

use azl_diagnostics::Diagnostic;
use azl_spec::{SectionId, SectionName};
use serde::Deserialize;
use toml::Spanned;

use super::{Behaviour, as_azldev, scope::package_name};
use crate::file_set::FileEntry;
use crate::site::Site;
use crate::sources::Sources;
use crate::values::{FileName, OneLine};

/// Adds a patch.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatchAdd {
    /// Patch file, relative to the file of the overlay.
    #[schemars(with = "String")]
    source: Spanned<String>,
    /// Name beside the spec; the source's own name if absent.
    #[schemars(with = "Option<FileName>")]
    file: Option<Spanned<FileName>>,
    /// Sub-package whose tags name it; the main package if absent.
    #[schemars(with = "Option<OneLine>")]
    package: Option<Spanned<OneLine>>,
}

impl PatchAdd {
    fn file_name(&self) -> &str {
        let own = || self.source.get_ref().rsplit('/').next().unwrap_or_default();
        self.file.as_ref().map_or_else(own, |file| file.get_ref().as_str())
    }

    fn register(&self, sources: &mut Sources) -> Result<(), azl_spec::EditError> {
        let file = self.file_name();
        if sources.spec.has_section(SectionName::PATCHLIST) {
            let id = SectionId { name: SectionName::PATCHLIST, package: None };
            return sources.spec.append_to_section(&id, &[file.to_owned()]).map(drop);
        }
        let tag = format!("Patch{}", sources.spec.next_patch_number());
        sources.spec.add_tag(package_name(self.package.as_ref()).as_deref(), &tag, file)
    }

    /// Adds the patch without its mode.
    fn add_as_azldev(&self, sources: &mut Sources, site: &Site<'_>) -> as_azldev::Outcome {
        let file = self.file_name();
        let entry = site.authored(&self.source)?;
        if as_azldev::exists(sources, file) {
            return Err(as_azldev::refuse(site, format!("file exists already: `{file}`")));
        }
        sources.files.insert(file, FileEntry::new(entry.bytes));
        as_azldev::edit_spec(sources, site, |spec| spec.add_patch(as_azldev::package(self.package.as_ref()), file))
    }
}

impl Behaviour for PatchAdd {
    fn may_touch(&self, file: &str) -> bool {
        self.file_name() == file
    }

    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let entry = site.authored(&self.source)?;
        let file = self.file_name();
        if sources.files.contains(file) {
            let message = format!("patch exists already: `{file}`");
            return Err(site.refuse_at(self.source.span(), "overlay-file-exists", message));
        }
        sources.files.insert(file, entry);
        self.register(sources).map(|()| 1).map_err(|error| site.edit(&error))
    }

    fn apply_as_azldev(&self, sources: &mut Sources, site: &Site<'_>) -> Option<Result<(), Diagnostic>> {
        Some(self.add_as_azldev(sources, site))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, check_azldev, refused};

    const TOML: &str = "type = 'patch-add'\nsource = 'd/a.patch'\n";

    #[test]
    fn patch_gets_the_next_number_or_a_line_in_the_list() {
        check(
            TOML,
            "Patch0: p\nPatch: q\n//- o/d/a.patch\n+\n",
            "Patch0: p\nPatch: q\nPatch2: a.patch\n//- a.patch\n+\n",
        );
        check(
            TOML,
            "Name: x\n%patchlist\np\n\n%prep\n//- o/d/a.patch\n+\n",
            "Name: x\n%patchlist\np\n\na.patch\n%prep\n//- a.patch\n+\n",
        );
    }

    #[test]
    fn missing_and_existing_files_are_refused() {
        refused(TOML, "Name: x\n", &["no file `o/d/a.patch`", "o/x.comp.toml:2:10"]);
        refused(TOML, "Name: x\n//- a.patch\n-\n//- o/d/a.patch\n+\n", &["patch exists already: `a.patch`"]);
    }

    #[test]
    fn azldev_numbers_bare_patches_from_zero_and_knows_one_spelling_of_the_list() {
        check_azldev(
            TOML,
            "Patch0: p\nPatch: q\nPatch: r\n//- o/d/a.patch\n+\n",
            "Patch0: p\nPatch: q\nPatch: r\nPatch2: a.patch\n//- a.patch\n+\n",
            "line 4 is `Patch2: a.patch`, not `Patch3: a.patch`",
        );
        check_azldev(
            TOML,
            "%PatchList\np\n//- o/d/a.patch\n+\n",
            "Patch0: a.patch\n%PatchList\np\n//- a.patch\n+\n",
            "`%PatchList` comes on line 2",
        );
    }
}
