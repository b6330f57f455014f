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
    /// Returns the paths that match a glob, in order; never a spec, whatever the glob says.
    pub fn matching(&self, glob: &FileGlob) -> Vec<String> {
        let files = self.files.iter().filter(|(path, _)| !path.ends_with(".spec") && glob.matches(path));
        files.map(|(path, _)| path.to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file_set::FileEntry;

    #[test]
    fn no_glob_reaches_a_spec() {
        let files = ["a.patch", "d/b", "x.spec", "d/y.spec"].map(|path| (path.to_owned(), FileEntry::new(*b"")));
        let sources = Sources { spec: Spec::parse(""), files: files.into_iter().collect() };
        for glob in ["**/*", "**", "{*,*/*}"] {
            let glob = FileGlob::new(glob).expect("a valid glob");
            assert_eq!(sources.matching(&glob), ["a.patch", "d/b"]);
        }
    }
}
