//! What names a thing of dist-git: package, branch, address, commit.
//!
//! Each is checked once, when it is made; no other module looks at its letters again.
//!
//! **Invariant:** no name can be taken for an option of git, for a path outside its place, or for another protocol.

use std::fmt;
use std::str::FromStr;

/// Says why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not {kind}: `{}`\n  hint: {expected}", text.escape_debug())]
pub struct NameError {
    kind: &'static str,
    expected: &'static str,
    text: String,
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $check:ident, $kind:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Returns it as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                match $check(text) {
                    true => Ok(Self(text.to_owned())),
                    false => Err(NameError { kind: $kind, expected: $expected, text: text.to_owned() }),
                }
            }
        }
    };
}

name_type!(
    /// A package, by the name of its repository.
    Package,
    is_component,
    "a package of dist-git",
    "letters, digits and `+`, `.`, `_`, `-`, first a letter or digit; no `..`, no `.` or `.lock` at the end"
);
name_type!(
    /// A branch of a package.
    Branch,
    is_branch,
    "a branch of dist-git",
    "words of letters, digits and `+`, `.`, `_`, `-`, with `/` between them"
);
name_type!(
    /// Where a package's repository is.
    Address,
    is_address,
    "an address of a git repository",
    "an https or http URL without user, password, blank, query or fragment"
);
name_type!(
    /// A commit by its whole id.
    CommitId,
    is_commit,
    "the id of a commit",
    "40 lower-case hexadecimal digits"
);
name_type!(
    /// The first 7 to 40 digits of a commit's id.
    Pin,
    is_pin,
    "a pinned commit",
    "7 to 40 lower-case hexadecimal digits"
);

impl CommitId {
    /// Returns whether the id begins with the pin.
    pub fn is_meant_by(&self, pin: &Pin) -> bool {
        self.0.starts_with(pin.as_str())
    }
}

fn is_component(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+._-".contains(&byte);
    text.len() <= 200
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(letter)
        && !text.contains("..")
        && !text.ends_with('.')
        && !text.ends_with(".lock")
}

fn is_branch(text: &str) -> bool {
    text.len() <= 200 && text.split('/').all(is_component)
}

fn is_address(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else { return false };
    let host = rest.split('/').next().unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"?#\\\"'`<>".contains(&byte);
    !host.is_empty() && !host.contains('@') && text.bytes().all(plain)
}

fn is_commit(text: &str) -> bool {
    text.len() == 40 && is_hex(text)
}

fn is_pin(text: &str) -> bool {
    (7..=40).contains(&text.len()) && is_hex(text)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_package_names_are_taken() {
        for name in ["bash", "libstdc++", "rust-signal-hook0.3", "python3.11", "0ad", "GraphicsMagick", "compat_x"] {
            assert!(name.parse::<Package>().is_ok(), "{name}");
        }
    }

    #[test]
    fn names_that_leave_their_place_are_refused() {
        for name in ["", "-x", "../x", "a/b", "a..b", "x.lock", "x.", "a b", "a\n", "a:b", "a~1", "a^", ".git"] {
            assert!(name.parse::<Package>().is_err(), "{name:?}");
        }
        for branch in ["", "/", "f43/", "a//b", "../f43", "f43:refs/x", "--all", "@{-1}", "*"] {
            assert!(branch.parse::<Branch>().is_err(), "{branch:?}");
        }
    }

    #[test]
    fn only_plain_http_addresses_are_taken() {
        assert!("https://host.example/rpms/libstdc++.git".parse::<Address>().is_ok());
        for address in [
            "file:///srv/x",
            "ssh://host/x",
            "git://host/x",
            "git+ssh://host/x",
            "ext::sh -c x",
            "--upload-pack=x",
            "https://user:password@host/x",
            "https://host/x y",
            "https://host/x\n",
            "https:///x",
            "HTTPS://host/x?y",
        ] {
            assert!(address.parse::<Address>().is_err(), "{address:?}");
        }
    }

    #[test]
    fn a_mistake_says_what_was_expected() {
        let error = "ABCDEF1".parse::<Pin>().expect_err("upper case").to_string();
        assert_eq!(error, "not a pinned commit: `ABCDEF1`\n  hint: 7 to 40 lower-case hexadecimal digits");
        assert!("abcdef".parse::<Pin>().is_err() && "abcdef1".parse::<Pin>().is_ok());
    }
}
