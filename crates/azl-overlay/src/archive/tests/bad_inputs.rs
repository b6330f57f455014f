//! The list of bad inputs, items B041 to B051: each archive is made here and refused by its rule.

use super::fixture::{Block, Tar, gzip, pax_record, xz, zstd};
use crate::archive::{Limits, Refusal, Rule, repack};

fn refusal(bytes: &[u8]) -> Refusal {
    repack(bytes, &Limits::default()).expect_err("the archive was expected to be refused")
}

/// Asserts that an archive is refused for one of its entries.
fn refused(tar: Tar, entry: &str, rule: Rule) {
    assert_eq!(refusal(&tar.end()), Refusal { entry: Some(entry.to_owned()), rule });
}

/// Asserts that bytes are refused as a whole.
fn refused_whole(bytes: &[u8], rule: Rule) {
    assert_eq!(refusal(bytes), Refusal { entry: None, rule });
}

fn accepted(tar: Tar) {
    let result = repack(&tar.end(), &Limits::default());
    assert!(result.is_ok(), "{result:?}");
}

/// B041.
#[test]
fn names_that_lead_elsewhere_are_refused() {
    for (name, rule) in [
        ("../x", Rule::Parent),
        ("a/../../x", Rule::Parent),
        ("/etc/passwd", Rule::Absolute),
        ("C:/x", Rule::Drive),
        ("c:x", Rule::Drive),
    ] {
        refused(Tar::new().file(name, b""), name, rule);
        refused(Tar::new().pax(&[("path", name.as_bytes())]).file("x", b""), name, rule);
        refused(Tar::new().entry(b'L', "l", &[name.as_bytes(), b"\0"].concat()).file("x", b""), name, rule);
    }
    refused(Tar::new().block(Block::new(b'0', b"x", 0).with(345, b"../.."), b""), "../../x", Rule::Parent);
    refused(Tar::new().file("", b""), "", Rule::NoName);
}

/// B041.
#[test]
fn nul_bytes_and_overlong_names_are_refused() {
    let hidden = Block::new(b'0', b"a\0/../../b", 0);
    assert_eq!(refusal(&Tar::new().block(hidden, b"").end()).rule, Rule::Nul);
    refused(Tar::new().pax(&[("path", b"a\0b")]).file("x", b""), "a\\u{0}b", Rule::Nul);
    let long = [b"d/".repeat(32 << 10), b"x\0".to_vec()].concat();
    assert_eq!(refusal(&Tar::new().entry(b'L', "l", &long).file("x", b"").end()).rule, Rule::LongName);
    let long = &long[..long.len() - 1];
    assert_eq!(refusal(&Tar::new().pax(&[("path", long)]).file("x", b"").end()).rule, Rule::LongName);
    let target = [b'x'; 5000];
    assert_eq!(refusal(&Tar::new().pax(&[("linkpath", &target)]).link(b'2', "x", "").end()).rule, Rule::LongName);
    let huge = Block::new(b'L', b"l", 1 << 32);
    refused(Tar::new().block(huge, b""), "l", Rule::LongName);
}

/// B042.
#[test]
fn symbolic_links_stay_inside_and_nothing_goes_through_them() {
    refused(Tar::new().link(b'2', "a/l", "/etc"), "a/l", Rule::LinkAbsolute);
    refused(Tar::new().link(b'2', "a/l", "../../x"), "a/l", Rule::LinkEscapes);
    refused(Tar::new().link(b'2', "l", ""), "l", Rule::LinkToNothing);
    refused(Tar::new().directory("d").link(b'2', "l", "d").file("l/x", b""), "l/x", Rule::BelowLink);
    refused(Tar::new().file("l/x", b"").link(b'2', "l", "d"), "l", Rule::Duplicate);
    refused(Tar::new().file("f", b"").file("f/x", b""), "f/x", Rule::BelowFile);
    accepted(Tar::new().file("a/x", b"").link(b'2', "a/b/l", "../x").link(b'2', "a/to", "nowhere"));
}

