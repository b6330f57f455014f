//! Packages that differ in one thing each, and packages of foreign bytes.

use proptest::prelude::*;
use rpm::FileOptions;

use super::*;
use crate::fixture;

/// Builds a package with files of the given paths and contents.
fn package(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = fixture::builder("toy");
    for (path, content) in files {
        builder.with_file_contents(*content, FileOptions::new(*path)).expect("fixture file");
    }
    fixture::bytes(&mut builder)
}

/// Compares packages with one file of the given contents and returns what is told of the file.
fn content(one: &[u8], other: &[u8]) -> Difference {
    let clues = [Clue { cause: Cause::Host, one: "azl-build".to_owned(), other: "elsewhere".to_owned() }];
    let diff = diff(&package(&[("/usr/f", one)]), &package(&[("/usr/f", other)]), &clues).expect("good packages");
    diff.differences.into_iter().find(|difference| difference.place == "/usr/f").expect("the file differs")
}

fn causes(difference: &Difference) -> Vec<Cause> {
    let mut causes = BTreeSet::new();
    difference.collect_causes(&mut causes);
    causes.into_iter().collect()
}

fn gzip(time: u32, content: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut writer = flate2::GzBuilder::new().mtime(time).write(Vec::new(), flate2::Compression::default());
    writer.write_all(content).expect("memory takes it");
    writer.finish().expect("memory takes it")
}

fn ar(members: &[(&str, &str, &str)]) -> Vec<u8> {
    let mut bytes = b"!<arch>\n".to_vec();
    for (name, time, content) in members {
        let header = format!("{name:<16}{time:<12}0     0     100644  {:<10}`\n{content}", content.len());
        bytes.extend_from_slice(header.as_bytes());
        if !content.len().is_multiple_of(2) {
            bytes.push(b'\n');
        }
    }
    bytes
}

