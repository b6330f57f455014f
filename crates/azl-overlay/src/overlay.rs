//! One overlay: what all kinds have in common.

use std::ops::Range;
use std::sync::Arc;

use azl_diagnostics::{Diagnostic, closest};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::canonical;
use crate::defect::describe;
use crate::file_set::{FileSet, directory_of, join};
use crate::kinds::{self, Kind};
use crate::metadata::Metadata;
use crate::reader::{Reader, Table};
use crate::site::Site;
use crate::sources::Sources;

/// Whether every overlay must say why it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Descriptions {
    /// An overlay without `description` is an error: our own tree.
    Required,
    /// It may be absent: foreign trees.
    Optional,
}

/// Whose results an overlay has where azldev's are known defects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compat {
    /// Ours: what the overlay's documentation says.
    None,
    /// azldev's, with a warning wherever ours would differ.
    Azldev,
}

/// What an overlay that applied did.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// How many places changed: tags, sections, matches or files, as its kind counts.
    pub places: usize,
    /// Differences between azldev's result, which was taken, and ours.
    pub warnings: Vec<Diagnostic>,
}

/// What an overlay changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'o> {
    /// The spec and the files beside it, by [`Overlay::apply`].
    Sources,
    /// The source archive of this name, by its group of [`archive::groups`](crate::archive::groups), before all others.
    Archive(&'o str),
}

/// One overlay as read.
#[derive(Debug, Clone)]
pub struct Overlay {
    /// Kind and its values.
    pub kind: Kind,
    /// Why it exists.
    pub description: Option<String>,
    /// At how many places it must apply; at least one if absent.
    pub expect: Option<Spanned<usize>>,
    /// Its kind's values as lines of TOML, the same for overlays that do the same.
    pub values: String,
    /// The authored file it brings in, as a path of the tree, if it names one.
    pub source: Option<String>,
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
        let expect = take_expect(reader, &mut table);
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
        let values = canonical::of_table(table.get_ref());
        let source = source_path(reader.file(), table.get_ref());
        let kind = kinds::read(kind_name.get_ref(), reader, table)?;
        if let Some(problem) = kind.contradiction() {
            reader.error("overlay-contradiction", span.clone(), problem);
        }
        Some(Self { kind, description, expect, values, source, metadata: None, file: reader.file().to_owned(), span })
    }

    /// Returns what it changes, and thereby who applies it.
    pub fn target(&self) -> Target<'_> {
        match self.kind.in_archive() {
            Some(change) => Target::Archive(change.archive.get_ref().as_str()),
            None => Target::Sources,
        }
    }

    /// Changes the sources. `authored` is the tree the overlay's own files are in.
    ///
    /// # Errors
    /// If it does not apply, changes nothing, or does so at another number of places than expected. If its target is
    /// an archive.
    pub fn apply(&self, sources: &mut Sources, authored: &FileSet, compat: Compat) -> Result<Applied, Diagnostic> {
        if let Target::Archive(archive) = self.target() {
            let message =
                format!("overlay `{}` changes files inside `{archive}`, not beside the spec", self.kind.name());
            return Err(self.refuse("archive-overlay", message));
        }
        let site = Site { kind: self.kind.name(), file: &self.file, span: self.span.clone(), authored };
        let mut ours = sources.clone();
        let outcome = self.kind.apply(&mut ours, &site).and_then(|places| {
            self.check_places(places)?;
            if ours == *sources { Err(self.no_effect()) } else { Ok(Applied { places, warnings: Vec::new() }) }
        });
        let outcome = outcome.map_err(with_advice);
        match compat {
            Compat::None => {
                let applied = outcome?;
                *sources = ours;
                Ok(applied)
            }
            Compat::Azldev => self.apply_as_azldev(sources, &site, ours, outcome),
        }
    }

    /// Takes azldev's result where there is one; `ours` and `outcome` are what is done otherwise.
    fn apply_as_azldev(
        &self,
        sources: &mut Sources,
        site: &Site<'_>,
        ours: Sources,
        outcome: Result<Applied, Diagnostic>,
    ) -> Result<Applied, Diagnostic> {
        let mut theirs = sources.clone();
        let verdict = self.kind.apply_as_azldev(&mut theirs, site);
        let agreed = matches!(verdict, Some(Ok(()))) && theirs == ours;
        let (result, mut applied, warning) = match (verdict, outcome) {
            (None, outcome) => (ours, outcome?, None),
            (Some(Ok(())), Ok(applied)) if agreed => (ours, applied, None),
            (Some(Ok(())), Ok(applied)) => {
                let difference = describe(&theirs, &ours);
                (theirs, applied, Some(self.defect(&difference)))
            }
            (Some(Ok(())), Err(problem)) => (theirs, Applied::default(), Some(self.defect(&problem.message))),
            (Some(Err(refusal)), Ok(applied)) => (ours, applied, Some(self.stronger(&refusal.message))),
            (Some(Err(_)), Err(problem)) => return Err(problem),
        };
        applied.warnings.extend(warning);
        *sources = result;
        Ok(applied)
    }

    /// Checks the number of places against what is expected.
    pub(crate) fn check_places(&self, places: usize) -> Result<(), Diagnostic> {
        let Some(expect) = self.expect.as_ref().filter(|expect| *expect.get_ref() != places) else { return Ok(()) };
        let message = format!("overlay `{}` applies at {places} places, not {}", self.kind.name(), expect.get_ref());
        let diagnostic = Diagnostic::error("overlay-expect", message).at(self.file.clone(), expect.span());
        Err(diagnostic.hint("look at what upstream changed; then correct the overlay or `expect`"))
    }

    fn no_effect(&self) -> Diagnostic {
        let message = format!("overlay `{}` changes nothing", self.kind.name());
        self.refuse("overlay-no-effect", message).hint("upstream already has it: remove the overlay")
    }

    /// Warns of azldev's result; `difference` says what it is, or why we have none.
    fn defect(&self, difference: &str) -> Diagnostic {
        let message = format!("overlay `{}` has azldev's result here: {difference}", self.kind.name());
        let warning = Diagnostic::warning("azldev-defect", message).at(self.file.clone(), self.span.clone());
        warning.hint("`--compat none` shows the result without azldev's defect")
    }

    fn stronger(&self, refusal: &str) -> Diagnostic {
        let message = format!("azldev refuses this overlay `{}`: {refusal}", self.kind.name());
        Diagnostic::warning("azldev-refuses", message).at(self.file.clone(), self.span.clone())
    }

    /// Returns the overlay as TOML that [`Overlay::parse`] reads, without its reasons.
    pub fn to_toml(&self) -> String {
        let expect = self.expect.as_ref().map(|expect| format!("expect = {}\n", expect.get_ref())).unwrap_or_default();
        format!("type = \"{}\"\n{expect}{}", self.kind.name(), self.values)
    }

    /// Reads one overlay of a text that holds nothing else; `file` is what mistakes name.
    ///
    /// # Errors
    /// Every mistake.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let mut diagnostics = Vec::new();
        let mut reader = Reader::new(file, &mut diagnostics);
        let table = reader.document(text);
        let overlay = table.and_then(|table| Self::read(&mut reader, table, Descriptions::Optional));
        overlay.filter(|_| diagnostics.is_empty()).ok_or(diagnostics)
    }

    /// Makes an error at the overlay's place.
    pub(crate) fn refuse(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, message).at(self.file.clone(), self.span.clone())
    }
}

