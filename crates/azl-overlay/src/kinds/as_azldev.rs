//! What the kinds share to give azldev's result.
//!
//! Not here: what azldev does to a spec; that is [`FlatSpec`].

use azl_diagnostics::Diagnostic;
use azl_spec::{FlatError, FlatSpec, Spec};
use toml::Spanned;

use crate::azldev_glob::{AzldevGlob, Subject};
use crate::site::Site;
use crate::sources::Sources;
use crate::values::{FileGlob, OneLine};

/// What azldev makes of the sources, or why it refuses.
pub(super) type Outcome = Result<(), Diagnostic>;

/// Edits the spec as azldev sees it.
pub(super) fn edit_spec(
    sources: &mut Sources,
    site: &Site<'_>,
    edit: impl FnOnce(&mut FlatSpec) -> Result<(), FlatError>,
) -> Outcome {
    let edited = FlatSpec::parse(sources.spec.as_bytes()).and_then(|mut flat| edit(&mut flat).map(|()| flat));
    let flat = edited.map_err(|error| refuse(site, error.to_string()))?;
    sources.spec = Spec::parse(flat.into_bytes());
    Ok(())
}

/// Says that azldev refuses the overlay.
pub(super) fn refuse(site: &Site<'_>, message: impl Into<String>) -> Diagnostic {
    site.refuse("azldev-refuses", message)
}

/// Returns the package as azldev takes it: empty for none.
pub(super) fn package(package: Option<&Spanned<OneLine>>) -> &str {
    package.map_or("", |package| package.get_ref().as_str())
}

/// Returns the paths azldev finds for a glob: never below `.git`, never a spec; at least one.
pub(super) fn matching(sources: &Sources, glob: &FileGlob, site: &Site<'_>) -> Result<Vec<String>, Diagnostic> {
    let text = glob.as_str();
    let matcher =
        AzldevGlob::new(text, Subject::Files).ok_or_else(|| refuse(site, format!("invalid glob `{text}`")))?;
    let is_private = |path: &str| path.ends_with(".spec") || path.starts_with(".git/") || path.contains("/.git/");
    let paths = sources.files.iter().map(|(path, _)| path).filter(|path| matcher.matches(path) && !is_private(path));
    let paths: Vec<_> = paths.map(str::to_owned).collect();
    if paths.is_empty() { Err(refuse(site, format!("no file `{text}`"))) } else { Ok(paths) }
}

/// Returns whether a path is a file or a directory.
pub(super) fn exists(sources: &Sources, path: &str) -> bool {
    sources.files.contains(path) || !sources.files.below(path).is_empty()
}
