//! Authenticode signatures (*Windows Authenticode Portable Executable Signature Format*, 2008): the digest of a PE file,
//! and a PKCS #7 signature of it in the file's certificate table.
//!
//! ```text
//! headers (checksum and table entry not digested) │ sections, one after the other │ rest │ zeros │ certificate table
//! ```
//!
//! Not here: a second signature beside a first, time stamps. The signature holds no time, so the same file and key give
//! the same bytes.
//!
//! **Invariant:** every byte of the file is digested but for the three places the format leaves out; a file with holes or
//! overlaps between its sections is refused, since two readers could digest it differently.

use azl_digest::{Digest, Hasher};

use super::der;
use super::key::SecureBootKey;
use crate::key::KeyError;

/// Why a file cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum PeError {
    /// It is no PE file for 64-bit firmware, or a damaged one.
    #[error("not a PE program for 64-bit firmware: {0}")]
    Format(&'static str),
    /// It has a signature.
    #[error("it is signed already")]
    Signed,
    /// The key cannot sign.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Signs a program and returns it with its signature.
///
/// # Errors
/// [`PeError`] for what is not an unsigned PE program.
pub fn sign_pe(program: &[u8], key: &SecureBootKey) -> Result<Vec<u8>, PeError> {
    let layout = Layout::of(program)?;
    let mut signed = program.to_vec();
    signed.resize(program.len().next_multiple_of(8), 0);
    let signature = signature(digest(&signed, &layout), key)?;
    let table = certificate_table(&signature);
    let entry = [signed.len(), table.len()].map(|number| (number as u32).to_le_bytes()).concat();
    signed[layout.table_entry..layout.table_entry + 8].copy_from_slice(&entry);
    signed.extend(table);
    let checksum = checksum(&signed, layout.checksum);
    signed[layout.checksum..layout.checksum + 4].copy_from_slice(&checksum.to_le_bytes());
    Ok(signed)
}

/// Returns the digest that a signature of this unsigned program is over.
///
/// # Errors
/// [`PeError`] for what is not an unsigned PE program.
pub fn authenticode_digest(program: &[u8]) -> Result<Digest, PeError> {
    let layout = Layout::of(program)?;
    let mut padded = program.to_vec();
    padded.resize(program.len().next_multiple_of(8), 0);
    Ok(digest(&padded, &layout))
}

/// Where in a program the places are that are not digested.
struct Layout {
    checksum: usize,
    table_entry: usize,
}

impl Layout {
    fn of(program: &[u8]) -> Result<Self, PeError> {
        let file = File(program);
        let start = file.number(0x3c, 4)?;
        if file.slice(0, 2)? != b"MZ" || file.slice(start, 4)? != b"PE\0\0" {
            return Err(PeError::Format("it does not begin like one"));
        }
        let (sections, optional_size) = (file.number(start + 6, 2)?, file.number(start + 20, 2)?);
        let optional = start + 24;
        if file.number(optional, 2)? != 0x20b {
            return Err(PeError::Format("it is not of the 64-bit form"));
        }
        // Five directory entries at least: the fifth is the certificate table's.
        if file.number(optional + 108, 4)? < 5 || optional_size < 152 {
            return Err(PeError::Format("it has no place for a certificate table"));
        }
        let headers = file.number(optional + 60, 4)?;
        file.check_sections(optional + optional_size, sections, headers)?;
        let table_entry = optional + 144;
        match file.slice(table_entry, 8)? {
            [0, 0, 0, 0, 0, 0, 0, 0] => Ok(Self { checksum: optional + 64, table_entry }),
            _ => Err(PeError::Signed),
        }
    }
}

struct File<'p>(&'p [u8]);

impl<'p> File<'p> {
    fn slice(&self, at: usize, size: usize) -> Result<&'p [u8], PeError> {
        self.0.get(at..at.saturating_add(size)).ok_or(PeError::Format("it ends too early"))
    }

    fn number(&self, at: usize, size: usize) -> Result<usize, PeError> {
        Ok(self.slice(at, size)?.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
    }

    /// Checks that the sections' bytes follow the headers and one another.
    fn check_sections(&self, table: usize, count: usize, headers: usize) -> Result<(), PeError> {
        if table.saturating_add(count * 40) > headers {
            return Err(PeError::Format("its table of sections is not within its headers"));
        }
        let mut sections = Vec::new();
        for index in 0..count {
            let section = table + index * 40;
            sections.push((self.number(section + 20, 4)?, self.number(section + 16, 4)?));
        }
        sections.retain(|(_, size)| *size > 0);
        sections.sort_unstable();
        let mut end = headers;
        for (start, size) in sections {
            if start != end {
                return Err(PeError::Format("its sections overlap or leave holes"));
            }
            end += size;
        }
        match end <= self.0.len() {
            true => Ok(()),
            false => Err(PeError::Format("a section reaches past its end")),
        }
    }
}

