//! Every fixture of this crate gives what is expected, and every kind has one.
#![expect(clippy::disallowed_methods, reason = "a test that reads the fixtures beside it")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use azl_diagnostics::render_all;
use azl_overlay::fixture::Fixture;
use azl_overlay::{FileEntry, FileSet, NAMES, Sources};

fn children(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("a directory of fixtures");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

fn collect(top: &Path, directory: &Path, files: &mut FileSet) {
    for path in children(directory) {
        if path.is_dir() {
            collect(top, &path, files);
        } else {
            let name = path.strip_prefix(top).expect("a path below the top").to_string_lossy().into_owned();
            files.insert(name, FileEntry::new(std::fs::read(&path).expect("a file")));
        }
    }
}

/// Returns every fixture with its kind and its path below `fixtures/`.
fn fixtures() -> Vec<(String, String, Fixture)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let cases = children(&root).into_iter().flat_map(|kind| children(&kind));
    let read = cases.map(|directory| {
        let name = directory.strip_prefix(&root).expect("a path below the root").to_string_lossy().into_owned();
        let mut files = FileSet::new();
        collect(&directory, &directory, &mut files);
        let fixture =
            Fixture::read(files).unwrap_or_else(|mistakes| panic!("{name}: {}", render_all(&mistakes, |_| None)));
        (name.split('/').next().unwrap_or_default().to_owned(), name, fixture)
    });
    read.collect()
}

fn dump(sources: &Sources) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let files = sources.files.iter().map(|(path, entry)| format!("//- {path}\n{}", text(&entry.bytes)));
    text(sources.spec.as_bytes()) + &files.collect::<String>()
}

#[test]
fn every_fixture_becomes_what_is_expected() {
    for (_, name, fixture) in fixtures() {
        let after = fixture.apply().unwrap_or_else(|problem| panic!("{name}: {}", render_all(&[problem], |_| None)));
        let last = after.last().unwrap_or_else(|| panic!("{name}: no overlays"));
        let (found, expected) = (dump(last), dump(&fixture.expected));
        assert!(*last == fixture.expected, "{name} became\n{found}\nexpected\n{expected}");
    }
}

#[test]
fn every_kind_has_a_fixture_that_uses_it() {
    let fixtures = fixtures();
    for (kind, name, fixture) in &fixtures {
        assert!(fixture.overlays.iter().any(|overlay| overlay.kind.name() == kind), "{name} has no `{kind}`");
    }
    let kinds: BTreeSet<&str> = fixtures.iter().map(|(kind, _, _)| kind.as_str()).collect();
    assert_eq!(kinds, NAMES.iter().copied().collect());
}
