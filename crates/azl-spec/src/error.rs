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
    /// The section's text goes on behind the end of the `%if` branch its header is in.
    SpansConditional {
        /// The section to be removed.
        section: SectionId,
        /// First line that would be left over.
        line: usize,
    },
    /// The section defines a macro that the rest of the spec uses.
    DefinesUsedMacro {
        /// The section to be removed.
        section: SectionId,
        /// Name of the macro.
        name: String,
        /// Line of the definition.
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
                write!(f, "section `{section}` goes on behind its `%if` branch, at line {line}")
            }
            Self::DefinesUsedMacro { section, name, line } => {
                write!(f, "section `{section}` defines `%{name}` at line {line}, which the rest of the spec uses")
            }
        }
    }
}

impl std::error::Error for EditError {}
