//! What can be wrong with a package file.

/// Says why bytes are not a package we accept, naming the rule.
#[derive(Debug, thiserror::Error)]
pub enum RpmError {
    /// The lead or a header breaks the format's own rules, or the file ends early.
    #[error("malformed package: {part}: {rule}")]
    Malformed {
        /// `lead`, `signature header`, `header` or `payload`.
        part: &'static str,
        /// The rule that is broken.
        rule: String,
    },
    /// A tag is missing or has a value that cannot be right.
    #[error("bad package header: {tag}: {problem}")]
    BadTag {
        /// Tag as rpm calls it, e.g. `NAME`.
        tag: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A file in the payload is not what the header says.
    #[error("bad package file: `{path}`: {problem}")]
    BadFile {
        /// Path as listed, made printable.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The `rpm` crate refused the package.
    #[error("unreadable package: {source}")]
    Unreadable {
        /// Its own words.
        #[from]
        source: rpm::Error,
    },
}

impl RpmError {
    pub(crate) fn malformed(part: &'static str, rule: impl Into<String>) -> Self {
        Self::Malformed { part, rule: rule.into() }
    }

    pub(crate) fn tag(tag: &'static str, problem: impl Into<String>) -> Self {
        Self::BadTag { tag, problem: problem.into() }
    }

    pub(crate) fn file(path: &str, problem: impl Into<String>) -> Self {
        Self::BadFile { path: path.escape_debug().take(300).collect(), problem: problem.into() }
    }
}
