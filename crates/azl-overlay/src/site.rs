//! Where an overlay is applied from: what its kind needs to refuse it at the right place, and the files it brings in.

use std::ops::Range;

use azl_diagnostics::Diagnostic;

use crate::file_set::{FileEntry, FileSet, directory_of, join};

/// Where an overlay is applied from.
pub(crate) struct Site<'a> {
    /// Name of its kind.
    pub(crate) kind: &'static str,
    /// File that declares it.
    pub(crate) file: &'a str,
    /// Place of its `type` in that file.
    pub(crate) span: Range<usize>,
    /// The tree its own files are in.
    pub(crate) authored: &'a FileSet,
}

impl Site<'_> {
    /// Makes an error at the overlay's `type`.
    pub(crate) fn refuse(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        self.refuse_at(self.span.clone(), code, message)
    }

    /// Makes an error at one of the overlay's values.
    pub(crate) fn refuse_at(&self, span: Range<usize>, code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, message).at(self.file, span)
    }

    /// Wraps a refused edit.
    pub(crate) fn edit(&self, error: &azl_spec::EditError) -> Diagnostic {
        use azl_spec::EditError as E;
        let code = match error {
            E::NoSection(_) | E::NoPackage(_) | E::NoSubpackage(_) | E::NoTag { .. } => "overlay-no-match",
            E::NoMacro(_) | E::NoBcond(_) | E::NoDependency { .. } | E::RichDependency { .. } => "overlay-no-match",
            E::DependencyExists { .. } => "overlay-no-effect",
            E::SpansConditional { .. } | E::HoldsUnknown { .. } | E::MacroInUse { .. } => "overlay-refused",
            E::UnclearMacro { .. } | E::NotTheHeader { .. } | E::LaterEntry { .. } => "overlay-refused",
            E::OpenMacro(_) | E::NotOneDependency(_) | E::PatchInUse { .. } | E::MainPackage { .. } => {
                "overlay-refused"
            }
        };
        self.refuse(code, format!("overlay `{}` does not apply: {error}", self.kind))
    }

    /// Returns a file named by `source`, relative to the file that declares the overlay.
    pub(crate) fn authored(&self, source: &toml::Spanned<String>) -> Result<FileEntry, Diagnostic> {
        let refuse = |message: String| self.refuse_at(source.span(), "missing-overlay-source", message);
        let path = join(directory_of(self.file), source.get_ref()).map_err(|error| refuse(error.to_string()))?;
        self.authored.get(&path).cloned().ok_or_else(|| refuse(format!("no file `{path}`")))
    }
}
