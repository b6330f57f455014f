//! Fixtures: odd specs that rpm accepts, with overlays to apply to them; the directory `fixtures/` of this crate.
//!
//! A fixture is a directory `fixtures/<kind>/<case>/`:
//!
//! | file | holds |
//! |---|---|
//! | `case.spec` | the spec before |
//! | `files/` | files beside it, if there are any |
//! | `overlay.toml` | `[[overlays]]`, at least one of them of the directory's kind |
//! | `expected.spec` | the spec after |
//! | `expected-files/` | the files after, if overlays change them; never none |
//!
//! Whatever else is there, overlays name as their `source`. This crate's tests compare with what is expected; the
//! end-to-end tier asks rpm whether it accepts each spec before and after.
//!
//! Not here: reading directories.
//!
//! **Invariant:** a pure function of the fixture's files.

use azl_diagnostics::Diagnostic;
use azl_spec::Spec;

use crate::file_set::FileSet;
use crate::overlay::{Compat, Descriptions, Overlay};
use crate::reader::Reader;
use crate::sources::Sources;

/// The file that holds a fixture's overlays.
const OVERLAYS: &str = "overlay.toml";

/// One fixture.
#[derive(Debug, Clone)]
pub struct Fixture {
    /// The sources before.
    pub before: Sources,
    /// The overlays, in order.
    pub overlays: Vec<Overlay>,
    /// The sources after all of them.
    pub expected: Sources,
    files: FileSet,
}

impl Fixture {
    /// Reads the files of a fixture's directory, with paths relative to it.
    ///
    /// # Errors
    /// Every mistake in the overlays; a file that is missing.
    pub fn read(files: FileSet) -> Result<Self, Vec<Diagnostic>> {
        let overlays = overlays(&files)?;
        let beside = files.below("files");
        let changed = Some(files.below("expected-files")).filter(|changed| !changed.is_empty());
        let expected =
            Sources { spec: spec(&files, "expected.spec")?, files: changed.unwrap_or_else(|| beside.clone()) };
        Ok(Self { before: Sources { spec: spec(&files, "case.spec")?, files: beside }, overlays, expected, files })
    }

    /// Applies the overlays and returns the sources after each of them.
    ///
    /// # Errors
    /// If one does not apply.
    pub fn apply(&self) -> Result<Vec<Sources>, Diagnostic> {
        let mut sources = self.before.clone();
        let after_each = self.overlays.iter().map(|overlay| {
            overlay.apply(&mut sources, &self.files, Compat::None)?;
            Ok(sources.clone())
        });
        after_each.collect()
    }
}

fn spec(files: &FileSet, name: &str) -> Result<Spec, Vec<Diagnostic>> {
    files.get(name).map(|entry| Spec::parse(entry.bytes.to_vec())).ok_or_else(|| vec![missing(name)])
}

fn overlays(files: &FileSet) -> Result<Vec<Overlay>, Vec<Diagnostic>> {
    let text = files.text(OVERLAYS).ok_or_else(|| vec![missing(OVERLAYS)])?;
    let mut diagnostics = Vec::new();
    let mut reader = Reader::new(OVERLAYS, &mut diagnostics);
    let Some(mut document) = reader.document(text) else { return Err(diagnostics) };
    let tables = reader.take_tables(&mut document, "overlays").into_iter();
    let overlays = tables.filter_map(|table| Overlay::read(&mut reader, table, Descriptions::Required)).collect();
    reader.finish(&document, &["overlays"]);
    if diagnostics.is_empty() { Ok(overlays) } else { Err(diagnostics) }
}

fn missing(name: &str) -> Diagnostic {
    Diagnostic::error("missing-file", format!("the fixture has no `{name}`, or it is not UTF-8"))
}
