//! From BuildRequires to builds: who must be built before whom, and what a buildroot takes from whom.
//!
//! Every requirement is met from what is given (the seed), else from one of our packages, whose own requirements are met
//! likewise, else from a tool of the seed. Which packages enter a buildroot is decided later, from built packages; here is decided which builds may give them.
//!
//! **Invariant:** what each build needs is a function of the facts; the work grows with the edges, not with their paths.

mod buildroot;
mod stages;
mod tools;

use std::collections::{BTreeMap, BTreeSet};

use azl_rpm::Rich;

use crate::builds;
use crate::capabilities::{Given, Index};
use crate::error::PlanError;
use crate::facts::{Facts, SpecFacts};
use crate::inputs::{Bootstrap, Inputs};
use buildroot::Buildroot;
use tools::Tools;

pub(crate) use stages::{resolve, resolve_second};

/// What a build's root needs beyond what is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Capabilities our own packages must provide.
    pub wants: Vec<String>,
    /// Builds that may provide them, each with the first requirement that led there. What these builds need in turn is
    /// not repeated here.
    pub from: BTreeMap<String, String>,
    /// Tools of the seed that join the root.
    pub tools: BTreeSet<String>,
}

/// The needs of every build, by its name.
pub(crate) type AllNeeds = BTreeMap<String, Needs>;

/// Builds that need each other, packages and what is given: everything that requirements are met from.
pub(crate) struct Resolver<'a> {
    builds: Vec<(&'a str, &'a SpecFacts)>,
    inputs: &'a Inputs,
    facts: &'a Facts,
    index: Index<'a>,
    given: Given<'a>,
    tools: Tools<'a>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(
        inputs: &'a Inputs,
        facts: &'a Facts,
        (given, tools): (Given<'a>, Tools<'a>),
        is_meant: impl Fn(&str) -> bool,
    ) -> Self {
        let builds: Vec<(&str, &SpecFacts)> = facts
            .iter()
            .filter(|(build, spec)| is_meant(build) && spec.is_for(inputs.arch))
            .map(|(build, spec)| (build.as_str(), spec))
            .collect();
        let index = Index::new(builds.iter().map(|(_, facts)| *facts));
        Self { builds, inputs, facts, index, given, tools }
    }

    pub(crate) fn name(&self, build: usize) -> &'a str {
        self.builds[build].0
    }

    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.builds.binary_search_by_key(&name, |(build, _)| build).ok()
    }

    /// Returns the packages `build` may take for a dependency, best first: variants go to those they are declared for.
    fn providers(&self, build: usize, rich: &Rich) -> Vec<usize> {
        let mut packages = self.index.providers(rich);
        if !self.inputs.bootstrap.is_empty() {
            packages.retain(|package| self.may_use(build, self.index.packages[*package].build));
        }
        packages
    }

    fn may_use(&self, user: usize, provider: usize) -> bool {
        let provider = self.name(provider);
        match self.declared(provider) {
            Some(variant) => variant.users.contains(self.name(user)) == builds::is_variant(provider),
            None => true,
        }
    }

    /// Returns the declared variant of the component that a build is of, if the variant is among the builds.
    fn declared(&self, build: &str) -> Option<&'a Bootstrap> {
        let component = builds::component_of(build);
        let variant = self.inputs.bootstrap.get(component)?;
        self.number(&builds::bootstrap(component)).map(|_| variant)
    }

    /// Meets `wants` of every build, which `wants_of` gives, and returns what each needs.
    pub(crate) fn meet_all<'w>(
        &self,
        wants_of: impl Fn(&'a SpecFacts) -> Vec<&'w str>,
        errors: &mut Vec<PlanError>,
    ) -> Vec<Met>
    where
        'a: 'w,
    {
        let mut roots: Vec<Buildroot<'_, 'a>> = Vec::new();
        for (build, (_, facts)) in self.builds.iter().enumerate() {
            let mut root = Buildroot::new(self, build);
            for want in wants_of(facts) {
                root.want(want, errors);
            }
            roots.push(root);
        }
        let direct: Vec<BTreeSet<usize>> = roots.iter().map(|root| root.from.keys().copied().collect()).collect();
        roots.into_iter().map(|root| root.finish(&direct, errors)).collect()
    }

    /// Returns why nobody provides a capability, as far as that can be seen: a version that just missed, an architecture.
    fn near_misses(&self, user: usize, rich: &Rich) -> Vec<String> {
        let mut notes = Vec::new();
        for wanted in buildroot::atoms(rich) {
            for (package, provide) in self.index.near(wanted) {
                let build = self.index.packages[package].build;
                let why = if self.may_use(user, build) { "" } else { ", which `release.toml` has it build without" };
                notes.push(format!("`{}` provides `{provide}`{why}", self.name(build)));
            }
        }
        let arch = self.inputs.arch;
        let others: Vec<(&String, &SpecFacts)> = self.facts.iter().filter(|(_, facts)| !facts.is_for(arch)).collect();
        let index = Index::new(others.iter().map(|(_, facts)| *facts));
        for package in buildroot::atoms(rich).into_iter().flat_map(|wanted| index.named(&wanted.name)) {
            notes
                .push(format!("`{}` provides it and is not built for {arch}", others[index.packages[package].build].0));
        }
        notes
    }
}

/// Returns builds and all they need, directly or not.
pub(crate) fn reach<'a>(from: impl Iterator<Item = &'a String>, needs: &AllNeeds) -> BTreeSet<String> {
    let mut queue: Vec<&str> = from.map(String::as_str).collect();
    let mut found: BTreeSet<String> = queue.iter().map(|name| (*name).to_owned()).collect();
    while let Some(name) = queue.pop() {
        for next in needs.get(name).into_iter().flat_map(|needs| needs.from.keys()) {
            if !found.contains(next) {
                found.insert(next.clone());
                queue.push(next);
            }
        }
    }
    found
}

/// Returns the builds that need one of some, directly or not.
pub(crate) fn users<'a>(of: impl Iterator<Item = &'a str>, needs: &'a AllNeeds) -> BTreeSet<&'a str> {
    let mut direct: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (build, needs) in needs {
        for provider in needs.from.keys() {
            direct.entry(provider).or_default().push(build);
        }
    }
    let (mut found, mut queue) = (BTreeSet::new(), of.collect::<Vec<_>>());
    while let Some(build) = queue.pop() {
        for user in direct.get(build).into_iter().flatten() {
            if found.insert(*user) {
                queue.push(user);
            }
        }
    }
    found
}

/// What one build needs, by number of the builds that provide it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Met {
    /// Capabilities our own packages must provide.
    pub(crate) wants: Vec<String>,
    /// Builds that provide them, each with the first requirement that led there.
    pub(crate) from: BTreeMap<usize, String>,
    /// Tools of the seed that provide the rest.
    pub(crate) tools: BTreeSet<String>,
    /// What packages require that no spec provides, and which package; names that rpm finds in built files are left out.
    pub(crate) unmet: Vec<(String, usize)>,
}

#[cfg(test)]
mod tests;
