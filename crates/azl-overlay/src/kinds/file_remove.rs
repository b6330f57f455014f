//! `file-remove`: removes files beside the spec or, with `archive`, inside a source archive; at least one must match.

use azl_diagnostics::Diagnostic;
use serde::Deserialize;
use toml::Spanned;

use super::{Behaviour, as_azldev};
use crate::archive::{ArchiveName, Edit, InArchive};
use crate::site::Site;
use crate::sources::Sources;
use crate::values::FileGlob;

/// Removes files.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileRemove {
    /// Glob over paths beside the spec or in the archive.
    #[schemars(with = "FileGlob")]
    file: Spanned<FileGlob>,
    /// Archive in which to remove them.
    #[schemars(with = "Option<String>")]
    archive: Option<Spanned<ArchiveName>>,
}

impl Behaviour for FileRemove {
    fn in_archive(&self) -> Option<InArchive<'_>> {
        let archive = self.archive.as_ref()?;
        Some(InArchive { archive, edit: Edit::Remove { files: &self.file } })
    }

    fn may_touch(&self, file: &str) -> bool {
        self.file.get_ref().matches(file)
    }

    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let paths = sources.matching(self.file.get_ref());
        if paths.is_empty() {
            let message = format!("overlay `file-remove` does not apply: no file `{}`", self.file.get_ref().as_str());
            return Err(site.refuse_at(self.file.span(), "overlay-no-match", message));
        }
        for path in &paths {
            sources.files.remove(path);
        }
        Ok(paths.len())
    }

    fn apply_as_azldev(&self, sources: &mut Sources, site: &Site<'_>) -> Option<Result<(), Diagnostic>> {
        if self.archive.is_some() {
            return None;
        }
        let paths = as_azldev::matching(sources, self.file.get_ref(), site);
        Some(paths.map(|paths| paths.iter().for_each(|path| drop(sources.files.remove(path)))))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, check_azldev, refused};

    #[test]
    fn matching_files_go() {
        check("type = 'file-remove'\nfile = '*.x'\n", "//- a.x\n1\n//- b.y\n2\n", "//- b.y\n2\n");
        refused("type = 'file-remove'\nfile = '*.x'\n", "//- b.y\n2\n", &["no file `*.x`"]);
        refused(
            "type = 'file-remove'\nfile = '*.x'\narchive = 'a.tar.gz'\n",
            "//- a.x\n1\n",
            &["changes files inside `a.tar.gz`", "o/x.comp.toml:1:8"],
        );
        refused(
            "type = 'file-remove'\nfile = '*.x'\narchive = 'a.zip'\n",
            "//- a.x\n1\n",
            &["cannot change files inside `a.zip`: it is a zip file", "o/x.comp.toml:3:11"],
        );
    }

    #[test]
    fn azldev_keeps_other_specs_and_the_git_directory() {
        let toml = "type = 'file-remove'\nfile = '**/*'\n";
        let kept = "//- .git/x\n1\n//- b.spec\n3\n";
        check_azldev(toml, "//- .git/x\n1\n//- a\n2\n//- b.spec\n3\n", kept, "the file `.git/x` is there");
    }

    #[test]
    fn azldev_finds_a_file_by_its_own_spelling_only_without_wildcards() {
        let toml = "type = 'file-remove'\nfile = 'a\\x2d'\n";
        check(toml, "//- a\\x2d\n1\n//- b\n1\n", "//- b\n1\n");
        check_azldev(toml, "//- a\\x2d\n1\n//- ax2d\n1\n", "//- ax2d\n1\n", "the file `ax2d` is there");
    }
}
