//! What a component is rendered from, as one digest per named input.
//!
//! Two fingerprints say which input changed, not only that one did. What changes no byte of the result is left out:
//! descriptions and metadata, where files are, publish channels, hints.
//!
//! **Invariant:** a field that is new to the format changes no fingerprint until it is used.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use azl_digest::{Digest, canonical};
use azl_overlay::{Compat, FileSet, Overlay};
use serde::{Deserialize, Serialize};

use crate::resolve::{DistGit, ResolvedComponent, SpecSource, Upstream};
use crate::source_file::SourceFile;

/// Raised when rendering gives other bytes for the same inputs.
const RENDER_REVISION: u32 = 1;

/// Named inputs of one component and their digests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(BTreeMap<String, Digest>);

/// How an input differs between two fingerprints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Difference {
    /// It is new.
    Added,
    /// It has another value.
    Changed,
    /// It is gone.
    Removed,
}

/// One input that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputChange {
    /// Name of the input.
    pub input: String,
    /// How it differs.
    pub difference: Difference,
}

impl fmt::Display for InputChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let difference = match self.difference {
            Difference::Added => "added",
            Difference::Changed => "changed",
            Difference::Removed => "removed",
        };
        write!(f, "{} {difference}", self.input)
    }
}

/// The packaging a fingerprint covers.
#[derive(Debug, Clone, Copy)]
pub enum Packaging<'a> {
    /// A commit of a dist-git, which stands for its files.
    Commit(&'a str),
    /// Files.
    Files(&'a FileSet),
}

impl Fingerprint {
    /// Takes the fingerprint of a component. `authored` holds the files its overlays bring in.
    pub fn of(component: &ResolvedComponent, packaging: Packaging<'_>, authored: &FileSet, compat: Compat) -> Self {
        let mut inputs = BTreeMap::new();
        inputs.insert("renderer".to_owned(), digest(&RENDER_REVISION));
        if compat == Compat::Azldev {
            inputs.insert("compat".to_owned(), digest(&"azldev"));
        }
        inputs.insert("packaging".to_owned(), packaging.digest());
        inputs.insert("release calculation".to_owned(), digest(&component.release));
        if let SpecSource::Upstream(Upstream { dist_git: DistGit::Remote(_), distro, version, package, .. }) =
            &component.spec
        {
            inputs.insert("upstream".to_owned(), digest(&(distro, version, package)));
        }
        if component.emit_upstream_provenance {
            inputs.insert("upstream provenance".to_owned(), digest(&"emitted"));
        }
        if component.skip_file_filter {
            inputs.insert("file filter".to_owned(), digest(&"skipped"));
        }
        if let Some(reason) = &component.check_skipped {
            inputs.insert("%check skipped".to_owned(), digest(reason));
        }
        inputs.extend(component.macros.iter().map(|(name, value)| (format!("macro {name}"), digest(value))));
        inputs.extend(component.source_files.iter().map(source_file));
        add_overlays(&component.overlays, authored, &mut inputs);
        Self(inputs)
    }

    /// Returns whether nothing is covered, as in a lock written by azldev.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the inputs by name.
    pub fn inputs(&self) -> impl Iterator<Item = (&str, &Digest)> {
        self.0.iter().map(|(name, digest)| (name.as_str(), digest))
    }

    /// Returns the one digest over all inputs.
    pub fn digest(&self) -> Digest {
        canonical("component-inputs.v1", &self.0)
    }

    /// Returns the inputs that are not as in `before`, in the order of their names.
    pub fn changes_since(&self, before: &Self) -> Vec<InputChange> {
        let names: BTreeSet<&String> = self.0.keys().chain(before.0.keys()).collect();
        let change = |name: &String| {
            let difference = match (before.0.get(name), self.0.get(name)) {
                (None, Some(_)) => Difference::Added,
                (Some(_), None) => Difference::Removed,
                (old, new) if old != new => Difference::Changed,
                _ => return None,
            };
            Some(InputChange { input: name.clone(), difference })
        };
        let mut changes: Vec<_> = names.into_iter().filter_map(change).collect();
        // An overlay that came or went moves the others; only a mere reordering is worth saying.
        if changes.iter().any(|change| change.input.starts_with("overlay ")) {
            changes.retain(|change| change.input != OVERLAY_ORDER);
        }
        changes
    }
}

impl Packaging<'_> {
    fn digest(self) -> Digest {
        match self {
            Self::Commit(commit) => digest(&commit),
            Self::Files(files) => {
                let files: BTreeMap<_, _> =
                    files.iter().map(|(path, entry)| (path, (Digest::of(&entry.bytes), entry.executable))).collect();
                digest(&files)
            }
        }
    }
}

const OVERLAY_ORDER: &str = "order of overlays";

/// Names overlays by what they do, so that one more at the front does not rename the others.
fn add_overlays(overlays: &[Overlay], authored: &FileSet, inputs: &mut BTreeMap<String, Digest>) {
    let digests: Vec<_> = overlays.iter().map(|overlay| overlay_digest(overlay, authored)).collect();
    for (overlay, digest) in overlays.iter().zip(&digests) {
        inputs.insert(format!("overlay {} {}", overlay.kind.name(), digest.short()), *digest);
    }
    if digests.len() > 1 {
        inputs.insert(OVERLAY_ORDER.to_owned(), digest(&digests));
    }
}

fn overlay_digest(overlay: &Overlay, authored: &FileSet) -> Digest {
    let source = overlay.source.as_ref().and_then(|path| authored.get(path)).map(|entry| Digest::of(&entry.bytes));
    digest(&(overlay.kind.name(), &overlay.values, source))
}

fn source_file(file: &SourceFile) -> (String, Digest) {
    let hash = file.hash.as_ref().map(|hash| hash.get_ref().to_lowercase());
    (format!("source file {}", file.filename.get_ref()), digest(&(hash, file.replace_upstream)))
}

fn digest<T: Serialize>(value: &T) -> Digest {
    canonical("component-input.v1", value)
}

#[cfg(test)]
mod tests;
