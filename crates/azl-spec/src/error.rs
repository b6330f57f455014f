//! Why an edit of a spec was refused.

use std::fmt;

use crate::section::SectionId;

/// An edit that cannot be made. Line numbers start at 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditError {
    /// No section matches.
    NoSection(SectionId),
    /// rpm accepts no spec without this section.
    NeededByRpm(SectionId),
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
    /// The package is the main package, at least under some condition.
    MainPackage {
        /// A section of it.
        section: SectionId,
        /// Line of its header.
        line: usize,
    },
    /// No `%define` or `%global` of this macro.
    NoMacro(String),
    /// A definition is no `%global name body` of its own, or has parameters.
    UnclearMacro {
        /// Name of the macro.
        name: String,
        /// Line of the definition.
        line: usize,
    },
    /// The macro is called.
    MacroInUse {
        /// Name of the macro.
        name: String,
        /// Line of the first call.
        line: usize,
    },
    /// The text leaves a macro open or ends with a backslash: it would swallow the lines behind it.
    OpenMacro(String),
    /// No `%bcond`, `%bcond_with` or `%bcond_without` of this name.
    NoBcond(String),
    /// No such dependency.
    NoDependency {
        /// Tag as asked for.
        tag: String,
        /// Name as asked for.
        name: String,
    },
    /// The name is part of a dependency in parentheses.
    RichDependency {
        /// Name as asked for.
        name: String,
        /// Line of that dependency.
        line: usize,
    },
    /// The package has the dependency.
    DependencyExists {
        /// Dependency as asked for.
        dependency: String,
        /// Line that has it.
        line: usize,
    },
    /// The text holds no or several dependencies.
    NotOneDependency(String),
    /// The new header is none of the section.
    NotTheHeader {
        /// The section.
        section: SectionId,
        /// The new text.
        text: String,
    },
    /// The changelog has an entry with a later date.
    LaterEntry {
        /// Line of that entry.
        line: usize,
    },
    /// A script applies a patch that is to be removed, in a way that cannot be undone line by line.
    PatchInUse {
        /// Number of the patch.
        number: u32,
        /// Line that applies it.
        line: usize,
    },
    /// A patch that stays would get another number than a line names it by.
    PatchRenumbered {
        /// Number of the patch.
        number: u32,
        /// Line that names it.
        line: usize,
    },
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSection(id) => write!(f, "no section `{id}`"),
            Self::NeededByRpm(id) => write!(f, "rpm accepts no spec without `{id}`"),
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
            Self::MainPackage { section, line } => {
                write!(f, "`{section}` at line {line} is of the main package, at least under some condition")
            }
            Self::NoMacro(name) => write!(f, "no `%global` or `%define` of `{name}`"),
            Self::UnclearMacro { name, line } => {
                write!(f, "`{name}` has parameters or stands among other text at line {line}")
            }
            Self::MacroInUse { name, line } => write!(f, "`%{name}` is called at line {line}"),
            Self::OpenMacro(text) => write!(f, "`{text}` leaves a macro open"),
            Self::NoBcond(name) => write!(f, "no `%bcond` of `{name}`"),
            Self::NoDependency { tag, name } => write!(f, "no `{tag}` names `{name}`"),
            Self::RichDependency { name, line } => write!(f, "`{name}` is part of another dependency at line {line}"),
            Self::DependencyExists { dependency, line } => write!(f, "`{dependency}` is there at line {line}"),
            Self::NotOneDependency(text) => write!(f, "`{text}` is not one dependency"),
            Self::NotTheHeader { section, text } => write!(f, "`{text}` is no header of a section `{}`", section.name),
            Self::LaterEntry { line } => write!(f, "the changelog has a later entry at line {line}"),
            Self::PatchInUse { number, line } => write!(f, "patch {number} is used at line {line}"),
            Self::PatchRenumbered { number, line } => {
                write!(f, "patch {number}, which stays, would get another number than line {line} names it by")
            }
        }
    }
}

impl std::error::Error for EditError {}
