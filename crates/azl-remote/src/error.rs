//! What can go wrong between this machine and a server, by what is to be done about it.

use azl_action::ports::PortError;
use tonic::Code;

/// A conversation that did not reach its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RemoteError {
    /// The server, or the way to it, said no, and trying again did not help.
    #[error("{server} cannot {what}: {message} ({code:?})")]
    Refused {
        /// Its address.
        server: String,
        /// What it was asked for.
        what: String,
        /// The kind of refusal.
        code: Code,
        /// Its words.
        message: String,
    },
    /// The server sent what it should not have.
    #[error("{0}")]
    Dishonest(String),
    /// This machine's own store.
    #[error(transparent)]
    Local(#[from] PortError),
}

impl RemoteError {
    /// Returns whether the server does not have what it was asked for.
    pub(crate) fn is_absence(&self) -> bool {
        matches!(self, Self::Refused { code: Code::NotFound, .. })
    }

    /// Returns whether the server lacks blobs that an action needs.
    pub(crate) fn is_missing_input(&self) -> bool {
        matches!(self, Self::Refused { code: Code::FailedPrecondition, .. })
    }
}

impl From<RemoteError> for PortError {
    fn from(error: RemoteError) -> Self {
        match error {
            RemoteError::Local(error) => error,
            other => Self::Infrastructure(other.to_string()),
        }
    }
}

/// A refusal that may be none a moment later: too many calls at once, a server that restarts.
pub(crate) fn is_passing(code: Code) -> bool {
    matches!(code, Code::Unavailable | Code::ResourceExhausted | Code::Aborted | Code::DeadlineExceeded | Code::Unknown)
}
