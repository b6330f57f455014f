//! `file-search-replace`: replaces what a regular expression matches in files beside the spec or, with `archive`,
//! inside a source archive.
//!
//! The expression sees the whole file: `(?m)` makes `^` and `$` the ends of lines, `(?s)` lets `.` match a newline. The
//! replacement is literal. At least one file must change. Beside the spec none may that is binary: a wide glob meets
//! pictures and keys, too. What holds a NUL byte, before or behind, counts as binary.

use azl_diagnostics::Diagnostic;
use serde::Deserialize;
use toml::Spanned;

use super::{Behaviour, as_azldev};
use crate::archive::{ArchiveName, Edit, InArchive};
use crate::pattern::Pattern;
use crate::site::Site;
use crate::sources::Sources;
use crate::values::FileGlob;

/// Replaces text in files.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileSearchReplace {
    /// Glob over paths beside the spec or in the archive.
    #[schemars(with = "FileGlob")]
    file: Spanned<FileGlob>,
    /// Regular expression in RE2 syntax.
    #[schemars(with = "Pattern")]
    regex: Spanned<Pattern>,
    /// What to put instead; nothing if absent.
    #[serde(default)]
    replacement: String,
    /// Archive in which to replace.
    #[schemars(with = "Option<String>")]
    archive: Option<Spanned<ArchiveName>>,
}

impl FileSearchReplace {
    fn edit(&self) -> Edit<'_> {
        Edit::Replace { files: &self.file, pattern: &self.regex, replacement: &self.replacement }
    }

    /// Changes one file; returns at how many places.
    fn rewrite(&self, sources: &mut Sources, path: &str, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let Some(entry) = sources.files.get(path) else {
            return Ok(0);
        };
        let regex = self.regex.get_ref();
        let replaced = regex.replace(&entry.bytes, &self.replacement);
        if *replaced == *entry.bytes {
            return Ok(0);
        }
        if is_binary(&entry.bytes) || is_binary(&replaced) {
            let message = format!("overlay `file-search-replace` does not apply: `{path}` is or becomes binary");
            let problem = site.refuse_at(self.file.span(), "overlay-refused", message);
            return Err(problem.hint("name the text files that are meant"));
        }
        let places = regex.matches(&entry.bytes).len();
        let entry = entry.with_bytes(replaced);
        sources.files.insert(path, entry);
        Ok(places)
    }
}

impl FileSearchReplace {
    fn replace_as_azldev(&self, sources: &mut Sources, paths: &[String], site: &Site<'_>) -> as_azldev::Outcome {
        let mut changed = false;
        for path in paths {
            let Some(entry) = sources.files.get(path) else { continue };
            let replaced = self.regex.get_ref().replace(&entry.bytes, &self.replacement);
            changed |= *replaced != *entry.bytes;
            let entry = entry.with_bytes(replaced);
            sources.files.insert(path.as_str(), entry);
        }
        if changed { Ok(()) } else { Err(as_azldev::refuse(site, format!("nothing changes in {} files", paths.len()))) }
    }
}

impl Behaviour for FileSearchReplace {
    fn in_archive(&self) -> Option<InArchive<'_>> {
        let archive = self.archive.as_ref()?;
        Some(InArchive { archive, edit: self.edit() })
    }

    fn may_touch(&self, file: &str) -> bool {
        self.file.get_ref().matches(file)
    }

    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let paths = sources.matching(self.file.get_ref());
        if paths.is_empty() {
            let glob = self.file.get_ref().as_str();
            let message = format!("overlay `file-search-replace` does not apply: no file `{glob}`");
            return Err(site.refuse_at(self.file.span(), "overlay-no-match", message));
        }
        let places: usize = paths.iter().map(|path| self.rewrite(sources, path, site)).sum::<Result<_, _>>()?;
        if places == 0 {
            let message =
                format!("overlay `file-search-replace` does not apply: nothing changes in {} files", paths.len());
            return Err(site.refuse_at(self.regex.span(), "overlay-no-match", message));
        }
        Ok(places)
    }

    fn apply_as_azldev(&self, sources: &mut Sources, site: &Site<'_>) -> Option<Result<(), Diagnostic>> {
        if self.archive.is_some() {
            return None;
        }
        let paths = as_azldev::matching(sources, self.file.get_ref(), site);
        Some(paths.and_then(|paths| self.replace_as_azldev(sources, &paths, site)))
    }
}

/// Returns whether bytes are no text.
fn is_binary(bytes: &[u8]) -> bool {
    bytes.contains(&0)
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, refused};

    #[test]
    fn expression_sees_the_whole_file() {
        let toml = "type = 'file-search-replace'\nfile = '**/*'\nregex = '(?m)^'\nreplacement = '#'\n";
        check(toml, "a\n//- d/x\n1\n2\n", "a\n//- d/x\n#1\n#2\n#");
        let toml = "type = 'file-search-replace'\nfile = '*'\nregex = '1\\n2'\nreplacement = '$0'\n";
        check(toml, "//- x\n1\n2\n//- y\n3\n", "//- x\n$0\n//- y\n3\n");
    }

    /// B030 and B031.
    #[test]
    fn binary_files_are_refused_and_none_is_made() {
        let toml = "type = 'file-search-replace'\nfile = '**/*'\nregex = '1'\n";
        check(toml, "//- x\n1\n//- y\n\0\n", "//- x\n\n//- y\n\0\n");
        refused(toml, "//- x\n1\n//- y\n1\0\n", &["overlay-refused", "`y` is or becomes binary", "o/x.comp.toml:2:8"]);
        let toml = format!("{toml}replacement = \"\\u0000\"\n");
        refused(&toml, "//- x\n1\n", &["`x` is or becomes binary", "hint: name the text files that are meant"]);
    }

    #[test]
    fn unchanged_files_are_refused() {
        let toml = "type = 'file-search-replace'\nfile = 'x'\nregex = 'z'\n";
        refused(toml, "//- x\n1\n", &["nothing changes in 1 files", "o/x.comp.toml:3:9"]);
        refused(toml, "//- y\n1\n", &["no file `x`"]);
    }
}
