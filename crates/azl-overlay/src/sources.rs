//! What overlays work on: one component's spec and the files beside it.

use azl_spec::Spec;

use crate::file_set::FileSet;
use crate::values::FileGlob;

/// A component's sources as overlays see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// The spec.
    pub spec: Spec,
    /// The files beside it (patches, `sources`, further sources kept in dist-git), by path; never the spec.
    pub files: FileSet,
}

impl Sources {
    /// Returns the paths that match a glob, in order.
    pub fn matching(&self, glob: &FileGlob) -> Vec<String> {
        self.files.iter().filter(|(path, _)| glob.matches(path)).map(|(path, _)| path.to_owned()).collect()
    }
}
