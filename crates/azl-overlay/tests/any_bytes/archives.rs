//! Archives that nobody wrote and spoilt ones: nothing panics, and nothing that is accepted goes beyond the limits.

use proptest::prelude::*;

use azl_overlay::archive::repack;

use crate::archive_property::{LIMITS, holds};
use crate::fixture::{Tar, gzip, pax_record, xz, zstd};

/// An archive with every kind of header there is.
fn sample() -> Vec<u8> {
    Tar::new()
        .entry(b'g', "pax_global_header", &pax_record("comment", b"0123456789abcdef"))
        .directory("a/")
        .file("a/x", &[b'x'; 700])
        .pax(&[("path", b"a/long"), ("mtime", b"1.5"), ("size", b"3")])
        .file("a/short", b"123")
        .entry(b'L', "././@LongLink", b"a/b/c/long-name\0")
        .entry(b'K', "././@LongLink", b"../../x\0")
        .link(b'2', "a/b/c/long-name", "../../x")
        .link(b'2', "a/l", "b/c")
        .end()
}

/// Makes the checksums of all blocks right that look like headers, so that spoilt fields are looked at.
fn resealed(mut bytes: Vec<u8>) -> Vec<u8> {
    for block in bytes.chunks_exact_mut(512).filter(|block| block[257..262] == *b"ustar") {
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    }
    bytes
}

fn spoilt(mut bytes: Vec<u8>, changes: &[(prop::sample::Index, u8)]) -> Vec<u8> {
    for (at, byte) in changes {
        let at = at.index(bytes.len());
        bytes[at] = *byte;
    }
    bytes
}

fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    let byte = prop_oneof![any::<u8>(), prop::sample::select(&b"\0 /.0123457xgLKS\x80\xff"[..])];
    prop::collection::vec((any::<prop::sample::Index>(), byte), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..3000), magic in 0usize..4) {
        let start: &[u8] = [&b""[..], b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"][magic];
        holds(&[start, &bytes].concat());
    }

    #[test]
    fn spoilt_headers_do_no_harm(changes in changes()) {
        holds(&resealed(spoilt(sample(), &changes)));
    }

    #[test]
    fn spoilt_streams_do_no_harm(changes in changes(), pack in 0usize..3) {
        let pack = [gzip, xz, zstd][pack];
        holds(&spoilt(pack(&sample()), &changes));
    }

    #[test]
    fn spoilt_archives_in_good_streams_do_no_harm(changes in changes(), cut in any::<prop::sample::Index>()) {
        let bytes = resealed(spoilt(sample(), &changes));
        holds(&zstd(&bytes[..cut.index(bytes.len())]));
    }
}

#[test]
fn sample_is_good() {
    let result = repack(&sample(), &LIMITS);
    assert!(result.is_ok(), "{result:?}");
}
