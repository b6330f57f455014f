//! The files of a tree that a glob means.

use azl_overlay::{FileGlob, FileSet};

/// Returns the files a glob matches, in the order of their paths.
pub(crate) fn matching_files<'a>(files: &'a FileSet, glob: &'a FileGlob) -> impl Iterator<Item = &'a str> {
    let pattern = glob.as_str();
    let literal = &pattern[..pattern.find(['*', '?', '[', '{', '\\']).unwrap_or(pattern.len())];
    files.iter().map(|(path, _)| path).filter(move |path| path.starts_with(literal) && glob.matches(path))
}
