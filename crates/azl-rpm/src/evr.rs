//! Epoch, version and release, and rpm's order over them.
//!
//! **Invariant:** [`Evr::compare`] is rpm's own rule (`~` sorts before, `^` after the end of a version);
//! [`Ord`] refines it to a total order that agrees with `==`, so that `1.0` and `1.00`, which rpm
//! calls the same, still have one order everywhere.

use std::cmp::Ordering;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The version of a package as `[epoch:]version[-release]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Evr {
    /// Zero if the package does not say.
    pub epoch: u32,
    /// Upstream's version.
    pub version: String,
    /// The packaging's release; empty in a dependency that does not care.
    pub release: String,
}

impl Evr {
    /// Makes a value from its parts.
    pub fn new(epoch: u32, version: impl Into<String>, release: impl Into<String>) -> Self {
        Self { epoch, version: version.into(), release: release.into() }
    }

    /// Compares by rpm's rule, which may call values equal that are written differently.
    pub fn compare(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| compare_segments(&self.version, &other.version))
            .then_with(|| compare_segments(&self.release, &other.release))
    }

    /// Compares as a dependency does: a release is looked at only if both sides have one.
    pub fn compare_for_dependency(&self, other: &Self) -> Ordering {
        let ordering = self.epoch.cmp(&other.epoch).then_with(|| compare_segments(&self.version, &other.version));
        if self.release.is_empty() || other.release.is_empty() {
            return ordering;
        }
        ordering.then_with(|| compare_segments(&self.release, &other.release))
    }
}

/// Compares two versions, or two releases, by rpm's rule.
fn compare_segments(left: &str, right: &str) -> Ordering {
    rpm_version::Evr::new("", left, "").cmp(&rpm_version::Evr::new("", right, ""))
}

impl Ord for Evr {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compare(other)
            .then_with(|| self.version.cmp(&other.version))
            .then_with(|| self.release.cmp(&other.release))
    }
}

impl PartialOrd for Evr {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Evr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.epoch != 0 {
            write!(f, "{}:", self.epoch)?;
        }
        f.write_str(&self.version)?;
        if !self.release.is_empty() {
            write!(f, "-{}", self.release)?;
        }
        Ok(())
    }
}

/// Any text is some version: what is not an epoch or a release belongs to the version, as in rpm.
impl FromStr for Evr {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let (epoch, rest) = match text.split_once(':') {
            Some((digits, rest)) => match digits.parse() {
                Ok(epoch) => (epoch, rest),
                Err(_) if digits.is_empty() => (0, rest),
                Err(_) => (0, text),
            },
            None => (0, text),
        };
        let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
        Ok(Self::new(epoch, version, release))
    }
}

impl From<String> for Evr {
    fn from(text: String) -> Self {
        let Ok(evr) = text.parse();
        evr
    }
}

impl From<Evr> for String {
    fn from(evr: Evr) -> Self {
        evr.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn evr(text: &str) -> Evr {
        text.parse().expect("any text parses")
    }

    #[test]
    fn order_follows_rpm() {
        // Each row is strictly ascending by rpm's rule.
        let rows: [&[&str]; 9] = [
            &[
                "1.0~~",
                "1.0~",
                "1.0~rc1",
                "1.0~rc1^git1",
                "1.0~rc2",
                "1.0",
                "1.0^",
                "1.0^git1~pre",
                "1.0^git1",
                "1.0.1",
            ],
            &["1.0^20230101", "1.0.1", "1.0.10", "1.1", "1.10", "2"],
            &["a", "b", "1", "10"],
            &["1a", "1b", "1.1"],
            &["5.5p1", "5.5p2", "5.5p10"],
            &["1.fc4", "1.1", "2.0"],
            &["999", "1:0", "2:0~a", "2:0"],
            &["1-1", "1-1.azl4", "1-2", "1-10"],
            &["20101121", "20101122", "201011210"],
        ];
        for row in rows {
            for pair in row.windows(2) {
                assert_eq!(evr(pair[0]).compare(&evr(pair[1])), Ordering::Less, "{} < {}", pair[0], pair[1]);
                assert_eq!(evr(pair[1]).compare(&evr(pair[0])), Ordering::Greater, "{} > {}", pair[1], pair[0]);
            }
        }
    }

    #[test]
    fn rpm_calls_different_spellings_equal_but_the_total_order_does_not() {
        for (left, right) in [("1.0", "1.00"), ("1.0", "1_0"), ("1.0010", "1.10"), ("2_0", "2.0"), ("1.+.0", "1.0")] {
            assert_eq!(evr(left).compare(&evr(right)), Ordering::Equal, "{left} = {right}");
            assert_ne!(evr(left).cmp(&evr(right)), Ordering::Equal, "{left} is not {right}");
        }
    }

    #[test]
    fn dependency_without_release_matches_every_release() {
        assert_eq!(evr("1.0").compare_for_dependency(&evr("1.0-7")), Ordering::Equal);
        assert_eq!(evr("1.0-1").compare_for_dependency(&evr("1.0-7")), Ordering::Less);
    }

    #[test]
    fn odd_texts_parse_as_rpm_reads_them() {
        assert_eq!(evr(":1-2"), Evr::new(0, "1", "2"));
        assert_eq!(evr("x:1-2"), Evr::new(0, "x:1", "2"));
        assert_eq!(evr("99999999999:1"), Evr::new(0, "99999999999:1", ""));
        assert_eq!(evr(""), Evr::default());
    }

    proptest! {
        #[test]
        fn order_is_total(a in "[0-9a-c~^.:-]{0,8}", b in "[0-9a-c~^.:-]{0,8}", c in "[0-9a-c~^.:-]{0,8}") {
            let (a, b, c) = (evr(&a), evr(&b), evr(&c));
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            prop_assert_eq!(a.cmp(&b) == Ordering::Equal, a == b);
            if a <= b && b <= c {
                prop_assert!(a <= c);
            }
        }
    }
}
