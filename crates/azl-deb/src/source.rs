//! The look at a source file when it first arrives.
//!
//! The file's digest was declared by a person or a tool that may have pinned the wrong thing; so we look at what was
//! pinned once, before anything unpacks it.

use std::io::Read;

use crate::ArchiveError;
use crate::compression::{self, Compression};
use crate::paths::{self, Paths, Repeats};
use crate::tarball::{Entry, Kind, walk_paths};

/// What the look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceCheck {
    /// A tarball whose every entry is harmless.
    Tarball {
        /// Number of entries.
        entries: u64,
    },
    /// Not a tarball by its name: a patch, a key, a single file.
    PlainFile,
    /// An archive of a format we do not look into.
    Opaque {
        /// Why not.
        reason: &'static str,
    },
}

/// Looks through the source file `name`, reading it once to its end.
///
/// A tarball must not hold absolute paths, `..`, devices, links that lead out of it, or entries behind links; and no
/// top-level name that a shell would take apart, since `rpmuncompress` before rpm 6.0.2 pasted it into a command
/// (CVE-2026-44604).
///
/// # Errors
/// [`ArchiveError::WebPage`] if the content is HTML and the name says otherwise, [`ArchiveError`] for other refusals.
pub fn check_source_archive(stream: impl Read, name: &str) -> Result<SourceCheck, ArchiveError> {
    let (start, stream) = compression::peek(stream).map_err(ArchiveError::Read)?;
    let expected = Expected::of(name);
    refuse_web_page(&start, name, expected)?;
    match expected {
        Expected::Plain | Expected::Page => Ok(SourceCheck::PlainFile),
        Expected::Opaque(reason) => Ok(SourceCheck::Opaque { reason }),
        Expected::Tarball => check_tarball(&start, stream, name),
    }
}

/// What a file's name promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Tarball,
    Opaque(&'static str),
    Page,
    Plain,
}

impl Expected {
    fn of(name: &str) -> Self {
        let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
        if ends(&[".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst", ".crate"]) {
            Self::Tarball
        } else if ends(&[".tar.bz2", ".tbz2", ".tbz"]) {
            Self::Opaque("bzip2 is not read here")
        } else if ends(&[".tar.lz", ".tar.lzma", ".zip", ".whl", ".gem", ".jar", ".cpio", ".7z"]) {
            Self::Opaque("the format is not read here")
        } else if ends(&[".html", ".htm", ".xhtml", ".xml", ".svg"]) {
            Self::Page
        } else {
            Self::Plain
        }
    }
}

/// In the place of an archive everything that starts with `<` is a page; in the place of another file only what says so.
fn refuse_web_page(start: &[u8], name: &str, expected: Expected) -> Result<(), ArchiveError> {
    let text = String::from_utf8_lossy(start);
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let lower = text.to_ascii_lowercase();
    let says_html = lower.starts_with("<!doctype html") || lower.starts_with("<html");
    let what = match expected {
        Expected::Tarball | Expected::Opaque(_) if text.starts_with('<') => "an archive",
        Expected::Plain if says_html => "the file its name promises",
        _ => return Ok(()),
    };
    let start = text.chars().take(40).collect::<String>().escape_debug().to_string();
    Err(ArchiveError::WebPage { name: name.to_owned(), expected: what, start })
}

fn check_tarball(start: &[u8], stream: impl Read, name: &str) -> Result<SourceCheck, ArchiveError> {
    let compression = Compression::of(start);
    if compression == Compression::None && start.get(257..262) != Some(b"ustar") {
        let shown = String::from_utf8_lossy(&start[..start.len().min(8)]).escape_debug().to_string();
        return Err(ArchiveError::Malformed(format!(
            "`{name}` is no tarball of a kind we read: it starts with `{shown}`"
        )));
    }
    let stream = compression::decode(compression, stream).map_err(ArchiveError::Read)?;
    let mut entries = 0;
    let mut refused = None;
    let result = walk_paths(stream, Paths::new(Repeats::Files), &mut |entry| {
        entries += 1;
        if let Some(reason) = refusal(&entry) {
            refused = Some(ArchiveError::unsafe_entry(entry.path.as_bytes(), reason));
            return Err(std::io::Error::other("refused"));
        }
        Ok(())
    });
    match (refused, result) {
        (Some(refused), _) => Err(refused),
        (None, Err(error)) => Err(error),
        (None, Ok(())) if entries == 0 => Err(ArchiveError::Malformed(format!("`{name}` is an empty tarball"))),
        (None, Ok(())) => Ok(SourceCheck::Tarball { entries }),
    }
}

