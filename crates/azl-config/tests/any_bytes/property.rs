//! What holds for files of a tree that nobody wrote; also the bodies of fuzz targets.

use azl_config::{FileEntry, FileSet, Lock, Options, load, parse_sources, write_sources};
use azl_diagnostics::{has_errors, render_all};

/// A file that the one under test may include.
const INCLUDED: &str = "[distros.d]\ndist-git-base-uri = 'file:up/$pkg'\n[distros.d.versions.1]\nrelease-ver = '1'\n";

/// Loads the bytes as the root file of a tree; every mistake can be shown, and what has none can be resolved.
///
/// # Panics
/// If a property does not hold.
pub(crate) fn loads(bytes: &[u8]) {
    let mut files = FileSet::new();
    files.insert("azldev.toml", FileEntry::new(bytes));
    files.insert("a.toml", FileEntry::new(INCLUDED.as_bytes()));
    files.insert("x/x.spec", FileEntry::new(&b"Name: x\n"[..]));
    let (config, mut found) = load(&files, Options::default());
    if !has_errors(&found) {
        let (resolved, unresolved) = config.resolve_all();
        assert_eq!(resolved.len() + unresolved.len(), config.components.len(), "a component is lost");
        found.extend(unresolved);
        for component in &resolved {
            assert!(config.explain(&component.name, None).is_ok(), "`{}` cannot be explained", component.name);
        }
    }
    let report = render_all(&found, |path| files.text(path));
    assert_eq!(report.is_empty(), found.is_empty());
}

/// Reads the bytes as a `sources` file; what is read is written and read again as the same, and names plain files.
///
/// # Panics
/// If a property does not hold.
pub(crate) fn are_sources(bytes: &[u8]) {
    let (entries, found) = parse_sources("sources", bytes);
    let plain = |name: &str| !name.contains(['/', '\\', '\0', '\n']) && !matches!(name, "" | "." | "..");
    assert!(entries.iter().all(|entry| plain(&entry.file)), "a name is no file name");
    let text = std::str::from_utf8(bytes).ok();
    assert_eq!(render_all(&found, |_| text).is_empty(), found.is_empty());
    assert_eq!(parse_sources("sources", write_sources(&entries).as_bytes()), (entries, Vec::new()));
}

/// Reads the bytes as a lock; what is read is written and read again as the same.
///
/// # Panics
/// If a property does not hold.
pub(crate) fn is_a_lock(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Lock::parse("x.lock", text) {
        Ok(lock) => assert_eq!(Lock::parse("x.lock", &lock.to_string()), Ok(lock)),
        Err(found) => assert!(!render_all(&found, |_| Some(text)).is_empty(), "no reason"),
    }
}
