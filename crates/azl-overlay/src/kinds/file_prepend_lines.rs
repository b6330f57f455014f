//! `file-prepend-lines`: puts lines at the top of files beside the spec; at least one must match.

use azl_diagnostics::Diagnostic;
use serde::Deserialize;
use toml::Spanned;

use super::{Behaviour, as_azldev};
use crate::site::Site;
use crate::sources::Sources;
use crate::values::FileGlob;

/// Prepends lines to files.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilePrependLines {
    /// Glob over paths beside the spec.
    #[schemars(with = "FileGlob")]
    file: Spanned<FileGlob>,
    /// The lines, without line ends.
    lines: Vec<String>,
}

impl FilePrependLines {
    fn prepend(&self, sources: &mut Sources, paths: &[String]) {
        let top: String = self.lines.iter().map(|line| format!("{line}\n")).collect();
        for path in paths {
            if let Some(entry) = sources.files.get(path) {
                let entry = entry.with_bytes([top.as_bytes(), &entry.bytes].concat());
                sources.files.insert(path.as_str(), entry);
            }
        }
    }
}

impl Behaviour for FilePrependLines {
    fn may_touch(&self, file: &str) -> bool {
        self.file.get_ref().matches(file)
    }

    fn apply(&self, sources: &mut Sources, site: &Site<'_>) -> Result<usize, Diagnostic> {
        let paths = sources.matching(self.file.get_ref());
        if paths.is_empty() {
            let glob = self.file.get_ref().as_str();
            let message = format!("overlay `file-prepend-lines` does not apply: no file `{glob}`");
            return Err(site.refuse_at(self.file.span(), "overlay-no-match", message));
        }
        self.prepend(sources, &paths);
        Ok(paths.len())
    }

    fn apply_as_azldev(&self, sources: &mut Sources, site: &Site<'_>) -> Option<Result<(), Diagnostic>> {
        let paths = as_azldev::matching(sources, self.file.get_ref(), site);
        Some(paths.map(|paths| self.prepend(sources, &paths)))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::check::{check, refused};

    #[test]
    fn lines_open_every_matching_file() {
        let toml = "type = 'file-prepend-lines'\nfile = '*.x'\nlines = ['l', 'm']\n";
        check(toml, "//- a.x\n1\n//- b.x\n2\n//- c\n3\n", "//- a.x\nl\nm\n1\n//- b.x\nl\nm\n2\n//- c\n3\n");
        refused(toml, "//- c\n3\n", &["no file `*.x`"]);
    }
}
