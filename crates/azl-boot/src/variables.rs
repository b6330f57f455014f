//! The store in which UEFI firmware keeps its variables, as far as keys for Secure Boot are put into an empty one.
//!
//! ```text
//! firmware volume header │ store header │ variable │ variable │ … 0xff up to the store's size
//! variable = header of 60 bytes │ name in UCS-2 with its final zero │ data, then up to a multiple of 4
//! ```
//!
//! The layout is EDK II's (MdeModulePkg, `Guid/VariableFormat.h`), which QEMU's firmware is made of; signature lists and
//! the variables' names are UEFI 2.11, section 32. Pure: bytes in, bytes out.
//!
//! **Invariant:** what the store held before is kept, byte for byte.

/// Reads a GUID written in the usual form into the bytes UEFI stores.
const fn guid(first: u32, second: u16, third: u16, rest: [u8; 8]) -> [u8; 16] {
    let (a, b, c, d) = (first.to_le_bytes(), second.to_le_bytes(), third.to_le_bytes(), rest);
    [a[0], a[1], a[2], a[3], b[0], b[1], c[0], c[1], d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]]
}

/// `gEfiSystemNvDataFvGuid`
const VOLUME: [u8; 16] = guid(0xfff1_2b8d, 0x7696, 0x4c8b, [0xa9, 0x85, 0x27, 0x47, 0x07, 0x5b, 0x4f, 0x50]);
/// `gEfiAuthenticatedVariableGuid`
const STORE: [u8; 16] = guid(0xaaf3_2c78, 0x947b, 0x439a, [0xa1, 0x80, 0x2e, 0x14, 0x4e, 0xc3, 0x77, 0x92]);
/// `EFI_GLOBAL_VARIABLE`
const GLOBAL: [u8; 16] = guid(0x8be4_df61, 0x93ca, 0x11d2, [0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c]);
/// `EFI_IMAGE_SECURITY_DATABASE_GUID`
const SECURITY: [u8; 16] = guid(0xd719_b2cb, 0x3d3a, 0x4596, [0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f]);
/// `EFI_CERT_X509_GUID`
const X509: [u8; 16] = guid(0xa5c0_59a1, 0x94e4, 0x4aa7, [0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72]);
/// Who put a key there; ours, drawn once.
const OWNER: [u8; 16] = guid(0x3d1f_0c52, 0x8a67, 0x4b5e, [0x9c, 0x21, 0x6e, 0x0b, 0x74, 0xd2, 0x15, 0xa8]);

