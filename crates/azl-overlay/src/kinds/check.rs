//! The one test helper of all kinds.

use azl_diagnostics::render_all;
use azl_spec::Spec;

use crate::file_set::{FileEntry, FileSet};
use crate::overlay::{Compat, Descriptions, Overlay};
use crate::reader::Reader;
use crate::sources::Sources;

/// Splits a fixture at `//- path` lines into files.
fn files(fixture: &str) -> FileSet {
    let parts = fixture.split("//- ").skip(1);
    let files = parts.filter_map(|part| part.split_once('\n'));
    files.map(|(path, text)| (path.to_owned(), FileEntry::new(text.as_bytes()))).collect()
}

fn dump(sources: &Sources) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let files = sources.files.iter().map(|(path, entry)| format!("//- {path}\n{}", text(&entry.bytes)));
    text(sources.spec.as_bytes()) + &files.collect::<String>()
}

/// Applies the overlay `toml` to a fixture: the spec, then further files behind `//- path` lines. Files of the
/// authored tree stand below `o/`, beside the overlay. Returns the sources in the same form, or the rendered mistakes.
pub(super) fn apply(toml: &str, fixture: &str) -> Result<String, String> {
    apply_as(Compat::None, toml, fixture).map(|(sources, _)| sources)
}

/// Applies as [`apply`] with one's choice of results; returns the rendered warnings as well.
fn apply_as(compat: Compat, toml: &str, fixture: &str) -> Result<(String, String), String> {
    let mut diagnostics = Vec::new();
    let spec = fixture.split("//- ").next().unwrap_or_default();
    let mut all = files(fixture);
    let authored = all.below("o").iter().map(|(path, entry)| (format!("o/{path}"), entry.clone())).collect();
    all.retain(|path| !path.starts_with("o/"));
    let mut sources = Sources { spec: Spec::parse(spec), files: all };
    let mut reader = Reader::new("o/x.comp.toml", &mut diagnostics);
    let table = reader.document(toml);
    let overlay = table.and_then(|table| Overlay::read(&mut reader, table, Descriptions::Optional));
    if let Some(overlay) = overlay.filter(|_| diagnostics.is_empty()) {
        match overlay.apply(&mut sources, &authored, compat) {
            Ok(applied) => return Ok((dump(&sources), render_all(&applied.warnings, |_| Some(toml)))),
            Err(error) => diagnostics.push(error),
        }
    }
    Err(render_all(&diagnostics, |_| Some(toml)))
}

/// Asserts that the overlay turns the fixture into `expected`.
pub(super) fn check(toml: &str, fixture: &str, expected: &str) {
    assert_eq!(apply(toml, fixture).as_deref(), Ok(expected));
}

/// Asserts that the overlay has azldev's result `expected`, which is not ours, and a warning that holds `part`.
pub(super) fn check_azldev(toml: &str, fixture: &str, expected: &str, part: &str) {
    let (sources, warnings) = apply_as(Compat::Azldev, toml, fixture).expect("an overlay that azldev applies");
    assert_eq!(sources, expected);
    assert!(warnings.contains("azldev-defect") && warnings.contains(part), "no `{part}` in\n{warnings}");
    assert_ne!(apply(toml, fixture).as_deref(), Ok(expected));
}

/// Asserts that azldev refuses the overlay for a reason that holds `part`, and that it has our result `expected`.
pub(super) fn check_azldev_refuses(toml: &str, fixture: &str, expected: &str, part: &str) {
    let (sources, warnings) = apply_as(Compat::Azldev, toml, fixture).expect("an overlay that we apply");
    assert_eq!(sources, expected);
    assert!(warnings.contains("azldev-refuses") && warnings.contains(part), "no `{part}` in\n{warnings}");
}

/// Asserts that the overlay is refused with a report that holds every one of `parts`.
pub(super) fn refused(toml: &str, fixture: &str, parts: &[&str]) {
    let report = apply(toml, fixture).expect_err("the overlay was expected to be refused");
    for part in parts {
        assert!(report.contains(part), "no `{part}` in\n{report}");
    }
}

#[test]
fn unknown_type_key_and_missing_description_are_all_reported() {
    refused(
        "type = 'spec-add-tags'\n",
        "",
        &["unknown overlay type", "x.comp.toml:1:8", "did you mean `spec-add-tag`?"],
    );
    refused(
        "type = 'spec-add-tag'\ntag = 'Requires'\nvalu = 'x'\nlines = []\n",
        "",
        &["unknown key `valu`", "x.comp.toml:3:1", "did you mean `value`?", "unknown key `lines`", "x.comp.toml:4:1"],
    );
    refused("type = 'file-remove'\nfile = 'x'\ndescripton = 'y'\n", "", &["did you mean `description`?"]);
    let mut diagnostics = Vec::new();
    let text = "type = 'spec-add-tag'\ntag = 'A'\nvalue = 'b'\ndescription = ' '\n";
    let mut reader = Reader::new("x", &mut diagnostics);
    let table = reader.document(text).expect("valid TOML");
    Overlay::read(&mut reader, table, Descriptions::Required);
    assert_eq!(diagnostics.iter().map(|one| one.code).collect::<Vec<_>>(), ["overlay-without-description"]);
}

#[test]
fn number_of_places_is_checked() {
    let toml = "type = 'spec-search-replace'\nregex = 'a'\nreplacement = 'b'\nexpect = 3\n";
    check(toml, "a a\na\n", "b b\nb\n");
    refused(toml, "a\na\n", &["overlay-expect", "applies at 2 places, not 3", "x.comp.toml:4:10"]);
    refused(&toml.replace('3', "0"), "a\n", &["`expect` must be a number of places, at least 1"]);
    refused(&toml.replace("expect", "expects"), "a\n", &["unknown key `expects`", "did you mean `expect`?"]);
}
