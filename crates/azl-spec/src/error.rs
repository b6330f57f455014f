//! Why an edit of a spec was refused.

use std::fmt;

use crate::section::SectionId;

/// An edit that cannot be made. Line numbers start at 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditError {
    /// No section matches.
    NoSection(SectionId),
    /// No `%package` has this qualifier.
    NoPackage(String),
    /// No section of any name has this qualifier.
    NoSubpackage(String),
    /// The package has no such tag, or none with the wanted value.
    NoTag {
        /// Tag as asked for.
        tag: String,
        /// Value as asked for.
        value: Option<String>,
    },
    /// Text is the section's or another's, depending on a condition.
    SpansConditional {
        /// The section to be removed.
        section: SectionId,
        /// First such line.
        line: usize,
    },
    /// The section holds a line that may open other sections or define macros, unseen.
    HoldsUnknown {
        /// The section to be removed.
        section: SectionId,
        /// The line.
        line: usize,
    },
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSection(id) => write!(f, "no section `{id}`"),
            Self::NoPackage(package) => write!(f, "no section `%package` for `{package}`"),
            Self::NoSubpackage(package) => write!(f, "no section belongs to `{package}`"),
            Self::NoTag { tag, value: None } => write!(f, "no tag `{tag}`"),
            Self::NoTag { tag, value: Some(value) } => write!(f, "no tag `{tag}` with value `{value}`"),
            Self::SpansConditional { section, line } => {
                write!(f, "section `{section}` goes on behind an `%if` branch, at line {line}")
            }
            Self::HoldsUnknown { section, line } => {
                write!(f, "section `{section}` may hold more than can be seen, at line {line}")
            }
        }
    }
}

impl std::error::Error for EditError {}