/// Digests a program whose length is padded already.
fn digest(program: &[u8], layout: &Layout) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(&program[..layout.checksum]);
    hasher.update(&program[layout.checksum + 4..layout.table_entry]);
    hasher.update(&program[layout.table_entry + 8..]);
    hasher.finish().0
}

fn sha256() -> Vec<u8> {
    der::sequence(&[&der::oid(&[2, 16, 840, 1, 101, 3, 4, 2, 1]), &der::NULL])
}

fn microsoft(rest: &[u32]) -> Vec<u8> {
    der::oid(&[&[1, 3, 6, 1, 4, 1, 311], rest].concat())
}

/// Returns the signature of a digest: PKCS #7 `SignedData` (RFC 2315) over `SpcIndirectDataContent`.
fn signature(digest: Digest, key: &SecureBootKey) -> Result<Vec<u8>, KeyError> {
    let content_type = microsoft(&[2, 1, 4]);
    let content = [image_data(), der::sequence(&[&sha256(), &der::octets(digest.as_bytes())])].concat();
    // The attribute's digest leaves out tag and length of the content.
    let attributes = attributes(&content_type, Digest::of(&content));
    let signer = der::sequence(&[
        &der::integer(&[1]),
        &key.issuer_and_serial(),
        &sha256(),
        &der::tagged(0xa0, &attributes),
        &der::sequence(&[&der::oid(&[1, 2, 840, 113_549, 1, 1, 1]), &der::NULL]),
        &der::octets(&key.sign(&der::tagged(0x31, &attributes))?),
    ]);
    let signed_data = der::sequence(&[
        &der::integer(&[1]),
        &der::set(&[&sha256()]),
        &der::sequence(&[&content_type, &der::explicit(0, &der::tagged(0x30, &content))]),
        &der::explicit(0, key.certificate()),
        &der::set(&[&signer]),
    ]);
    Ok(der::sequence(&[&der::oid(&[1, 2, 840, 113_549, 1, 7, 2]), &der::explicit(0, &signed_data)]))
}

/// The signed attributes, as they stand in their set: what is signed, and its digest.
fn attributes(content_type: &[u8], digest: Digest) -> Vec<u8> {
    let attribute = |number: u32, value: &[u8]| {
        der::sequence(&[&der::oid(&[1, 2, 840, 113_549, 1, 9, number]), &der::set(&[value])])
    };
    der::ordered(&[&attribute(3, content_type), &attribute(4, &der::octets(digest.as_bytes()))])
}

/// `SpcPeImageData`: no flags, and the file's name as everybody writes it.
fn image_data() -> Vec<u8> {
    let name: Vec<u8> = "<<<Obsolete>>>".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let file = der::explicit(0, &der::explicit(2, &der::tagged(0x80, &name)));
    der::sequence(&[&microsoft(&[2, 1, 15]), &der::sequence(&[&der::bits(&[]), &file])])
}

/// One entry of the certificate table (PE format, `WIN_CERTIFICATE`): revision 2.0, PKCS #7.
fn certificate_table(signature: &[u8]) -> Vec<u8> {
    let length = 8 + signature.len();
    let mut table = (length as u32).to_le_bytes().to_vec();
    table.extend([0x00, 0x02, 0x02, 0x00]);
    table.extend(signature);
    table.resize(length.next_multiple_of(8), 0);
    table
}