/// B042: each target alone stays inside, together they leave.
#[test]
fn links_that_leave_by_way_of_other_links_are_refused() {
    refused(Tar::new().link(b'2', "d", ".").link(b'2', "e", "d/.."), "e", Rule::LinkEscapes);
    refused(
        Tar::new().directory("a/b").link(b'2', "x/y/l", "../../a/b/../../k/..").link(b'2', "k", "."),
        "x/y/l",
        Rule::LinkEscapes,
    );
    accepted(Tar::new().link(b'2', "loop", "loop").link(b'2', "p", "q").link(b'2', "q", "p"));
}

#[test]
fn links_that_take_too_long_to_follow_are_refused() {
    let limits = Limits { link_steps: 1000, ..Limits::default() };
    let target = "./".repeat(40) + "x";
    let tar = (0..100).fold(Tar::new(), |tar, at| tar.link(b'2', &format!("l{at}"), &target));
    assert_eq!(repack(&tar.end(), &limits).map_err(|refusal| refusal.rule), Err(Rule::TooManyLinks));
}

/// B042 and B043.
#[test]
fn hard_links_devices_pipes_and_unknown_types_are_refused() {
    for (flag, rule) in [
        (b'1', Rule::HardLink),
        (b'3', Rule::Device),
        (b'4', Rule::Device),
        (b'6', Rule::Fifo),
        (b'7', Rule::Type),
        (b's', Rule::Type),
        (b'V', Rule::Type),
        (b'M', Rule::Type),
    ] {
        refused(Tar::new().link(flag, "x", "../../etc/passwd"), "x", rule);
    }
}

/// B043.
#[test]
fn set_id_and_sticky_bits_are_dropped() {
    let block = Block::new(b'0', b"x", 0).with(100, b"0006755");
    let bytes = repack(&Tar::new().block(block, b"").end(), &Limits::default()).expect("a good archive");
    assert_eq!(&bytes[100..108], b"0000755\0");
}

/// B044.
#[test]
fn sizes_that_disagree_are_refused() {
    refused(Tar::new().pax(&[("size", b"1024")]).file("x", b"1"), "x", Rule::Size);
    refused(Tar::new().pax(&[("size", b"0")]).file("x", b"1"), "x", Rule::Size);
    accepted(Tar::new().pax(&[("size", b"1")]).file("x", b"1"));
    refused(Tar::new().entry(b'5', "d", b"1"), "d", Rule::Content);
    refused(Tar::new().block(Block::new(b'2', b"l", 1).with(157, b"x"), b"1"), "l", Rule::Content);
}

/// B044.
#[test]
fn malformed_extended_headers_are_refused_and_not_passed_over() {
    refused(Tar::new().entry(b'x', "p", b"11 path=a\n").file("x", b""), "p", Rule::Extension);
    refused(Tar::new().entry(b'x', "p", &[0; 512]).file("x", b""), "p", Rule::Extension);
    refused(Tar::new().entry(b'g', "p", &pax_record("path", b"a")).file("x", b""), "p", Rule::Record);
    refused(Tar::new().pax(&[]).pax(&[]).file("x", b""), "PaxHeaders/x", Rule::Extension);
    refused(Tar::new().entry(b'L', "l", b"name").file("x", b""), "l", Rule::Extension);
    refused(Tar::new().entry(b'L', "l", b"a\0b\0").file("x", b""), "l", Rule::Extension);
    refused(Tar::new().entry(b'L', "l", b"a\0").entry(b'L', "l", b"b\0").file("x", b""), "l", Rule::Extension);
    let both = Tar::new().entry(b'L', "l", b"a\0").pax(&[("path", b"b")]).file("x", b"");
    refused(both, "x", Rule::TwoNames);
    refused_whole(&Tar::new().pax(&[("path", b"b")]).end(), Rule::Orphan);
    accepted(Tar::new().entry(b'g', "p", &pax_record("comment", b"0123")).pax(&[("mtime", b"1.5")]).file("x", b""));
}

