//! Tools of the seed: foreign packages that join a root on demand.
//!
//! A tool stands in for what we do not package. Where a component of ours provides the same, ours is taken, but for the
//! users that the tool is declared for: those are built before ours could be.

use std::collections::{BTreeMap, BTreeSet};

use azl_rpm::Rich;

use crate::builds;
use crate::capabilities::Given;
use crate::inputs::Tool;

/// The tools, each with what it gives.
#[derive(Default)]
pub(crate) struct Tools<'a>(Vec<(&'a str, Given<'a>, &'a BTreeSet<String>)>);

impl<'a> Tools<'a> {
    pub(crate) fn new(tools: &'a BTreeMap<String, Tool>) -> Self {
        let given = |tool: &'a Tool| Given::new(tool.set.provides.iter().map(String::as_str));
        Self(tools.iter().map(|(name, tool)| (name.as_str(), given(tool), &tool.users)).collect())
    }

    /// Returns the tool that a build must take for a requirement.
    pub(super) fn declared_for(&self, build: &str, wanted: &Rich) -> Option<&'a str> {
        let component = builds::component_of(build);
        self.0.iter().find(|(_, given, users)| users.contains(component) && given.satisfies(wanted)).map(|tool| tool.0)
    }

    /// Returns the tool that anybody may take for a requirement which nothing of ours meets.
    pub(super) fn stand_in(&self, wanted: &Rich) -> Option<&'a str> {
        self.0.iter().find(|(_, given, users)| users.is_empty() && given.satisfies(wanted)).map(|tool| tool.0)
    }
}