/// Says what to do about an overlay that upstream has overtaken.
pub(crate) fn with_advice(problem: Diagnostic) -> Diagnostic {
    if problem.code != "overlay-no-match" {
        return problem;
    }
    problem.hint("upstream may have changed it: look at its file, then correct the overlay or remove it")
}

fn source_path(file: &str, table: &DeTable<'_>) -> Option<String> {
    match table.get("source").map(Spanned::get_ref) {
        Some(DeValue::String(source)) => join(directory_of(file), source).ok(),
        _ => None,
    }
}

fn take_expect(reader: &mut Reader<'_>, table: &mut Table<'_>) -> Option<Spanned<usize>> {
    let value = reader.take(table, "expect")?;
    let span = value.span();
    let count = match value.get_ref() {
        DeValue::Integer(count) => usize::from_str_radix(count.as_str(), count.radix()).ok().filter(|&count| count > 0),
        _ => None,
    };
    if count.is_none() {
        reader.error("wrong-value", span.clone(), "`expect` must be a number of places, at least 1");
    }
    count.map(|count| Spanned::new(span, count))
}

fn unknown_kind(name: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error("unknown-overlay-type", format!("unknown overlay type `{name}`"));
    match closest(name, kinds::NAMES.iter().copied()) {
        Some(meant) => diagnostic.hint(format!("did you mean `{meant}`?")),
        None => diagnostic.hint(format!("known types: {}", kinds::NAMES.join(", "))),
    }
}