/// B045.
#[test]
fn duplicate_entries_are_refused_but_for_equal_directories() {
    refused(Tar::new().file("x", b"1").file("./x", b"1"), "./x", Rule::Duplicate);
    refused(Tar::new().file("x", b"1").directory("x/"), "x/", Rule::Duplicate);
    refused(Tar::new().directory("x").file("x", b""), "x", Rule::Duplicate);
    let other_mode = Block::new(b'5', b"d", 0).with(100, b"0000700");
    refused(Tar::new().directory("d").block(other_mode, b""), "d", Rule::Duplicate);
    accepted(Tar::new().file("d/x", b"").directory("d/").directory("d"));
}

/// B046, and other formats under the name of a tar file.
#[test]
fn other_formats_are_refused_by_what_they_are() {
    refused_whole(b"PK\x03\x04\x14\0\0\0", Rule::Zip);
    refused_whole(b"BZh91AY&SY", Rule::Bzip2);
    refused_whole(b"LZIP\x01", Rule::Lzip);
    refused_whole(b"7z\xbc\xaf\x27\x1c\0\x04", Rule::SevenZip);
    refused_whole(&b"<html>".repeat(1000), Rule::NotTar);
    refused_whole(&gzip(&gzip(&Tar::new().end())), Rule::Truncated);
    refused_whole(b"", Rule::Truncated);
}

