//! Diagnostics: what is wrong, where, by which rule, and what to run next.
//!
//! A [`Diagnostic`] is data; wrong input never panics and never stops at the first mistake. Functions
//! that read authored files return `(value, Vec<Diagnostic>)`.
//!
//! Not here: reading files (the renderer is given the text) and exit codes.
//!
//! **Invariant:** [`render`] is a pure function of the diagnostic and the source text.

mod render;
mod suggest;

pub use render::{render, render_all};
pub use suggest::closest;

use serde::Serialize;

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The input is refused.
    Error,
    /// The input is accepted, but somebody should look.
    Warning,
}

/// A place in an authored file: a byte range of the file named by a path relative to the tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Span {
    /// Path relative to the tree, with `/`.
    pub file: String,
    /// First byte.
    pub start: usize,
    /// One past the last byte; equal to `start` for a point.
    pub end: usize,
}

/// One mistake or warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Stable kebab-case name of the rule, e.g. `unknown-key`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong: lower case, no full stop, backticks round names.
    pub message: String,
    /// Where, if it is in a file.
    pub span: Option<Span>,
    /// What to do or run next, one sentence each.
    pub hints: Vec<String>,
}

impl Diagnostic {
    /// Makes an error without a place.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, message: message.into(), span: None, hints: Vec::new() }
    }

    /// Makes a warning without a place.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Adds the place.
    #[must_use]
    pub fn at(mut self, file: impl Into<String>, range: std::ops::Range<usize>) -> Self {
        self.span = Some(Span { file: file.into(), start: range.start, end: range.end });
        self
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Returns whether the input is refused.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Returns whether any diagnostic refuses its input.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(Diagnostic::is_error)
}