/// The checksum of PE files: the sum of 16-bit words with its carries, without its own place, and the length.
fn checksum(program: &[u8], place: usize) -> u32 {
    let mut sum = 0_u32;
    for (index, pair) in program.chunks(2).enumerate() {
        if (place..place + 4).contains(&(index * 2)) {
            continue;
        }
        sum += pair.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum + program.len() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{reader, secure_boot_key};
    use base64::Engine as _;

    const OPTIONAL: usize = 0x40 + 24;

    /// A program of one page of headers and two sections, with `tail` bytes behind them.
    fn program(tail: usize) -> Vec<u8> {
        let mut bytes = vec![0; 0x200];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(0, b"MZ");
        put(0x3c, &0x40_u32.to_le_bytes());
        put(0x40, b"PE\0\0");
        put(0x44, &[0x64, 0x86, 2, 0]);
        put(0x40 + 20, &240_u16.to_le_bytes());
        put(OPTIONAL, &0x20b_u16.to_le_bytes());
        put(OPTIONAL + 60, &0x200_u32.to_le_bytes());
        put(OPTIONAL + 108, &16_u32.to_le_bytes());
        for (index, start) in [(0, 0x200_u32), (1, 0x300)] {
            let section = OPTIONAL + 240 + index * 40;
            put(section + 16, &0x100_u32.to_le_bytes());
            put(section + 20, &start.to_le_bytes());
        }
        bytes.extend([0xc3; 0x200]);
        bytes.extend(vec![7; tail]);
        bytes
    }

    #[test]
    fn the_signature_is_the_same_each_time_and_stands_behind_the_padded_program() {
        let key = secure_boot_key();
        let signed = sign_pe(&program(3), &key).expect("signs");
        assert_eq!(signed, sign_pe(&program(3), &key).expect("signs"));
        let number = |at: usize| u32::from_le_bytes(signed[at..at + 4].try_into().expect("four")) as usize;
        let (start, size) = (number(OPTIONAL + 144), number(OPTIONAL + 148));
        assert_eq!((start, start + size), (0x408, signed.len()));
        assert_eq!(
            (&signed[0x400..start], &signed[start + 4..start + 8]),
            (&[7, 7, 7, 0, 0, 0, 0, 0][..], &[0, 2, 2, 0][..])
        );
        assert!(matches!(sign_pe(&signed, &key), Err(PeError::Signed)));
    }

    #[test]
    fn another_tool_takes_the_signature_and_refuses_a_changed_program() {
        let Some(osslsigncode) = reader("osslsigncode") else { return };
        let scratch = tempfile::tempdir().expect("scratch");
        let (key, file) = (secure_boot_key(), |name: &str| scratch.path().join(name));
        let pem = base64::engine::general_purpose::STANDARD.encode(key.certificate());
        let pem = format!("-----BEGIN CERTIFICATE-----\n{pem}\n-----END CERTIFICATE-----\n");
        azl_host::files::write_atomic(file("c.pem"), pem.as_bytes()).expect("written");
        let mut signed = sign_pe(&program(3), &key).expect("signs");
        azl_host::files::write_atomic(file("good.efi"), &signed).expect("written");
        signed[0x280] ^= 1;
        azl_host::files::write_atomic(file("bad.efi"), &signed).expect("written");
        let verify = |name: &str| {
            let verify =
                azl_host::Cmd::new(&osslsigncode, scratch.path()).args(["verify", "-CAfile", "c.pem", "-in", name]);
            verify.output().map(drop)
        };
        verify("good.efi").expect("good");
        assert!(verify("bad.efi").is_err());
    }

    #[test]
    fn the_digest_covers_all_but_the_three_places() {
        let whole = program(8);
        let before = authenticode_digest(&whole).expect("a digest");
        for at in (0..whole.len()).step_by(7).chain([OPTIONAL + 63, OPTIONAL + 68, OPTIONAL + 143]) {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            match authenticode_digest(&changed) {
                Ok(digest) => assert_eq!(digest == before, (OPTIONAL + 64..OPTIONAL + 68).contains(&at), "byte {at}"),
                Err(error) => assert!(at < 0x200, "byte {at}: {error}"),
            }
        }
    }

    #[test]
    fn what_two_readers_could_digest_differently_is_refused() {
        let put = |at: usize, value: &[u8]| {
            let mut bytes = program(0);
            bytes[at..at + value.len()].copy_from_slice(value);
            bytes
        };
        let second = OPTIONAL + 240 + 40;
        let cases = [
            (put(second + 20, &0x310_u32.to_le_bytes()), "overlap or leave holes"),
            (put(second + 20, &0x2f0_u32.to_le_bytes()), "overlap or leave holes"),
            (put(second + 16, &0x110_u32.to_le_bytes()), "past its end"),
            (put(OPTIONAL + 60, &0x100_u32.to_le_bytes()), "not within its headers"),
            (put(OPTIONAL, &0x10b_u16.to_le_bytes()), "64-bit form"),
            (put(0x3c, &[0xff; 4]), "ends too early"),
            (vec![], "ends too early"),
        ];
        for (bytes, expected) in cases {
            let error = authenticode_digest(&bytes).expect_err(expected).to_string();
            assert!(error.contains(expected), "{error} lacks {expected}");
        }
    }

    #[test]
    fn the_checksum_leaves_out_its_own_place() {
        let mut bytes = [1, 0, 2, 0, 9, 9, 9, 9, 0xff, 0xff];
        assert_eq!(checksum(&bytes, 4), 3 + 10);
        bytes[4] = 0;
        assert_eq!(checksum(&bytes, 4), 3 + 10);
    }
}
