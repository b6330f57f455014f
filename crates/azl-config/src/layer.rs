//! The layers that make a component, and who wrote them.
//!
//! From the bottom: the default version of the project's distro, `default-component-config`, the component's groups in
//! the order of their names, the spec that a group found, the component.
//!
//! Not here: adding them up.
//!
//! **Invariant:** the order depends on names alone.

use std::fmt;

use serde::Serialize;

use crate::component::ComponentLayer;
use crate::document::{Component, Config};

/// Who wrote a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// Nobody: it is so if nothing is written.
    BuiltIn,
    /// `[distros.N]`, outside what components inherit.
    DistroTable(String),
    /// `default-component-config` of the project's distro.
    DistroDefault {
        /// Name of the distro.
        distro: String,
        /// Its version.
        version: String,
    },
    /// The tree's `default-component-config`.
    ProjectDefault,
    /// A component group.
    Group(String),
    /// The component's own table.
    Component,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built-in default"),
            Self::DistroTable(name) => write!(f, "distro {name}"),
            Self::DistroDefault { distro, version } => write!(f, "distro default ({distro} {version})"),
            Self::ProjectDefault => f.write_str("project default"),
            Self::Group(name) => write!(f, "group {name}"),
            Self::Component => f.write_str("component"),
        }
    }
}

/// A layer's writer, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writer<'a> {
    Distro(&'a str, &'a str),
    Project,
    Group(&'a str),
    Component,
}

impl Writer<'_> {
    pub(crate) fn layer(self) -> Layer {
        match self {
            Self::Distro(distro, version) => {
                Layer::DistroDefault { distro: distro.to_owned(), version: version.to_owned() }
            }
            Self::Project => Layer::ProjectDefault,
            Self::Group(name) => Layer::Group(name.to_owned()),
            Self::Component => Layer::Component,
        }
    }
}

impl Config {
    /// Returns the layers of a component from the bottom up.
    pub(crate) fn layers<'a>(
        &'a self,
        name: &str,
        component: &'a Component,
    ) -> impl Iterator<Item = (Writer<'a>, &'a ComponentLayer)> {
        let distro = self.project.default_distro.as_ref().and_then(|reference| {
            let (distro, table) = self.distros.get_key_value(reference.name.get_ref())?;
            let (version, details) = table.version(reference)?;
            Some((Writer::Distro(distro, version), &details.default_component_config))
        });
        let groups = self.memberships.get(name).into_iter().flatten();
        let groups = groups.filter_map(|group| self.component_groups.get_key_value(group));
        let found = component.found.as_ref();
        distro
            .into_iter()
            .chain(self.default_component_config.iter().map(|layer| (Writer::Project, layer)))
            .chain(groups.map(|(group, table)| (Writer::Group(group), &table.default_component_config)))
            .chain(found.map(|found| (Writer::Group(&found.group), &found.layer)))
            .chain([(Writer::Component, &component.layer)])
    }
}