/// A program with the given sections, as a linker would lay it out.
fn elf(sections: &[(&str, &[u8])]) -> Vec<u8> {
    let mut names = vec![0];
    let mut bytes = vec![0; 64];
    let mut headers = vec![0; 64];
    let all = sections.iter().copied().chain([(".shstrtab", &b""[..])]);
    for (name, content) in all {
        let at = names.len() as u32;
        names.extend_from_slice(name.as_bytes());
        names.push(0);
        let content = if name == ".shstrtab" { names.clone() } else { content.to_vec() };
        let mut header = [0; 64];
        header[..4].copy_from_slice(&at.to_le_bytes());
        header[4] = 1;
        header[0x18..0x20].copy_from_slice(&(bytes.len() as u64).to_le_bytes());
        header[0x20..0x28].copy_from_slice(&(content.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&content);
        headers.extend_from_slice(&header);
    }
    bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
    let table = (bytes.len() as u64).to_le_bytes();
    bytes[0x28..0x30].copy_from_slice(&table);
    bytes[0x3c] = sections.len() as u8 + 2;
    bytes[0x3e] = sections.len() as u8 + 1;
    bytes.extend_from_slice(&headers);
    bytes
}

#[test]
fn equal_packages_have_no_difference() {
    let bytes = fixture::with_files();
    assert!(diff(&bytes, &bytes, &[]).expect("good").is_empty());
}

#[test]
fn tags_are_named_and_those_computed_from_others_are_no_cause_of_their_own() {
    let one = fixture::bytes(fixture::builder("toy").build_host("azl-build"));
    let other = fixture::bytes(fixture::builder("toy").build_host("elsewhere"));
    let diff = diff(&one, &other, &[]).expect("good");
    let host = diff.differences.iter().find(|d| d.place == "header BUILDHOST").expect("named");
    assert_eq!(host.how, How::Values { one: "azl-build".to_owned(), other: "elsewhere".to_owned() });
    assert!(diff.differences.iter().any(|d| d.place == "signature header SHA256"), "{diff}");
    assert_eq!(diff.causes(), BTreeSet::from([Cause::Host]));
    let text = diff.to_string();
    assert!(text.contains("cause: host"), "{text}");
    assert!(text.contains("follows from others: signature header"), "{text}");
}

#[test]
fn files_of_one_package_only_are_named() {
    let id = "/usr/lib/.build-id/8f/14e45f";
    let diff = diff(&package(&[("/a", b"x"), ("/b", b"x")]), &package(&[("/a", b"x"), (id, b"x")]), &[]).expect("good");
    let find = |place: &str| diff.differences.iter().find(|d| d.place == place).expect("named");
    assert_eq!(find("/b").how, How::OnlyInOne);
    assert_eq!((&find(id).how, causes(find(id))), (&How::OnlyInOther, vec![Cause::Consequence]));
}

#[test]
fn attributes_of_a_file_are_compared() {
    let build = |mode, time| {
        let options = FileOptions::new("/usr/f").permissions(mode);
        let mut builder = fixture::builder("toy");
        builder.using_config(rpm::BuildConfig::v4().source_date(time));
        fixture::bytes(builder.with_file_contents("x", options).expect("fixture file"))
    };
    let diff = diff(&build(0o644, fixture::TIME), &build(0o664, fixture::TIME - 5), &[]).expect("good");
    let text = diff.to_string();
    assert!(text.contains("- 0644") && text.contains("+ 0664"), "{text}");
    assert!(diff.causes().contains(&Cause::User), "{text}");
}

#[test]
fn text_differs_by_lines_and_each_cause_is_told() {
    let found = content(
        b"a\nbuilt 2026-01-02 by azl-build\nb\nhost azl-build\n",
        b"a\nbuilt 2027-02-03 by azl-build\nb\nhost elsewhere\n",
    );
    assert_eq!(causes(&found), [Cause::Time, Cause::Host]);
    assert!(matches!(&found.inside[0].how, How::Lines(hunk) if hunk.contains("-host azl-build\n+host elsewhere")));
}

#[test]
fn lines_in_another_order_are_told_from_others() {
    assert_eq!(causes(&content(b"one\ntwo\nthree\n", b"three\none\ntwo\n")), [Cause::Order]);
    assert_eq!(causes(&content(b"one\ntwo\nthree\n", b"three\none\n")), []);
}

#[test]
fn compressed_files_are_compared_by_header_and_content() {
    let found = content(&gzip(7, b"the same"), &gzip(8, b"the same"));
    assert_eq!((found.inside.len(), found.inside[0].place.as_str()), (1, "gzip time"));
    let found = content(&gzip(7, b"on azl-build"), &gzip(7, b"on elsewhere"));
    assert_eq!(found.inside[0].place, "uncompressed content");
    assert_eq!(causes(&found), [Cause::Host]);
}

#[test]
fn members_of_an_archive_are_compared_by_name() {
    let found = content(&ar(&[("a.o/", "1", "x"), ("b.o/", "2", "y")]), &ar(&[("b.o/", "3", "y"), ("a.o/", "1", "z")]));
    let places: Vec<&str> = found.inside.iter().map(|difference| difference.place.as_str()).collect();
    assert_eq!(places, ["order of members", "member a.o/", "member b.o/"]);
    assert_eq!(causes(&found.inside[2]), [Cause::Time]);
}

#[test]
fn sections_of_a_program_are_compared_and_its_build_id_follows() {
    let one = elf(&[(".rodata", b"\0built on azl-build\0"), (".note.gnu.build-id", b"GNU\x01\x02")]);
    let other = elf(&[(".rodata", b"\0built on elsewhere\0"), (".note.gnu.build-id", b"GNU\x09\x02")]);
    let found = content(&one, &other);
    let places: Vec<&str> = found.inside.iter().map(|difference| difference.place.as_str()).collect();
    assert_eq!(places, ["section .note.gnu.build-id", "section .rodata"]);
    assert_eq!(causes(&found.inside[1]), [Cause::Host]);
    assert_eq!(causes(&found.inside[0]), [Cause::Consequence]);
}

#[test]
fn what_lies_between_the_sections_of_a_program_still_differs() {
    let one = elf(&[(".text", b"code")]);
    let mut other = one.clone();
    other[0x30] = 1;
    assert!(matches!(content(&one, &other).inside[0].how, How::Bytes { offset: 0x30, .. }));
}

#[test]
fn another_compressor_is_named_when_the_content_is_equal() {
    let build = |level| {
        let mut builder = fixture::builder("toy");
        let compression = rpm::CompressionWithLevel::Zstd(level);
        builder.using_config(rpm::BuildConfig::v4().source_date(fixture::TIME).compression(compression));
        let text = "some text that is long enough to be compressed ".repeat(200);
        fixture::bytes(builder.with_file_contents(text, FileOptions::new("/f")).expect("fixture file"))
    };
    let diff = diff(&build(1), &build(19), &[]).expect("good");
    assert!(!diff.is_empty() && !diff.causes().is_empty(), "{diff}");
}

proptest! {
    #[test]
    fn foreign_bytes_never_panic_and_other_bytes_always_differ(
        at in any::<prop::sample::Index>(),
        value in any::<u8>(),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let one = fixture::with_files();
        let mut other = one.clone();
        let at = at.index(other.len());
        other[at] = value;
        if let Some(cut) = cut {
            other.truncate(cut.index(one.len()));
        }
        if let Ok(found) = diff(&one, &other, &[]) {
            prop_assert_eq!(found.is_empty(), one == other);
            prop_assert!(found.to_string().chars().all(|c| c == '\n' || !c.is_control()));
        }
    }

    #[test]
    fn foreign_content_never_panics(
        kind in 0..4usize,
        at in any::<prop::sample::Index>(),
        value in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let whole = [
            elf(&[(".text", b"code"), (".rodata", b"constant")]),
            ar(&[("a.o/", "1", "x"), ("//", "", "long name.o/\n"), ("/0", "2", "y")]),
            gzip(1, b"text"),
            "größe\n".repeat(5).into_bytes(),
        ];
        let one = &whole[kind];
        let mut other = one.clone();
        let at = at.index(other.len());
        other[at] = value;
        other.truncate(cut.index(one.len()) + 1);
        prop_assert_eq!(content::diff(one, &other, &[]).is_empty(), *one == other);
    }
}
