//! Identifiers of disks, partitions and filesystems, derived from the image's seed instead of drawn at random.
//!
//! Each is the SHA-256 of a domain tag, the seed and the identifier's role, cut to 16 bytes and marked as UUID
//! version 8 (RFC 9562: vendor-specific content), variant RFC 4122.
//!
//! **Invariant:** different roles of one seed, and one role of different seeds, give unrelated identifiers.

use std::fmt;

use azl_digest::Hasher;

const TAG: &[u8] = b"azl.image.identifier.v1";

/// A 128-bit identifier in the byte order of RFC 4122.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Uuid([u8; 16]);

impl Uuid {
    /// Makes the identifier whose text form is that of the number, e.g. `0xc12a7328_f81f_…`.
    pub const fn from_u128(value: u128) -> Self {
        Self(value.to_be_bytes())
    }

    /// Returns the bytes in RFC 4122 order, as filesystems and VHD footers store them.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Returns the bytes as GPT stores them: the first three fields little-endian.
    pub(crate) fn gpt_bytes(&self) -> [u8; 16] {
        let mut bytes = self.0;
        bytes[0..4].reverse();
        bytes[4..6].reverse();
        bytes[6..8].reverse();
        bytes
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = hex::encode(self.0);
        write!(f, "{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uuid({self})")
    }
}

/// The text all identifiers of an image are derived from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed(String);

impl Seed {
    /// Wraps the `seed` key of an image file.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the identifier for `role`, e.g. `disk` or `partition root`.
    pub fn uuid(&self, role: &str) -> Uuid {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.hash(role)[..16]);
        bytes[6] = (bytes[6] & 0x0f) | 0x80;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Uuid(bytes)
    }

    /// Returns a 32-bit serial number for `role`, as FAT volumes carry.
    pub fn serial(&self, role: &str) -> u32 {
        let hash = self.hash(role);
        u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
    }

    fn hash(&self, role: &str) -> [u8; 32] {
        let mut hasher = Hasher::new();
        for part in [TAG, self.0.as_bytes(), role.as_bytes()] {
            hasher.update(part);
            hasher.update(&[0]);
        }
        *hasher.finish().0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuid_has_version_8_and_the_rfc_variant() {
        let text = Seed::new("azl").uuid("disk").to_string();
        assert_eq!(&text[14..15], "8");
        assert!(matches!(&text[19..20], "8" | "9" | "a" | "b"), "{text}");
    }

    #[test]
    fn roles_and_seeds_are_separate() {
        let seed = Seed::new("a");
        assert_eq!(seed.uuid("x"), Seed::new("a").uuid("x"));
        assert_ne!(seed.uuid("x"), seed.uuid("y"));
        assert_ne!(seed.uuid("x"), Seed::new("b").uuid("x"));
    }

    #[test]
    fn gpt_order_swaps_the_first_three_fields() {
        let esp = Uuid::from_u128(0xc12a7328_f81f_11d2_ba4b_00a0c93ec93b);
        assert_eq!(esp.to_string(), "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
        assert_eq!(hex::encode(esp.gpt_bytes()), "28732ac11ff8d211ba4b00a0c93ec93b");
    }
}
