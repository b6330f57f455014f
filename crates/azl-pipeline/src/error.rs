//! Why a verb did not reach its end, by kind; each kind has its exit code.

use azl_action::ports::PortError;
use azl_diagnostics::Diagnostic;
use azl_host::{CmdError, FileError};
use azl_plan::PlanError;

use crate::realise::RealiseError;

/// A verb that did not reach its end.
#[derive(Debug)]
pub enum Failure {
    /// Authored files are wrong. Exit code 3.
    Configuration(Vec<Diagnostic>),
    /// Work failed: a package did not build, an image did not boot. Exit code 4.
    Build(String),
    /// What was checked is not what it should be. Exit code 5.
    Verification(String),
    /// Something round the work failed. Exit code 6.
    Infrastructure(String),
}

impl Failure {
    /// Returns the process exit code of this kind.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Configuration(_) => 3,
            Self::Build(_) => 4,
            Self::Verification(_) => 5,
            Self::Infrastructure(_) => 6,
        }
    }

    /// Returns what it says, for a table; [`Failure::Configuration`] without its places.
    pub fn text(&self) -> String {
        match self {
            Self::Configuration(mistakes) => {
                mistakes.iter().map(|mistake| mistake.message.as_str()).collect::<Vec<_>>().join("; ")
            }
            Self::Build(text) | Self::Verification(text) | Self::Infrastructure(text) => text.clone(),
        }
    }

    /// Makes a configuration failure of one message.
    pub fn configuration(code: &'static str, message: impl Into<String>) -> Self {
        Self::Configuration(vec![Diagnostic::error(code, message)])
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::Infrastructure(error.to_string())
    }
}

impl From<CmdError> for Failure {
    fn from(error: CmdError) -> Self {
        Self::Infrastructure(error.to_string())
    }
}

impl From<azl_store::OpenError> for Failure {
    fn from(error: azl_store::OpenError) -> Self {
        Self::Infrastructure(error.to_string())
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Configuration(vec![diagnostic])
    }
}

impl From<Vec<PlanError>> for Failure {
    fn from(errors: Vec<PlanError>) -> Self {
        Self::Configuration(errors.iter().map(|error| Diagnostic::error("plan", error.to_string())).collect())
    }
}

impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        match error {
            PortError::Work { .. } | PortError::Input(_) => Self::Build(error.to_string()),
            PortError::LostBlob(_) | PortError::Infrastructure(_) | PortError::Interrupted => {
                Self::Infrastructure(error.to_string())
            }
        }
    }
}

impl From<RealiseError> for Failure {
    fn from(error: RealiseError) -> Self {
        let work = |failure: &crate::realise::NodeFailure| {
            matches!(failure.error, PortError::Work { .. } | PortError::Input(_))
        };
        let text = failures_text(&error);
        if error.failures.iter().any(work) { Self::Build(text) } else { Self::Infrastructure(text) }
    }
}

fn failures_text(error: &RealiseError) -> String {
    let mut text = String::new();
    for failure in &error.failures {
        text.push_str(&format!("`{}` failed: {}\n", failure.node, failure.error));
        if let PortError::Work { log: Some(log), .. } = &failure.error {
            text.push_str(&format!("  log: {}\n  hint: cargo xtask log {}\n", log.display(), failure.node));
        }
    }
    if !error.lost.is_empty() {
        let names: Vec<&str> = error.lost.iter().map(|node| node.0.as_str()).collect();
        text.push_str(&format!("not tried because of it: {}\n", names.join(", ")));
    }
    text
}