/// B047. The stream is cut off after what may be unpacked: that this goes unnoticed shows where reading stopped.
#[test]
fn bombs_stop_while_they_unpack() {
    let limits = Limits { ratio_free: 1 << 20, ratio: 8, ..Limits::default() };
    let many = (0..64).fold(Tar::new(), |tar, at| tar.file(&format!("f{at}"), &vec![0; 1 << 18])).end();
    let mut padded = Tar::new().file("x", b"").end();
    padded.resize(16 << 20, 0);
    for plain in [many, padded] {
        for packed in [zstd(&plain), xz(&plain), gzip(&plain)] {
            let cut = &packed[..packed.len() - 8];
            assert_eq!(repack(cut, &limits).map_err(|refusal| refusal.rule), Err(Rule::TooBig));
        }
    }
    let claimed = Block::new(b'0', b"x", 0).with(124, &[0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    refused_for(&Tar::new().block(claimed, b"").end(), Rule::TooBig);
}

fn refused_for(bytes: &[u8], rule: Rule) {
    assert_eq!(refusal(bytes).rule, rule);
}

/// B047.
#[test]
fn sparse_files_are_refused() {
    refused(Tar::new().entry(b'S', "x", b""), "x", Rule::Sparse);
    let records: [(&str, &[u8]); 2] = [("GNU.sparse.major", b"1"), ("GNU.sparse.realsize", b"9223372036854775807")];
    refused(Tar::new().pax(&records).file("x", b""), "PaxHeaders/x", Rule::Sparse);
    refused(Tar::new().pax(&[("SCHILY.realsize", b"1")]).file("x", b""), "PaxHeaders/x", Rule::Sparse);
}

/// B047.
#[test]
fn too_many_too_deep_and_too_long_names_are_refused() {
    let limits = Limits { entries: 50, names: 4000, ..Limits::default() };
    let rule = |tar: Tar| repack(&tar.end(), &limits).map_err(|refusal| refusal.rule);
    let tiny = (0..60).fold(Tar::new(), |tar, at| tar.file(&format!("f{at}"), b""));
    assert_eq!(rule(tiny), Err(Rule::TooManyEntries));
    // Directories that are only implied count, too: one name here stands for many members.
    let implied = (0..10).fold(Tar::new(), |tar, at| tar.file(&format!("{at}/{}x", "d/".repeat(20)), b""));
    assert_eq!(rule(implied), Err(Rule::TooManyEntries));
    let long = (0..45).fold(Tar::new(), |tar, at| tar.file(&format!("{at}{}", "x".repeat(90)), b""));
    assert_eq!(rule(long), Err(Rule::TooManyNames));
    let deep = "d/".repeat(200) + "x";
    refused(
        Tar::new().pax(&[("path", deep.as_bytes())]).file("x", b""),
        &(deep[..120].to_owned() + "…"),
        Rule::TooDeep,
    );
}

/// B049.
#[test]
fn top_directory_that_a_shell_would_act_on_is_refused() {
    for top in ["';touch x;'", "$(id)", "`id`", "-rf", "a\nb", "a|b"] {
        let error = refusal(&Tar::new().file(&format!("{top}/x"), b"").end());
        assert_eq!(error.rule, Rule::Shell, "{top}");
    }
    accepted(Tar::new().file("a-1.0+b~c/it's; $(here)", b""));
}

/// B050.
#[test]
fn what_follows_the_archive_is_refused() {
    let archive = Tar::new().file("x", b"1").end();
    let twice = [archive.clone(), archive.clone()].concat();
    refused_whole(&twice, Rule::Trailing);
    refused_whole(&[&archive[..], b"#!/bin/sh"].concat(), Rule::Trailing);
    for pack in [gzip, xz, zstd] {
        let packed = pack(&archive);
        refused_whole(&pack(&twice), Rule::Trailing);
        refused_whole(&[packed.clone(), packed.clone()].concat(), Rule::Trailing);
        refused_whole(&[&packed[..], b"\0\0x"].concat(), Rule::Trailing);
        assert!(repack(&[&packed[..], &[0; 700]].concat(), &Limits::default()).is_ok());
    }
    let padded = [archive, vec![0; 8704]].concat();
    assert!(repack(&padded, &Limits::default()).is_ok());
}

#[test]
fn archives_that_end_too_early_are_refused() {
    let archive = Tar::new().file("x", &[7; 3000]).end();
    for length in [1, 511, 512, 600, 3584] {
        refused_for(&archive[..length], Rule::Truncated);
    }
    for pack in [gzip, xz, zstd] {
        let packed = pack(&archive);
        let error = refusal(&packed[..packed.len() - 9]);
        assert!(matches!(error.rule, Rule::Truncated | Rule::Damaged), "{error}");
    }
}

/// B051.
#[test]
fn further_frames_are_refused_even_if_they_hold_nothing() {
    let archive = Tar::new().file("x", b"1").end();
    let skippable = b"\x50\x2a\x4d\x18\x04\0\0\0abcd";
    refused_whole(&[zstd(&archive), skippable.to_vec()].concat(), Rule::Trailing);
    refused_whole(&[zstd(&archive), zstd(b"")].concat(), Rule::Trailing);
    refused_whole(&[xz(&archive), xz(b"")].concat(), Rule::Trailing);
    refused_whole(&[gzip(&archive), gzip(b"")].concat(), Rule::Trailing);
    let (head, tail) = archive.split_at(512);
    refused_for(&[zstd(head), zstd(tail)].concat(), Rule::Truncated);
}

/// B051.
#[test]
fn absurd_windows_are_refused() {
    let archive = Tar::new().file("x", b"1").end();
    let mut packed = xz(&archive);
    // The first block's header: size, flags, LZMA2, one byte of properties (40 is 4 GiB), padding, CRC-32.
    packed[16] = 40;
    let mut crc = flate2::Crc::new();
    crc.update(&packed[12..20]);
    packed[20..24].copy_from_slice(&crc.sum().to_le_bytes());
    refused_whole(&packed, Rule::Window);
    let mut packed = zstd(&archive);
    assert_eq!(packed[4] & 0b1010_0000, 0, "a frame with a window and no single segment");
    packed[5] = (31 - 10) << 3;
    refused_whole(&packed, Rule::Window);
}