const VOLUME_LENGTH: usize = 32;
const VOLUME_SIGNATURE: usize = 40;
const VOLUME_HEADER_LENGTH: usize = 48;
const STORE_HEADER: usize = 28;
const FORMATTED_AND_HEALTHY: [u8; 2] = [0x5a, 0xfe];
const VARIABLE_HEADER: usize = 60;
const VARIABLE_START: [u8; 2] = [0xaa, 0x55];
/// The variable is whole and not deleted.
const ADDED: u8 = 0x3f;
/// Kept, readable by boot and run time services, written with a signature and a time.
const ATTRIBUTES: u32 = 0x27;
/// The time of the keys: the first second of 2020, before any update anybody could sign.
const TIME: [u8; 16] = [0xe4, 0x07, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Makes one certificate (X.509, DER) the platform key, the key exchange key and the only one whose programs start, in a
/// store that has no keys yet.
///
/// # Errors
/// If the bytes are no such store, or it is full.
pub(crate) fn enrol(mut store: Vec<u8>, certificate: &[u8]) -> Result<Vec<u8>, String> {
    let list = signature_list(certificate);
    let (mut at, end) = free(&store)?;
    for (name, vendor) in [("db", SECURITY), ("KEK", GLOBAL), ("PK", GLOBAL)] {
        let variable = variable(name, vendor, &list);
        let Some(place) = store[..end].get_mut(at..at + variable.len()) else {
            return Err(format!("the variable store has no room for `{name}`"));
        };
        place.copy_from_slice(&variable);
        at = (at + variable.len()).next_multiple_of(4);
    }
    Ok(store)
}

fn signature_list(certificate: &[u8]) -> Vec<u8> {
    let signature = OWNER.len() + certificate.len();
    let size = |size: usize| u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes();
    [&X509[..], &size(28 + signature), &size(0), &size(signature), &OWNER, certificate].concat()
}

fn variable(name: &str, vendor: [u8; 16], data: &[u8]) -> Vec<u8> {
    let name: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    let size = |size: usize| u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = VARIABLE_START.to_vec();
    bytes.extend([ADDED, 0]);
    bytes.extend(ATTRIBUTES.to_le_bytes());
    // A count and a key's number, of a form of signature that is no more.
    bytes.extend([0; 8]);
    bytes.extend(TIME);
    bytes.extend([0; 4]);
    bytes.extend(size(name.len()));
    bytes.extend(size(data.len()));
    bytes.extend(vendor);
    debug_assert_eq!(bytes.len(), VARIABLE_HEADER);
    [bytes.as_slice(), &name, data].concat()
}

/// Returns where the next variable goes, and where the store ends.
fn free(store: &[u8]) -> Result<(usize, usize), String> {
    let no_store = || "it is no store of authenticated UEFI variables".to_owned();
    let header = store.get(..VOLUME_HEADER_LENGTH + 2).ok_or_else(no_store)?;
    let volume = number(&header[VOLUME_LENGTH..VOLUME_LENGTH + 8]);
    if header[16..32] != VOLUME || &header[VOLUME_SIGNATURE..VOLUME_SIGNATURE + 4] != b"_FVH" || volume > store.len() {
        return Err(no_store());
    }
    let begin = number(&header[VOLUME_HEADER_LENGTH..]);
    let header = store.get(begin..begin + STORE_HEADER).ok_or_else(no_store)?;
    let end = begin.saturating_add(number(&header[16..20]));
    if header[..16] != STORE || header[20..22] != FORMATTED_AND_HEALTHY || end > volume {
        return Err(no_store());
    }
    let mut at = (begin + STORE_HEADER).next_multiple_of(4);
    while let Some(header) = store[..end].get(at..at + VARIABLE_HEADER).filter(|header| header[..2] == VARIABLE_START) {
        let size = number(&header[36..40]).saturating_add(number(&header[40..44]));
        at = (at + VARIABLE_HEADER).saturating_add(size).min(end).next_multiple_of(4);
    }
    Ok((at, end))
}

fn number(bytes: &[u8]) -> usize {
    let wide = bytes.iter().rev().fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
    usize::try_from(wide).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty store of `size` bytes in a volume a little larger.
    fn empty(size: usize) -> Vec<u8> {
        let mut bytes = vec![0xff; 72 + size + 100];
        bytes[..72].fill(0);
        let length = bytes.len() as u64;
        bytes[16..32].copy_from_slice(&VOLUME);
        bytes[32..40].copy_from_slice(&length.to_le_bytes());
        bytes[40..44].copy_from_slice(b"_FVH");
        bytes[48..50].copy_from_slice(&72_u16.to_le_bytes());
        bytes[72..88].copy_from_slice(&STORE);
        bytes[88..92].copy_from_slice(&(size as u32).to_le_bytes());
        bytes[92..94].copy_from_slice(&FORMATTED_AND_HEALTHY);
        bytes
    }

    #[test]
    fn the_keys_follow_one_another_and_what_was_there() {
        let mut store = empty(4096);
        let old = variable("Old", GLOBAL, b"data");
        store[100..100 + old.len()].copy_from_slice(&old);
        let enrolled = enrol(store.clone(), b"certificate").expect("room");
        let list = 28 + 16 + 11;
        let first = (100 + old.len()).next_multiple_of(4);
        assert_eq!(&enrolled[..first], &store[..first]);
        assert_eq!(enrolled[first + 60..first + 66], *b"d\0b\0\0\0");
        let second = (first + 60 + 6 + list).next_multiple_of(4);
        assert_eq!(
            (&enrolled[second..second + 3], &enrolled[second + 60..second + 68]),
            (&[0xaa, 0x55, 0x3f][..], &b"K\0E\0K\0\0\0"[..])
        );
        assert_eq!(
            free(&enrolled).expect("a store").0,
            (second + 60 + 8 + list).next_multiple_of(4) + (60 + 6 + list).next_multiple_of(4)
        );
        assert!(enrolled[first..].windows(11).filter(|window| window == b"certificate").count() == 3);
    }

    #[test]
    fn a_full_store_and_other_bytes_are_refused() {
        assert!(enrol(empty(200), &[0; 500]).expect_err("full").contains("no room for `db`"));
        for wrong in [vec![], vec![0xff; 4096], empty(64)[..90].to_vec()] {
            assert!(enrol(wrong, b"c").expect_err("no store").contains("no store"));
        }
        let mut damaged = empty(4096);
        damaged[88..92].fill(0xff);
        assert!(enrol(damaged, b"c").is_err());
    }
}
