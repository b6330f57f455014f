//! Debian packages.

use std::io::Read;

use crate::tarball::{Kind, Visit, walk_compressed};
use crate::{ArchiveError, Control};

/// Largest `control` file that is read.
const MAX_CONTROL: u64 = 1 << 20;

/// Reads what a package says of itself; stops before its files.
///
/// # Errors
/// [`ArchiveError`] if the bytes are not a package.
pub fn control(deb: impl Read) -> Result<Control, ArchiveError> {
    read(deb, None)
}

/// Hands every file of a package to `visit`, in archive order, and returns what the package says of itself.
///
/// # Errors
/// [`ArchiveError`] for malformed and unsafe packages; [`ArchiveError::Visit`] with the visitor's error.
pub fn unpack(deb: impl Read, visit: &mut Visit<'_>) -> Result<Control, ArchiveError> {
    read(deb, Some(visit))
}

/// The members come in a fixed order; one whose name starts with `_` is to be skipped (deb(5)).
fn read(deb: impl Read, visit: Option<&mut Visit<'_>>) -> Result<Control, ArchiveError> {
    let mut members = ar::Archive::new(deb);
    let mut format_seen = false;
    let mut control = None;
    while let Some(member) = members.next_entry() {
        let member = member.map_err(|error| ArchiveError::Malformed(error.to_string()))?;
        let name = String::from_utf8_lossy(member.header().identifier()).into_owned();
        let stem = name.split('.').next().unwrap_or_default();
        match (stem, format_seen, control.take()) {
            (skipped, true, seen) if skipped.starts_with('_') => control = seen,
            ("debian-binary", false, None) => {
                expect_format(member)?;
                format_seen = true;
            }
            ("control", true, None) => control = Some(read_control(member)?),
            ("data", true, Some(control)) => {
                if let Some(visit) = visit {
                    walk_compressed(member, visit)?;
                }
                return Ok(control);
            }
            _ => {
                return Err(ArchiveError::Malformed(format!(
                    "member `{}` where a package has none",
                    name.escape_debug()
                )));
            }
        }
    }
    Err(ArchiveError::Malformed("the package ends before its `data.tar`".to_owned()))
}

fn expect_format(member: impl Read) -> Result<(), ArchiveError> {
    let mut version = String::new();
    member.take(16).read_to_string(&mut version).map_err(ArchiveError::Read)?;
    match version.starts_with("2.") {
        true => Ok(()),
        false => Err(ArchiveError::Malformed(format!("package format `{}` is not 2.x", version.trim().escape_debug()))),
    }
}

fn read_control(member: impl Read) -> Result<Control, ArchiveError> {
    let mut text = None;
    walk_compressed(member, &mut |entry| {
        if let (Kind::File { content, .. }, "control") = (entry.kind, entry.path.as_str()) {
            let mut found = String::new();
            content.take(MAX_CONTROL).read_to_string(&mut found)?;
            text = Some(found);
        }
        Ok(())
    })?;
    Control::parse(&text.ok_or_else(|| ArchiveError::Malformed("no `control` file in `control.tar`".to_owned()))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Tarball, deb, gzip, xz, zstd};

    const CONTROL: &[u8] = b"Package: demo\nVersion: 1:2.0-3\nArchitecture: amd64\n";

    fn control_tar() -> Vec<u8> {
        Tarball::new().file("./control", CONTROL).bytes()
    }

    fn contents(deb: &[u8]) -> Result<Vec<(String, u32, Vec<u8>)>, ArchiveError> {
        let mut found = Vec::new();
        unpack(deb, &mut |entry| {
            let mut bytes = Vec::new();
            if let Kind::File { content, .. } = entry.kind {
                content.read_to_end(&mut bytes)?;
            }
            found.push((entry.path, entry.mode, bytes));
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn files_come_out_whatever_the_compression() {
        let data = Tarball::new().directory("./usr/").file("./usr/f", b"content").bytes();
        for (suffix, packed) in [("", data.clone()), (".gz", gzip(&data)), (".xz", xz(&data)), (".zst", zstd(&data))] {
            let deb = deb(&[
                ("debian-binary", b"2.0\n"),
                ("control.tar.xz", &xz(&control_tar())),
                (&format!("data.tar{suffix}"), &packed),
            ]);
            let expected = [("usr".to_owned(), 0o755, vec![]), ("usr/f".to_owned(), 0o644, b"content".to_vec())];
            assert_eq!(contents(&deb).expect(suffix), expected, "{suffix}");
        }
    }

    #[test]
    fn the_control_fields_are_read_without_the_data() {
        let deb =
            deb(&[("debian-binary", b"2.0\n"), ("control.tar", &control_tar()), ("data.tar.xz", b"never looked at")]);
        let control = control(&*deb).expect("a package");
        assert_eq!(
            (control.package.as_str(), control.version.as_str(), control.architecture.as_str()),
            ("demo", "1:2.0-3", "amd64")
        );
    }

    #[test]
    fn entries_that_leave_the_root_or_go_through_links_are_refused() {
        let bad = [
            Tarball::new().file("../etc/shadow", b""),
            Tarball::new().file("/etc/shadow", b""),
            Tarball::new().link("./lib", "/etc").file("./lib/shadow", b""),
            Tarball::new().special("./dev/sda", tar::EntryType::Block),
            Tarball::new().hard_link("./passwd", "/etc/passwd"),
        ];
        for data in bad {
            let deb = deb(&[("debian-binary", b"2.0\n"), ("control.tar", &control_tar()), ("data.tar", &data.bytes())]);
            assert!(matches!(contents(&deb), Err(ArchiveError::Unsafe { .. })));
        }
    }

    #[test]
    fn members_out_of_order_missing_or_of_another_format_are_refused() {
        let control = control_tar();
        let bad: [&[(&str, &[u8])]; 4] = [
            &[("debian-binary", b"2.0\n"), ("data.tar", &control)],
            &[("debian-binary", b"2.0\n"), ("control.tar", &control)],
            &[("debian-binary", b"3.0\n"), ("control.tar", &control), ("data.tar", &control)],
            &[("control.tar", &control), ("data.tar", &control)],
        ];
        for members in bad {
            assert!(matches!(contents(&deb(members)), Err(ArchiveError::Malformed(_))));
        }
        assert!(contents(b"<html>not found</html>").is_err());
    }
}