/// What a source may not hold although a package may.
fn refusal(entry: &Entry<'_>) -> Option<String> {
    let top = entry.path.split('/').next().unwrap_or_default();
    if let Some(bad) = top.chars().find(|c| "`$;|&<>\"'\\".contains(*c)) {
        return Some(format!("has `{bad}` in its top-level name"));
    }
    match &entry.kind {
        // A link to /dev/null is how a masked unit looks; following it does no harm.
        Kind::Symlink(target) if target != "/dev/null" && paths::escapes(&entry.path, target) => {
            Some(format!("is a link that leads out of the archive, to `{}`", target.escape_debug()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Tarball, gzip, xz, zstd};

    fn check(tarball: Tarball) -> Result<SourceCheck, ArchiveError> {
        check_source_archive(&*xz(&tarball.bytes()), "demo-1.tar.xz")
    }

    #[test]
    fn an_ordinary_source_is_accepted_in_every_compression() {
        let tarball = || Tarball::new().directory("demo-1/").file("demo-1/a", b"x").link("demo-1/l", "a").bytes();
        let expected = SourceCheck::Tarball { entries: 3 };
        for (name, bytes) in [
            ("a.tar", tarball()),
            ("a.tgz", gzip(&tarball())),
            ("a.tar.zst", zstd(&tarball())),
            ("a.tar.xz", xz(&tarball())),
        ] {
            assert_eq!(check_source_archive(&*bytes, name).expect(name), expected);
        }
    }

    #[test]
    fn hostile_entries_are_refused_with_their_name() {
        let cases = [
            (Tarball::new().file("../x", b""), "climbs"),
            (Tarball::new().file("/x", b""), "absolute"),
            (Tarball::new().special("d/x", tar::EntryType::Char), "a device"),
            (Tarball::new().link("d/l", "../../etc"), "leads out"),
            (Tarball::new().link("d/l", "/etc/passwd"), "leads out"),
            (Tarball::new().link("d/l", "sub").file("d/l/x", b""), "behind the link"),
            (Tarball::new().file("$(touch pwned)/x", b""), "top-level name"),
        ];
        for (tarball, expected) in cases {
            let error = check(tarball).expect_err(expected).to_string();
            assert!(error.contains(expected), "{error} lacks {expected}");
        }
    }

    #[test]
    fn a_masked_unit_is_no_escape() {
        assert!(check(Tarball::new().link("d/unit.service", "/dev/null")).is_ok());
    }

    #[test]
    fn a_login_page_in_the_place_of_a_file_has_its_own_message() {
        for name in ["demo-1.tar.xz", "demo-1.zip", "fix.patch"] {
            let error = check_source_archive(&b"\n<!DOCTYPE html><title>Sign in</title>"[..], name).expect_err(name);
            assert!(matches!(error, ArchiveError::WebPage { .. }), "{error}");
        }
        assert_eq!(check_source_archive(&b"<html>"[..], "manual.html").expect("a page"), SourceCheck::PlainFile);
        assert_eq!(
            check_source_archive(&b"<stdio.h> fix\n--- a"[..], "x.patch").expect("a patch"),
            SourceCheck::PlainFile
        );
    }

    #[test]
    fn other_bytes_under_a_tarballs_name_are_refused() {
        assert!(check_source_archive(&b"version https://git-lfs"[..], "a.tar.xz").is_err());
        assert!(check_source_archive(&b""[..], "a.tar.gz").is_err());
        let whole = xz(&Tarball::new().file("a", &[1; 9000]).bytes());
        assert!(check_source_archive(&whole[..whole.len() - 20], "a.tar.xz").is_err(), "truncated");
    }
}
