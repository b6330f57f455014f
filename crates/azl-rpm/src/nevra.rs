//! The identity of a package: name, epoch, version, release, architecture.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Evr;

/// Name, EVR and architecture; `src` is the architecture of a source package.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nevra {
    /// Package name.
    pub name: String,
    /// Epoch, version, release.
    pub evr: Evr,
    /// Architecture, `noarch` or `src`.
    pub arch: String,
}

impl Nevra {
    /// Makes a value from its parts.
    pub fn new(name: impl Into<String>, evr: Evr, arch: impl Into<String>) -> Self {
        Self { name: name.into(), evr, arch: arch.into() }
    }

    /// Returns rpm's own file name for the package, which leaves out the epoch.
    pub fn file_name(&self) -> String {
        format!("{}-{}-{}.{}.rpm", self.name, self.evr.version, self.evr.release, self.arch)
    }
}

impl fmt::Display for Nevra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}.{}", self.name, self.evr, self.arch)
    }
}

/// Says why a text is not a NEVRA.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a package identity: `{text}` (expected `name-[epoch:]version-release.arch`)")]
pub struct ParseNevraError {
    text: String,
}

impl FromStr for Nevra {
    type Err = ParseNevraError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseNevraError { text: text.chars().take(200).collect() };
        let (rest, arch) = text.rsplit_once('.').ok_or_else(error)?;
        let (rest, release) = rest.rsplit_once('-').ok_or_else(error)?;
        let (name, version) = rest.rsplit_once('-').ok_or_else(error)?;
        let (epoch, version) = match version.split_once(':') {
            Some((epoch, version)) => (epoch.parse().map_err(|_| error())?, version),
            None => (0, version),
        };
        if [name, version, release, arch].iter().any(|part| part.is_empty()) {
            return Err(error());
        }
        Ok(Self::new(name, Evr::new(epoch, version, release), arch))
    }
}

impl TryFrom<String> for Nevra {
    type Error = ParseNevraError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Nevra> for String {
    fn from(nevra: Nevra) -> Self {
        nevra.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_with_and_without_epoch() {
        for text in ["bash-5.3.0-1.azl4.x86_64", "openssl-libs-1:3.5.4-1.azl4.x86_64", "tzdata-2025b-1.noarch"] {
            let nevra: Nevra = text.parse().expect("valid");
            assert_eq!(nevra.to_string(), text);
        }
    }

    #[test]
    fn file_name_leaves_out_the_epoch() {
        let nevra: Nevra = "openssl-1:3.5.4-1.azl4.x86_64".parse().expect("valid");
        assert_eq!(nevra.file_name(), "openssl-3.5.4-1.azl4.x86_64.rpm");
    }

    #[test]
    fn incomplete_identities_are_refused() {
        for text in ["", "bash", "bash-5.3", "bash-5.3-1", "-5.3-1.x86_64", "bash--1.x86_64", "bash-x:5.3-1.x86_64"] {
            assert!(text.parse::<Nevra>().is_err(), "{text}");
        }
    }
}
