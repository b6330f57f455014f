//! Why azldev refuses an edit.

use std::fmt;

/// A refused edit. Line numbers start at 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlatError {
    /// A line has 64 KiB or more.
    LineTooLong {
        /// The line.
        line: usize,
    },
    /// No section has exactly this name and package.
    NoSection {
        /// Name as asked for.
        section: String,
        /// Package as asked for; empty for none.
        package: String,
    },
    /// No line of the package is such a tag.
    NoTag(
        /// Tag as asked for.
        String,
    ),
    /// No line changes.
    NoMatch,
    /// No numbered patch matches.
    NoPatch,
    /// An `%if` without `%endif` somewhere in the file, or the reverse.
    Unpaired {
        /// The line.
        line: usize,
    },
    /// The section and an `%if` block overlap.
    Overlapping {
        /// First line of the section.
        line: usize,
    },
    /// The preamble cannot be removed.
    Preamble,
    /// The inserted lines end with the header they are inserted behind: azldev would insert them for ever.
    Endless,
}

impl fmt::Display for FlatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LineTooLong { line } => write!(f, "line {line} has 64 KiB or more"),
            Self::NoSection { section, package } if section.is_empty() => {
                write!(f, "no section belongs to `{package}`")
            }
            Self::NoSection { section, package } if package.is_empty() => write!(f, "no section spelt `{section}`"),
            Self::NoSection { section, package } => write!(f, "no section spelt `{section}` of package `{package}`"),
            Self::NoTag(tag) => write!(f, "no tag `{tag}`"),
            Self::NoMatch => f.write_str("no line below a header changes"),
            Self::NoPatch => f.write_str("no numbered patch and no line of `%patchlist` matches"),
            Self::Unpaired { line } => write!(f, "the conditional at line {line} has no partner"),
            Self::Overlapping { line } => write!(f, "the section at line {line} and an `%if` block overlap"),
            Self::Preamble => f.write_str("the preamble cannot be removed"),
            Self::Endless => f.write_str("the last inserted line is the header of the same section"),
        }
    }
}

impl std::error::Error for FlatError {}
