//! One overlay: what all kinds have in common.

use std::ops::Range;
use std::sync::Arc;

use azl_diagnostics::{Diagnostic, closest};

use crate::file_set::{FileEntry, FileSet, directory_of, join};
use crate::kinds::{self, Kind};
use crate::metadata::Metadata;
use crate::reader::{Reader, Table};
use crate::sources::Sources;

/// Whether every overlay must say why it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Descriptions {
    /// An overlay without `description` is an error: our own tree.
    Required,
    /// It may be absent: foreign trees.
    Optional,
}

/// One overlay as read.
#[derive(Debug, Clone)]
pub struct Overlay {
    /// Kind and its values.
    pub kind: Kind,
    /// Why it exists.
    pub description: Option<String>,
    /// Metadata of its overlay file, if it comes from one.
    pub metadata: Option<Arc<Metadata>>,
    /// File that declares it; `source` is relative to its directory.
    pub file: String,
    /// Place of its `type` in that file.
    pub span: Range<usize>,
}

impl Overlay {
    /// Reads an overlay table. Mistakes are reported to the reader.
    pub fn read(reader: &mut Reader<'_>, mut table: Table<'_>, descriptions: Descriptions) -> Option<Self> {
        let whole = table.span();
        let kind_name = reader.take_text(&mut table, "type");
        let description = reader.take_text(&mut table, "description").map(|text| text.into_inner());
        let Some(kind_name) = kind_name else {
            reader.error("missing-key", whole, "overlay has no `type`");
            return None;
        };
        let span = kind_name.span();
        let described = description.as_ref().is_some_and(|text| !text.trim().is_empty());
        if !described && descriptions == Descriptions::Required {
            let missing = format!("overlay `{}` has no `description`", kind_name.get_ref());
            let diagnostic = Diagnostic::error("overlay-without-description", missing).at(reader.file(), span.clone());
            reader.report(diagnostic.hint("add `description = \"…\"`: why Azure Linux differs here"));
        }
        if !kinds::NAMES.contains(&kind_name.get_ref().as_str()) {
            reader.report(unknown_kind(kind_name.get_ref()).at(reader.file(), span));
            return None;
        }
        let kind = kinds::read(kind_name.get_ref(), reader, table)?;
        if let Some(problem) = kind.contradiction() {
            reader.error("overlay-contradiction", span.clone(), problem);
        }
        Some(Self { kind, description, metadata: None, file: reader.file().to_owned(), span })
    }

    /// Changes the sources. `authored` is the tree the overlay's own files are in.
    ///
    /// # Errors
    /// If it does not apply or changes nothing; the sources are then to be thrown away.
    pub fn apply(&self, sources: &mut Sources, authored: &FileSet) -> Result<(), Diagnostic> {
        let before = sources.clone();
        self.kind.apply(sources, &Site { overlay: self, authored })?;
        if *sources == before {
            let message = format!("overlay `{}` changes nothing", self.kind.name());
            return Err(self.refuse("overlay-no-effect", message).hint("upstream already has it: remove the overlay"));
        }
        Ok(())
    }

    /// Makes an error at the overlay's place.
    pub(crate) fn refuse(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, message).at(self.file.clone(), self.span.clone())
    }
}

fn unknown_kind(name: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error("unknown-overlay-type", format!("unknown overlay type `{name}`"));
    match closest(name, kinds::NAMES.iter().copied()) {
        Some(meant) => diagnostic.hint(format!("did you mean `{meant}`?")),
        None => diagnostic.hint(format!("known types: {}", kinds::NAMES.join(", "))),
    }
}

/// Where an overlay is applied from.
pub(crate) struct Site<'a> {
    overlay: &'a Overlay,
    authored: &'a FileSet,
}

impl Site<'_> {
    /// Makes an error at the overlay's `type`.
    pub(crate) fn refuse(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        self.overlay.refuse(code, message)
    }

    /// Makes an error at one of the overlay's values.
    pub(crate) fn refuse_at(&self, span: Range<usize>, code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, message).at(self.overlay.file.clone(), span)
    }

    /// Wraps a refused edit.
    pub(crate) fn edit(&self, error: &azl_spec::EditError) -> Diagnostic {
        use azl_spec::EditError as E;
        let code = match error {
            E::NoSection(_) | E::NoPackage(_) | E::NoSubpackage(_) | E::NoTag { .. } => "overlay-no-match",
            E::SpansConditional { .. } | E::DefinesUsedMacro { .. } => "overlay-refused",
        };
        self.refuse(code, format!("overlay `{}` does not apply: {error}", self.overlay.kind.name()))
    }

    /// Returns a file named by `source`, relative to the file that declares the overlay.
    pub(crate) fn authored(&self, source: &toml::Spanned<String>) -> Result<FileEntry, Diagnostic> {
        let refuse = |message: String| self.refuse_at(source.span(), "missing-overlay-source", message);
        let path =
            join(directory_of(&self.overlay.file), source.get_ref()).map_err(|error| refuse(error.to_string()))?;
        self.authored.get(&path).cloned().ok_or_else(|| refuse(format!("no file `{path}`")))
    }
}
