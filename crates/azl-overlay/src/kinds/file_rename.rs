//! `file-rename`: gives one file another name in the same directory.
//!
//! `file` is a glob that must match exactly one file; the spec is not told of the new name.

use azl_diagnostics::Diagnostic;
use serde::Deserialize;
use toml::Spanned;

use super::{Behaviour, as_azldev};
use crate::file_set::directory_of;
use crate::site::Site;
use crate::sources::Sources;
use crate::values::{FileGlob, FileName};

/// Renames a file.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileRename {
    /// Glob over paths beside the spec.
    #[schemars(with = "FileGlob")]
    file: Spanned<FileGlob>,
    /// New name, without directory.
    #[schemars(with = "FileName")]
    replacement: Spanned<FileName>,
}

impl FileRename {
    fn only_match(&self, sources: &Sources, site: &Site<'_>) -> Result<String, Diagnostic> {
        let mut paths = sources.matching(self.file.get_ref());
        if let ([_], Some(path)) = (paths.as_slice(), paths.first().cloned()) {
            return Ok(path);
        }
        paths.truncate(5);
        let (glob, found) = (self.file.get_ref().as_str(), paths.join("`, `"));
        let message = match paths.is_empty() {
            true => format!("overlay `file-rename` does not apply: no file `{glob}`"),
            false => format!("overlay `file-rename` does not apply: `{glob}` is several files: `{found}`"),
        };
        Err(site.refuse_at(self.file.span(), "overlay-no-match", message))
    }

    fn target(&self, path: &str) -> String {
        let name = self.replacement.get_ref().as_str();
        match directory_of(path) {
            "" => name.to_owned(),
            directory => format!("{directory}/{name}"),
        }
    }

    /// Renames the file, over one that has the new name.
    fn rename_as_azldev(&self, sources: &mut Sources, site: &Site<'_>) -> as_azldev::Outcome {
        let paths = as_azldev::matching(sources, self.file.get_ref(), site)?;
        let [path] = paths.as_slice() else {
            return Err(as_azldev::refuse(site, format!("{} files match", paths.len())));
        };
        let target = self.target(path);
        if as_azldev::exists(sources, &target) && !sources.files.contains(&target) {
            return Err(as_azldev::refuse(site, format!("`{target}` is a directory")));
        }
        if let Some(entry) = sources.files.remove(path) {
            sources.files.insert(target, entry);
        }
        Ok(())
    }
}

impl Behaviour for FileRename {
    fn may_touch(&self, file: &str) -> bool {
        self.replacement.get_ref().as_str() == file || self.file.get_ref().matches(file)
    }

    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let path = self.only_match(sources, site)?;
        let target = self.target(&path);
        if sources.files.contains(&target) {
            let message = format!("file exists already: `{target}`");
            return Err(site.refuse_at(self.replacement.span(), "overlay-file-exists", message));
        }
        if let Some(entry) = sources.files.remove(&path) {
            sources.files.insert(target, entry);
        }
        Ok(1)
    }

    fn apply_as_azldev(&self, sources: &mut Sources, site: &Site<'_>) -> Option<Result<(), Diagnostic>> {
        Some(self.rename_as_azldev(sources, site))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, check_azldev, refused};

    #[test]
    fn file_keeps_its_directory() {
        check("type = 'file-rename'\nfile = 'd/*'\nreplacement = 'b'\n", "//- d/a\n1\n", "//- d/b\n1\n");
    }

    #[test]
    fn none_several_or_a_taken_name_are_refused() {
        let toml = "type = 'file-rename'\nfile = 'a*'\nreplacement = 'b'\n";
        refused(toml, "", &["no file `a*`"]);
        refused(toml, "//- a1\n1\n//- a2\n2\n", &["`a*` is several files: `a1`, `a2`"]);
        refused(toml, "//- a1\n1\n//- b\n2\n", &["file exists already: `b`"]);
    }

    #[test]
    fn azldev_renames_over_another_file() {
        let toml = "type = 'file-rename'\nfile = 'a'\nreplacement = 'b'\n";
        check_azldev(toml, "//- a\n1\n//- b\n2\n", "//- b\n1\n", "file exists already: `b`");
    }
}
