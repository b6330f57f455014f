//! Small trees for tests: files behind `//- path` lines of one text.

use azl_diagnostics::render_all;
use azl_overlay::{FileEntry, FileSet};

use crate::document::Config;
use crate::load::{Options, load};

/// A distro with one version, which is the project's.
pub(crate) const DISTRO: &str = "
[project]
default-distro = { name = 'd', version = '1' }
[distros.d]
dist-git-base-uri = 'file:up/$pkg'
[distros.d.versions.1]
release-ver = '1'
dist-git-branch = 'one'
[distros.d.versions.1.default-component-config]
spec = { type = 'upstream', upstream-distro = { name = 'd', version = '1', snapshot = '2026-01-01T00:00:00Z' } }
build.check = { skip = true, skip_reason = 'slow' }
";

pub(crate) fn files(fixture: &str) -> FileSet {
    let parts = fixture.split("//- ").skip(1).filter_map(|part| part.split_once('\n'));
    parts.map(|(path, text)| (path.to_owned(), FileEntry::new(text.as_bytes()))).collect()
}

/// Loads a tree; returns it with the rendered mistakes.
pub(crate) fn loaded(fixture: &str) -> (Config, String) {
    let files = files(fixture);
    let (config, diagnostics) = load(&files, Options::default());
    let report = render_all(&diagnostics, |path| files.text(path));
    (config, report)
}

/// Loads a tree that has no mistakes, of one file below [`DISTRO`].
pub(crate) fn good(own: &str) -> Config {
    let (config, report) = loaded(&format!("//- azldev.toml\n{DISTRO}{own}"));
    assert_eq!(report, "");
    config
}

/// Asserts that every one of `parts` is said, each by one error.
pub(crate) fn refused(fixture: &str, parts: &[&str]) {
    let (_, report) = loaded(fixture);
    for part in parts {
        assert!(report.contains(part), "no `{part}` in\n{report}");
    }
    assert_eq!(report.matches("error[").count(), parts.len(), "{report}");
}

/// Asserts that there is one error and that it says all of `parts`.
pub(crate) fn mistake(fixture: &str, parts: &[&str]) {
    let (_, report) = loaded(fixture);
    for part in parts {
        assert!(report.contains(part), "no `{part}` in\n{report}");
    }
    assert_eq!(report.matches("error[").count(), 1, "{report}");
}
