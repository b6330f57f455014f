//! `file-add`: adds a file beside the spec. It must not exist yet; the spec is not told of it.

use azl_diagnostics::Diagnostic;
use serde::Deserialize;
use toml::Spanned;

use super::{Behaviour, as_azldev};
use crate::file_set::{FileEntry, directory_of};
use crate::site::Site;
use crate::sources::Sources;
use crate::values::RelativeFile;

/// Adds a file.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileAdd {
    /// Path beside the spec.
    #[schemars(with = "RelativeFile")]
    file: Spanned<RelativeFile>,
    /// File to copy, relative to the file of the overlay.
    #[schemars(with = "String")]
    source: Spanned<String>,
}

impl FileAdd {
    /// Adds the file without its mode, to a directory that exists.
    fn add_as_azldev(&self, sources: &mut Sources, site: &Site<'_>) -> as_azldev::Outcome {
        let entry = site.authored(&self.source)?;
        let path = self.file.get_ref().as_str();
        let directory = directory_of(path);
        if as_azldev::exists(sources, path) {
            return Err(as_azldev::refuse(site, format!("file exists already: `{path}`")));
        }
        if !directory.is_empty() && !as_azldev::exists(sources, directory) {
            return Err(as_azldev::refuse(site, format!("no directory `{directory}`")));
        }
        sources.files.insert(path, FileEntry::new(entry.bytes));
        Ok(())
    }
}

impl Behaviour for FileAdd {
    fn may_touch(&self, file: &str) -> bool {
        self.file.get_ref().as_str() == file
    }

    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let entry = site.authored(&self.source)?;
        let path = self.file.get_ref().as_str();
        if sources.files.contains(path) {
            let diagnostic =
                site.refuse_at(self.file.span(), "overlay-file-exists", format!("file exists already: `{path}`"));
            return Err(diagnostic.hint("to replace it, remove it first with `file-remove`"));
        }
        sources.files.insert(path, entry);
        Ok(1)
    }

    fn apply_as_azldev(&self, sources: &mut Sources, site: &Site<'_>) -> Option<Result<(), Diagnostic>> {
        Some(self.add_as_azldev(sources, site))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, check_azldev_refuses, refused};

    #[test]
    fn file_is_added_once() {
        let toml = "type = 'file-add'\nfile = 'd/a'\nsource = 'b'\n";
        check(toml, "//- o/b\nx\n", "//- d/a\nx\n");
        refused(toml, "//- d/a\ny\n//- o/b\nx\n", &["file exists already: `d/a`", "o/x.comp.toml:2:8"]);
        refused(
            "type = 'file-add'\nfile = 'x.spec'\nsource = '../../b'\n",
            "",
            &["a spec is changed by `spec-` overlays"],
        );
        refused("type = 'file-add'\nfile = 'a'\nsource = '../../b'\n", "", &["path leaves the tree: `../../b`"]);
    }

    #[test]
    fn azldev_makes_no_directory() {
        let toml = "type = 'file-add'\nfile = 'd/a'\nsource = 'b'\n";
        check_azldev_refuses(toml, "//- o/b\nx\n", "//- d/a\nx\n", "no directory `d`");
    }
}
