//! Edits on text for the tests of this folder.

use super::{FlatError, FlatSpec};

/// Makes an edit on a spec.
pub(super) fn edited(
    text: &str,
    edit: impl FnOnce(&mut FlatSpec) -> Result<(), FlatError>,
) -> Result<String, FlatError> {
    let mut spec = FlatSpec::parse(text.as_bytes())?;
    edit(&mut spec)?;
    Ok(String::from_utf8(spec.into_bytes()).expect("the fixtures are UTF-8"))
}
