//! The two digest types and their textual form: lower-case hexadecimal, nothing else.

use std::fmt;
use std::str::FromStr;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Digest as _;

/// Says why a text is not a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseDigestError {
    text: String,
    expected_len: usize,
}

impl fmt::Display for ParseDigestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a digest: `{}` (expected {} lower-case hexadecimal digits)", self.text, self.expected_len)
    }
}

impl std::error::Error for ParseDigestError {}

fn parse_hex<const N: usize>(text: &str) -> Result<[u8; N], ParseDigestError> {
    let error = || ParseDigestError { text: text.chars().take(160).collect(), expected_len: N * 2 };
    if text.len() != N * 2 {
        return Err(error());
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let (high, low) = (VALUES[usize::from(pair[0])], VALUES[usize::from(pair[1])]);
        if high | low > 15 {
            return Err(error());
        }
        *byte = high << 4 | low;
    }
    Ok(bytes)
}

/// Value of each character as a lower-case digit; more than 15 if it is none. A table, for digests are read by the
/// hundred thousand.
const VALUES: [u8; 256] = {
    let mut values = [0xff; 256];
    let mut value = 0;
    while value < 16 {
        values[DIGITS[value as usize] as usize] = value;
        value += 1;
    }
    values
};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Calls `f` with the digits.
fn with_hex<const N: usize, R>(bytes: &[u8; N], f: impl FnOnce(&str) -> R) -> R {
    let mut digits = [[0; 2]; N];
    for (pair, byte) in digits.iter_mut().zip(bytes) {
        *pair = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    }
    f(std::str::from_utf8(digits.as_flattened()).expect("digits are ASCII"))
}

macro_rules! hex_type {
    ($(#[$doc:meta])* $name:ident, $len:literal, $algorithm:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Returns the digest of `bytes`.
            pub fn of(bytes: &[u8]) -> Self {
                Self(<$algorithm>::digest(bytes).into())
            }

            /// Wraps an already computed value.
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// Returns the raw value.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                with_hex(&self.0, |digits| f.write_str(digits))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = ParseDigestError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                parse_hex(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                with_hex(&self.0, |digits| serializer.serialize_str(digits))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Digits;
                impl Visitor<'_> for Digits {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        write!(f, "{} lower-case hexadecimal digits", $len * 2)
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Digits)
            }
        }
    };
}

hex_type!(
    /// A SHA-256, naming a blob, an action or a package.
    Digest, 32, sha2::Sha256
);
hex_type!(
    /// A SHA-512, as dist-git `sources` files carry it.
    Sha512, 64, sha2::Sha512
);

impl Digest {
    /// Returns the first twelve digits, for people; never an identity.
    pub fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_of_nothing_is_the_published_value() {
        assert_eq!(Digest::of(b"").to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn text_round_trips_and_refuses_upper_case_and_short_forms() {
        let digest = Digest::of(b"x");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert!(digest.to_string().to_uppercase().parse::<Digest>().is_err());
        assert!("abcd".parse::<Digest>().is_err());
        for wrong in ["g", "/", ":", "`", " ", "\u{e9}"] {
            let text = format!("{wrong}{}", "0".repeat(64 - wrong.len()));
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
    }

    #[test]
    fn canonical_separates_domains() {
        assert_ne!(crate::canonical("a", &1), crate::canonical("b", &1));
    }
}
