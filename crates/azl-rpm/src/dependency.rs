//! One capability with an optional version range, as `Provides`, `Requires` and their kin carry it.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Evr;

/// How a dependency compares versions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compare {
    /// Any version.
    #[default]
    Any,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `=`
    Equal,
    /// `>=`
    GreaterEqual,
    /// `>`
    Greater,
}

impl Compare {
    /// Returns the operator as rpm prints it; empty for [`Compare::Any`].
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Equal => "=",
            Self::GreaterEqual => ">=",
            Self::Greater => ">",
        }
    }

    pub(crate) fn from_symbol(symbol: &str) -> Option<Self> {
        match symbol {
            "<" => Some(Self::Less),
            "<=" | "=<" => Some(Self::LessEqual),
            "=" | "==" => Some(Self::Equal),
            ">=" | "=>" => Some(Self::GreaterEqual),
            ">" => Some(Self::Greater),
            _ => None,
        }
    }

    fn includes_less(self) -> bool {
        matches!(self, Self::Less | Self::LessEqual)
    }

    fn includes_equal(self) -> bool {
        matches!(self, Self::LessEqual | Self::Equal | Self::GreaterEqual)
    }

    fn includes_greater(self) -> bool {
        matches!(self, Self::Greater | Self::GreaterEqual)
    }
}

/// A capability, perhaps with a version range; a rich dependency keeps its whole text in `name`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Dependency {
    /// Package name, virtual name, soname, path or rich expression.
    pub name: String,
    /// Operator; [`Compare::Any`] exactly if `evr` is `None`.
    pub compare: Compare,
    /// Version compared with.
    pub evr: Option<Evr>,
}

/// Says why a text is not a dependency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a dependency: `{text}` (expected `name` or `name OPERATOR version`)")]
pub struct ParseDependencyError {
    text: String,
}

impl ParseDependencyError {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.chars().take(200).collect() }
    }
}

impl Dependency {
    /// Makes a dependency on any version.
    pub fn any(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Makes a dependency with a version range.
    pub fn versioned(name: impl Into<String>, compare: Compare, evr: Evr) -> Self {
        Self { name: name.into(), compare, evr: Some(evr) }
    }

    /// Returns whether this is a boolean expression such as `(a if b)`.
    pub fn is_rich(&self) -> bool {
        self.name.starts_with('(')
    }

    /// Returns whether this asks for a feature of rpm itself.
    pub fn is_rpmlib(&self) -> bool {
        self.name.starts_with("rpmlib(")
    }

    /// Returns whether this asks for a file by its path.
    pub fn is_file(&self) -> bool {
        self.name.starts_with('/')
    }

    /// Returns whether the ranges of this dependency and of `provide` overlap, by rpm's rule: a side
    /// without a version matches every version. A rich dependency is never satisfied by one provide.
    pub fn satisfied_by(&self, provide: &Dependency) -> bool {
        if self.name != provide.name || self.is_rich() {
            return false;
        }
        let (Some(wanted), Some(given)) = (&self.evr, &provide.evr) else {
            return true;
        };
        match given.compare_for_dependency(wanted) {
            Ordering::Less => provide.compare.includes_greater() || self.compare.includes_less(),
            Ordering::Greater => provide.compare.includes_less() || self.compare.includes_greater(),
            Ordering::Equal => {
                (provide.compare.includes_equal() && self.compare.includes_equal())
                    || (provide.compare.includes_less() && self.compare.includes_less())
                    || (provide.compare.includes_greater() && self.compare.includes_greater())
            }
        }
    }
}

impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.evr {
            Some(evr) => write!(f, " {} {evr}", self.compare.symbol()),
            None => Ok(()),
        }
    }
}

impl FromStr for Dependency {
    type Err = ParseDependencyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseDependencyError::new(text);
        let text = text.trim();
        if text.starts_with('(') {
            return if text.ends_with(')') { Ok(Self::any(text)) } else { Err(error()) };
        }
        let mut words = text.split_whitespace();
        let name = words.next().ok_or_else(error)?;
        let Some(symbol) = words.next() else {
            return Ok(Self::any(name));
        };
        let compare = Compare::from_symbol(symbol).ok_or_else(error)?;
        let version = words.next().ok_or_else(error)?;
        if words.next().is_some() {
            return Err(error());
        }
        let Ok(evr) = version.parse();
        Ok(Self::versioned(name, compare, evr))
    }
}

impl TryFrom<String> for Dependency {
    type Error = ParseDependencyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Dependency> for String {
    fn from(dependency: Dependency) -> Self {
        dependency.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependency(text: &str) -> Dependency {
        text.parse().expect("valid")
    }

    #[test]
    fn text_round_trips() {
        for text in
            ["bash", "foo >= 1:2-3", "libc.so.6(GLIBC_2.4)(64bit)", "/bin/sh", "(a if b)", "(a >= 1 or (b and c))"]
        {
            assert_eq!(dependency(text).to_string(), text);
        }
    }

    #[test]
    fn broken_texts_are_refused() {
        for text in ["", "a >=", "a ~ 1", "a = 1 2", "(a if b"] {
            assert!(text.parse::<Dependency>().is_err(), "{text}");
        }
    }

    #[test]
    fn ranges_overlap_as_in_rpm() {
        let rows = [
            ("a", "a", true),
            ("a", "b", false),
            ("a >= 2", "a", true),
            ("a >= 2", "a = 2-1", true),
            ("a > 2", "a = 2-1", false),
            ("a < 2", "a = 1:1", false),
            ("a >= 1:1", "a = 2", false),
            ("a = 2-1", "a = 2-2", false),
            ("a <= 2-1", "a = 2-1", true),
            ("a = 2~rc1", "a = 2", false),
            ("a >= 2", "a = 2~rc1", false),
            ("a < 2", "a >= 1", true),
            ("a < 2", "a > 2", false),
            ("a < 2", "a < 2", true),
            ("a = 1.0", "a = 1.00", true),
        ];
        for (want, give, expected) in rows {
            assert_eq!(dependency(want).satisfied_by(&dependency(give)), expected, "`{want}` by `{give}`");
        }
    }

    #[test]
    fn kinds_are_told_apart() {
        assert!(dependency("(a if b)").is_rich());
        assert!(dependency("rpmlib(PayloadIsZstd) <= 5.4.18-1").is_rpmlib());
        assert!(dependency("/usr/bin/sh").is_file());
        assert!(!dependency("(a if b)").satisfied_by(&dependency("(a if b)")));
    }
}
