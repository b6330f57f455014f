//! Which version of which distribution is meant.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::snapshot::Snapshot;
use crate::spanned::Spanned;

/// A distribution by name and version.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DistroReference {
    /// Name of a `[distros.N]`.
    pub name: Spanned<String>,
    /// Version; the distribution's `default-version` if absent.
    pub version: Option<Spanned<String>>,
    /// RFC 3339 instant: the last commit at or before it is meant. Allowed on defaults only.
    pub snapshot: Option<Spanned<Snapshot>>,
}

impl DistroReference {
    /// Returns the version it names itself.
    pub fn version(&self) -> Option<&str> {
        self.version.as_ref().map(|version| version.get_ref().as_str())
    }
}
