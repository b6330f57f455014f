//! The overlays of one component that change the same archive, and what comes of them.

use azl_diagnostics::Diagnostic;

use super::edit::{InArchive, Misfit};
use super::limits::Limits;
use super::members::Members;
use super::refusal::Refusal;
use super::{reader, writer};
use crate::overlay::{Overlay, with_advice};

/// Overlays that change one archive, in order.
#[derive(Debug, Clone)]
pub struct Group<'o> {
    archive: &'o str,
    edits: Vec<(&'o Overlay, InArchive<'o>)>,
}

/// A changed archive.
#[derive(Debug, Clone)]
pub struct Repacked {
    /// The archive, compressed as it was.
    pub bytes: Vec<u8>,
    /// For each overlay of the group in how many places it changed something, always at least one.
    pub places: Vec<usize>,
    /// What somebody should look at.
    pub warnings: Vec<Diagnostic>,
}

/// Returns the groups of a component's overlays, in the order in which archives are first named; overlays that change
/// no archive are in none.
pub fn groups<'o>(overlays: impl IntoIterator<Item = &'o Overlay>) -> Vec<Group<'o>> {
    let mut groups: Vec<Group<'o>> = Vec::new();
    for overlay in overlays {
        let Some(change) = overlay.kind.in_archive() else { continue };
        let archive = change.archive.get_ref().as_str();
        match groups.iter_mut().find(|group| group.archive == archive) {
            Some(group) => group.edits.push((overlay, change)),
            None => groups.push(Group { archive, edits: vec![(overlay, change)] }),
        }
    }
    groups
}

impl<'o> Group<'o> {
    /// Returns the file name of the archive.
    pub fn archive(&self) -> &'o str {
        self.archive
    }

    /// Returns the overlays in the order in which they are applied.
    pub fn overlays(&self) -> impl Iterator<Item = &'o Overlay> {
        self.edits.iter().map(|(overlay, _)| *overlay)
    }

    /// Applies all overlays to the archive's bytes.
    ///
    /// # Errors
    /// If the archive is refused, or an overlay does not apply, changes nothing, or does so at another number of
    /// places than expected; the place is that of the overlay.
    pub fn apply(&self, bytes: &[u8]) -> Result<Repacked, Diagnostic> {
        let limits = Limits::default();
        let (mut members, compression) = reader::read(bytes, &limits).map_err(|refusal| self.refuse(&refusal))?;
        let mut places = Vec::new();
        for (overlay, change) in &self.edits {
            let changed = change.edit.apply(&mut members, &limits);
            let changed = changed.map_err(|misfit| self.misfit(overlay, misfit))?;
            overlay.check_places(changed)?;
            places.push(changed);
        }
        let bytes = writer::write(&members, compression).map_err(|refusal| self.refuse(&refusal))?;
        Ok(Repacked { bytes, places, warnings: self.alike(&members).into_iter().collect() })
    }

    fn misfit(&self, overlay: &Overlay, misfit: Misfit) -> Diagnostic {
        let (kind, archive) = (overlay.kind.name(), self.archive);
        let message = format!("overlay `{kind}` does not apply to `{archive}`: {}", misfit.problem);
        with_advice(Diagnostic::error(misfit.code, message).at(overlay.file.clone(), misfit.span))
    }

    fn refuse(&self, refusal: &Refusal) -> Diagnostic {
        let message = format!("files inside `{}` cannot be changed: {refusal}", self.archive);
        self.at_archive(Diagnostic::error("archive-refused", message)).hint("carry the change as a patch")
    }

    /// Linux keeps such names apart and real sources have them (the kernel's netfilter headers), so this is no error.
    fn alike(&self, members: &Members) -> Option<Diagnostic> {
        let (count, Some(pair)) = members.alike() else { return None };
        let [one, other] = pair.map(|path| String::from_utf8_lossy(path.as_bytes()).escape_debug().to_string());
        let message = format!(
            "`{}` has {count} names that differ from others only in case, such as `{one}` and `{other}`",
            self.archive
        );
        Some(self.at_archive(Diagnostic::warning("archive-case", message)))
    }

    /// Gives a diagnostic the place where the archive is first named.
    fn at_archive(&self, diagnostic: Diagnostic) -> Diagnostic {
        match self.edits.first() {
            Some((overlay, change)) => diagnostic.at(overlay.file.clone(), change.archive.span()),
            None => diagnostic,
        }
    }
}
