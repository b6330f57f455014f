//! Signatures inside RPM files.
//!
//! The signature covers the main header, which holds the digests of the payload. It goes into the signature
//! header twice: as tag 278 (`OPENPGP`, for rpm 6) and, in version 4 packages, as tag 267 or 268 (for rpm 4).
//! All other tags, the reserved space among them, stay as they are, so taking the signature out again gives
//! the unsigned file bit by bit.
//!
//! Not here: IMA and fs-verity signatures of single files.
//!
//! **Invariant:** `strip_rpm(sign_rpm(x)) == x`, and this is checked each time something is signed.

use azl_rpm::{Frame, RpmError, check_frame};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rpm::{DigestStatus, Header, HeaderEntry, IndexData, IndexSignatureTag, Package, PackageMetadata};

use crate::certificate::{Certificate, SignatureError};
use crate::key::{Key, KeyError};

/// Says why an RPM was not signed, or why its signature is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum RpmSignatureError {
    /// The file is not a package.
    #[error(transparent)]
    Package(#[from] RpmError),
    /// The signature is missing, a stranger's or wrong.
    #[error("header signature: {0}")]
    Signature(#[from] SignatureError),
    /// A digest is missing or does not fit: header or payload were changed.
    #[error("{what} digest: {problem}")]
    Digest {
        /// `header` or `payload`, with the algorithm.
        what: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The key cannot sign.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Taking the signature out again would not give the unsigned file.
    #[error("signing this package could not be undone: its signature header is not laid out as rpm does")]
    NotReversible,
}

const REGION: u32 = IndexSignatureTag::HEADER_SIGNATURES as u32;
const DSA: u32 = IndexSignatureTag::RPMSIGTAG_DSA as u32;
const RSA: u32 = IndexSignatureTag::RPMSIGTAG_RSA as u32;
const OPENPGP: u32 = IndexSignatureTag::RPMSIGTAG_OPENPGP as u32;
/// Reserved space of version 6 packages, by which we know them.
const RESERVED_V6: u32 = IndexSignatureTag::RPMSIGTAG_RESERVED as u32;

/// Signs the header of a package, replacing any signature it has; dated `time`, seconds since 1970.
///
/// # Errors
/// If the file is not a package, cannot be restored, or the key cannot sign.
pub fn sign_rpm(bytes: &[u8], key: &Key, time: u64) -> Result<Vec<u8>, RpmSignatureError> {
    let unsigned = strip_rpm(bytes)?;
    let frame = check_frame(&unsigned)?;
    let packet = key.sign(&unsigned[frame.header.clone()], time)?;
    let signed = rewrite(&unsigned, &frame, |entries| {
        if !entries.iter().any(|entry| entry.tag == RESERVED_V6) {
            entries.push(HeaderEntry::new(legacy_tag(&packet), IndexData::Bin(packet.clone())));
        }
        entries.push(HeaderEntry::new(OPENPGP, IndexData::StringArray(vec![STANDARD.encode(&packet)])));
    })?;
    match strip_rpm(&signed)? == unsigned {
        true => Ok(signed),
        false => Err(RpmSignatureError::NotReversible),
    }
}

/// Returns the package without header signatures: of a package we signed, the very file that was signed.
///
/// # Errors
/// If the file is not a package.
pub fn strip_rpm(bytes: &[u8]) -> Result<Vec<u8>, RpmSignatureError> {
    let frame = check_frame(bytes)?;
    let metadata = PackageMetadata::parse(&mut &bytes[..frame.payload]).map_err(RpmError::from)?;
    if ![DSA, RSA, OPENPGP].iter().any(|&tag| metadata.signature.entry_is_present(tag)) {
        return Ok(bytes.to_vec());
    }
    rewrite(bytes, &frame, |entries| entries.retain(|entry| ![DSA, RSA, OPENPGP].contains(&entry.tag)))
}

/// Returns the file with other entries in its signature header.
fn rewrite(
    bytes: &[u8],
    frame: &Frame,
    edit: impl FnOnce(&mut Vec<HeaderEntry>),
) -> Result<Vec<u8>, RpmSignatureError> {
    let mut metadata = PackageMetadata::parse(&mut &bytes[..frame.payload]).map_err(RpmError::from)?;
    let entries = metadata.signature.get_all_entries().map_err(RpmError::from)?;
    let mut entries: Vec<HeaderEntry> =
        entries.into_iter().filter(|(tag, _)| *tag != REGION).map(|(tag, data)| HeaderEntry::new(tag, data)).collect();
    edit(&mut entries);
    metadata.signature = Header::from_entries(entries, IndexSignatureTag::HEADER_SIGNATURES);
    let mut result = Vec::with_capacity(bytes.len() + 1024);
    metadata.write(&mut result).map_err(RpmError::from)?;
    result.extend_from_slice(&bytes[frame.payload..]);
    Ok(result)
}

/// rpm 4 looks for RSA signatures under one tag and for all others under the tag of DSA.
fn legacy_tag(packet: &[u8]) -> u32 {
    // The algorithm is the fourth byte of a version 4 signature, behind the packet's own header of 2 or 3 bytes.
    let body = match packet {
        [_, 0..192, body @ ..] | [_, 192..224, _, body @ ..] => body,
        _ => &[],
    };
    match body {
        [4, _, 1 | 3, ..] => RSA,
        _ => DSA,
    }
}

/// Checks a package: every signature by this certificate, at least one, the digests of header and payload.
///
/// Returns the time of the signature, seconds since 1970. Signatures by other keys are left alone.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify_rpm(bytes: &[u8], certificate: &Certificate) -> Result<u64, RpmSignatureError> {
    let frame = check_frame(bytes)?;
    let package = Package::parse(&mut &bytes[..]).map_err(RpmError::from)?;
    check_digests(&package)?;
    let header = &bytes[frame.header];
    let mut result = Err(SignatureError::Unsigned);
    for packet in signatures(&package.metadata)? {
        match certificate.verify(header, &packet) {
            Err(SignatureError::OtherKey(key)) if result.is_err() => result = Err(SignatureError::OtherKey(key)),
            Err(SignatureError::OtherKey(_)) => {}
            Err(wrong) => return Err(wrong.into()),
            Ok(time) => result = Ok(time),
        }
    }
    Ok(result?)
}

fn signatures(metadata: &PackageMetadata) -> Result<Vec<Vec<u8>>, RpmSignatureError> {
    let mut packets = Vec::new();
    for (tag, data) in metadata.signature.get_all_entries().map_err(RpmError::from)? {
        match data {
            IndexData::Bin(packet) if [DSA, RSA].contains(&tag) => packets.push(packet),
            IndexData::StringArray(texts) if tag == OPENPGP => {
                for text in texts {
                    let packet = STANDARD.decode(text).map_err(|error| SignatureError::Malformed(error.to_string()))?;
                    packets.push(packet);
                }
            }
            _ => {}
        }
    }
    Ok(packets)
}

fn check_digests(package: &Package) -> Result<(), RpmSignatureError> {
    let report = package.check_digests().map_err(RpmError::from)?;
    let rows = [
        ("header SHA-256", &report.header_sha256, Demand::Required),
        ("header SHA-1", &report.header_sha1, Demand::IfPresent),
        ("header SHA3-256", &report.header_sha3_256, Demand::IfPresent),
        ("payload SHA-256", &report.payload_sha256, Demand::Required),
        ("payload SHA-512", &report.payload_sha512, Demand::IfPresent),
        ("payload SHA3-256", &report.payload_sha3_256, Demand::IfPresent),
    ];
    rows.into_iter().try_for_each(|(what, status, demand)| check_digest(what, status, demand))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Demand {
    Required,
    IfPresent,
}

fn check_digest(what: &'static str, status: &DigestStatus, demand: Demand) -> Result<(), RpmSignatureError> {
    let wrong = |problem: String| Err(RpmSignatureError::Digest { what, problem });
    match status {
        DigestStatus::Mismatch { expected, actual } => wrong(format!("is {actual}, the package says {expected}")),
        DigestStatus::Verified => Ok(()),
        _ if demand == Demand::Required => wrong("is missing".to_owned()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::key;
    use rpm::{BuildConfig, CompressionType, FileOptions, PackageBuilder};

    const TIME: u64 = 1_767_225_600;

    fn package(config: BuildConfig) -> Vec<u8> {
        let mut builder = PackageBuilder::new("toy", "1.0", "MIT", "noarch", "a toy");
        builder.using_config(config.source_date(TIME as u32).compression(CompressionType::Zstd)).release("1");
        builder.with_file_contents("hello", FileOptions::new("/usr/bin/toy")).expect("fixture file");
        let mut bytes = Vec::new();
        builder.build().expect("fixture builds").write(&mut bytes).expect("memory takes it");
        bytes
    }

    fn configs() -> [BuildConfig; 4] {
        [
            BuildConfig::v4(),
            BuildConfig::v6(),
            BuildConfig::v4().reserved_space(None),
            BuildConfig::v4().reserved_space(Some(3)),
        ]
    }

    #[test]
    fn signed_package_verifies_and_strips_to_the_unsigned_file() {
        let key = key();
        for config in configs() {
            let unsigned = package(config);
            let signed = sign_rpm(&unsigned, &key, TIME).expect("signs");
            assert_eq!(verify_rpm(&signed, &key.certificate()).expect("good"), TIME);
            assert_eq!(strip_rpm(&signed).expect("strips"), unsigned);
            assert_eq!(strip_rpm(&unsigned).expect("nothing to strip"), unsigned);
        }
    }

    #[test]
    fn signing_is_deterministic_and_signing_again_replaces() {
        let (key, other) = (key(), key());
        let unsigned = package(BuildConfig::v4());
        let signed = sign_rpm(&unsigned, &key, TIME).expect("signs");
        assert_eq!(signed, sign_rpm(&unsigned, &key, TIME).expect("signs"));
        let twice = sign_rpm(&sign_rpm(&unsigned, &other, TIME).expect("signs"), &key, TIME).expect("signs");
        assert_eq!(signed, twice);
    }

    #[test]
    fn every_changed_byte_outside_the_reserve_is_noticed() {
        let key = key();
        let signed = sign_rpm(&package(BuildConfig::v4().reserved_space(None)), &key, TIME).expect("signs");
        let frame = check_frame(&signed).expect("good");
        for at in frame.header.start..signed.len() {
            let mut bytes = signed.clone();
            bytes[at] ^= 0x04;
            assert!(verify_rpm(&bytes, &key.certificate()).is_err(), "byte {at}");
        }
    }

    #[test]
    fn what_failed_is_told() {
        let key = key();
        let unsigned = package(BuildConfig::v4());
        let problem =
            |bytes: &[u8], certificate: &Certificate| verify_rpm(bytes, certificate).expect_err("refused").to_string();
        assert!(problem(&unsigned, &key.certificate()).contains("not signed"));
        let signed = sign_rpm(&unsigned, &key, TIME).expect("signs");
        let stranger = crate::fixture::key().certificate();
        assert!(problem(&signed, &stranger).contains("another key"));
        let mut bytes = signed.clone();
        *bytes.last_mut().expect("not empty") ^= 1;
        assert!(problem(&bytes, &key.certificate()).contains("payload SHA-256 digest"));
        // A good signature moved to another package.
        let other = sign_rpm(&package(BuildConfig::v6()), &key, TIME).expect("signs");
        assert!(problem(&graft(&signed, &other), &key.certificate()).contains("digest"));
    }

    /// Puts the signature header of `from` before the header and payload of `to`.
    fn graft(from: &[u8], to: &[u8]) -> Vec<u8> {
        let (from_frame, to_frame) = (check_frame(from).expect("good"), check_frame(to).expect("good"));
        [&from[..from_frame.header.start], &to[to_frame.header.start..]].concat()
    }

    #[test]
    fn tampered_legacy_signature_is_noticed_beside_a_good_one() {
        let key = key();
        let signed = sign_rpm(&package(BuildConfig::v4()), &key, TIME).expect("signs");
        let frame = check_frame(&signed).expect("good");
        let broken = rewrite(&signed, &frame, |entries| {
            for entry in entries.iter_mut().filter(|entry| entry.tag == DSA) {
                if let IndexData::Bin(packet) = &mut entry.data {
                    *packet.last_mut().expect("not empty") ^= 1;
                }
            }
        })
        .expect("rewrites");
        assert!(verify_rpm(&broken, &key.certificate()).is_err());
    }
}
