//! Inputs: holes in a derivation, blobs in an action.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use azl_digest::Digest;
use azl_rpm::{Dependency, PackageHeader};
use serde::{Deserialize, Serialize};

use crate::graph::NodeId;
use crate::pool::Pool;

/// A named blob.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Blob {
    /// File name it is presented under.
    pub name: String,
    /// Its content.
    pub digest: Digest,
}

/// An input that may not be known yet; it lowers to any number of blobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hole {
    /// A blob that is known already.
    Known(Blob),
    /// Outputs of another node.
    Outputs {
        /// The node.
        node: NodeId,
        /// Which of them.
        select: Select,
    },
    /// The packages that are needed, directly or not, to satisfy `wants`: of those that `nodes` gave, that the nodes in
    /// their own closures gave, and so on.
    Closure {
        /// The capabilities asked for, as a spec writes them.
        wants: Vec<String>,
        /// Who gives what is asked for; what that needs in turn is found from there.
        nodes: Vec<NodeId>,
        /// Capabilities that are there already; see [`assumed`].
        assume: Vec<String>,
    },
}

/// Which outputs of a node are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Select {
    /// The output of exactly this name.
    Name(String),
    /// Every output whose name ends so.
    Suffix(String),
    /// Binary RPMs: not source packages.
    BinaryRpms,
    /// Binary RPMs that people install: no debugging information.
    Packages,
    /// RPMs with debugging information.
    DebugPackages,
    /// Source packages.
    SourcePackages,
    /// A disk or container image: the one output that is neither report nor list.
    Image,
    /// Every output.
    All,
}

impl Select {
    /// Returns whether the output of this name is meant.
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Self::Name(wanted) => wanted == name,
            Self::Suffix(suffix) => name.ends_with(suffix.as_str()),
            Self::BinaryRpms => is_binary_rpm(name),
            Self::Packages => is_binary_rpm(name) && !is_debug(name),
            Self::DebugPackages => is_binary_rpm(name) && is_debug(name),
            Self::SourcePackages => name.ends_with(".src.rpm"),
            Self::Image => name.ends_with(".vhd") || name.ends_with(".oci.tar"),
            Self::All => true,
        }
    }
}

fn is_binary_rpm(name: &str) -> bool {
    name.ends_with(".rpm") && !name.ends_with(".src.rpm")
}

/// rpm names these packages itself, `<package>-debuginfo` and `<source>-debugsource`; the version follows.
fn is_debug(name: &str) -> bool {
    name.contains("-debuginfo-") || name.contains("-debugsource-")
}

impl Hole {
    /// Makes an input of known content.
    pub fn blob(name: impl Into<String>, digest: Digest) -> Self {
        Self::Known(Blob { name: name.into(), digest })
    }

    /// Makes an input of another node's outputs.
    pub fn outputs(node: &NodeId, select: Select) -> Self {
        Self::Outputs { node: node.clone(), select }
    }

    /// Returns the nodes whose outputs this input needs.
    pub fn nodes(&self) -> &[NodeId] {
        match self {
            Self::Known(_) => &[],
            Self::Outputs { node, .. } => std::slice::from_ref(node),
            Self::Closure { nodes, .. } => nodes,
        }
    }
}

/// What is known when a hole is filled.
pub trait Known {
    /// Returns the outputs of a finished node.
    fn outputs(&self, node: &NodeId) -> Option<BTreeMap<String, Digest>>;

    /// Returns the nodes that the closures of a node's own derivation name ([`crate::Derivation::suppliers`]).
    fn suppliers(&self, node: &NodeId) -> Vec<NodeId>;

    /// Returns the header of a package by the digest of its file.
    ///
    /// # Errors
    /// A message if the blob cannot be read as a package.
    fn header(&self, digest: Digest) -> Result<Arc<PackageHeader>, String>;

    /// Returns where packages are indexed for closures; one for as long as nodes and outputs stay what they are.
    fn pool(&self) -> &RwLock<Pool>;
}

/// A hole that could not be filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LowerError {
    /// The node has not finished.
    #[error("output of `{0}` is not known yet")]
    NotReady(NodeId),
    /// The node gave no such output.
    #[error("`{node}` gave no output for `{wanted}`; it gave {given}")]
    NoOutput {
        /// The node.
        node: NodeId,
        /// What was asked for.
        wanted: String,
        /// What there is.
        given: String,
    },
    /// A package could not be read.
    #[error("cannot read a package: {0}")]
    Package(String),
    /// Nothing provides a capability.
    #[error("{}", .0.join("\n"))]
    Unresolved(Vec<String>),
}

/// Returns whether `dependency` is met by one of the assumed capabilities: it has that name, or that
/// name followed by `(`, so that `libc.so.6` covers `libc.so.6(GLIBC_2.38)(64bit)`.
pub fn assumed(dependency: &Dependency, assume: &[String]) -> bool {
    assume.iter().any(|name| {
        dependency.name.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('('))
    })
}

pub(crate) fn lower_all(holes: &[Hole], known: &dyn Known) -> Result<Vec<Blob>, LowerError> {
    let mut blobs = Vec::new();
    for hole in holes {
        blobs.extend(lower(hole, known)?);
    }
    Ok(blobs)
}

fn lower(hole: &Hole, known: &dyn Known) -> Result<Vec<Blob>, LowerError> {
    match hole {
        Hole::Known(blob) => Ok(vec![blob.clone()]),
        Hole::Outputs { node, select } => selected(node, select, known),
        Hole::Closure { wants, nodes, assume } => crate::pool::closure(wants, nodes, assume, known),
    }
}

pub(crate) fn selected(node: &NodeId, select: &Select, known: &dyn Known) -> Result<Vec<Blob>, LowerError> {
    let outputs = known.outputs(node).ok_or_else(|| LowerError::NotReady(node.clone()))?;
    let blobs: Vec<Blob> = outputs
        .iter()
        .filter(|(name, _)| select.matches(name))
        .map(|(name, digest)| Blob { name: base_name(name), digest: *digest })
        .collect();
    if blobs.is_empty() && matches!(select, Select::Name(_)) {
        let given = outputs.keys().cloned().collect::<Vec<_>>().join(", ");
        return Err(LowerError::NoOutput { node: node.clone(), wanted: format!("{select:?}"), given });
    }
    Ok(blobs)
}

fn base_name(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assumed_capability_covers_its_versions_but_not_longer_names() {
        let assume = ["libc.so.6".to_owned(), "gcc".to_owned()];
        let met = |text: &str| assumed(&text.parse().expect("a capability"), &assume);
        assert!(met("libc.so.6(GLIBC_2.38)(64bit)") && met("gcc") && met("gcc >= 9"));
        assert!(!met("gcc-c++") && !met("libc.so.60"));
    }
}
