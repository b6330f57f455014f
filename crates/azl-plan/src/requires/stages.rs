//! The two stages: what builds need in roots with the seed below, and in roots of our own packages alone.

use std::collections::{BTreeMap, BTreeSet};

use super::{AllNeeds, Met, Needs, Resolver, Tools};
use crate::capabilities::Given;
use crate::error::PlanError;
use crate::facts::Facts;
use crate::inputs::{Inputs, Stage2};
use crate::{bootstrap, builds, cycles, generated};

/// Returns the needs of every build of stage 1, bootstrap variants included.
///
/// # Errors
/// All capabilities that nobody provides, each with the component that asks; all cycles; all declared variants that break none.
pub(crate) fn resolve(inputs: &Inputs, facts: &Facts) -> Result<AllNeeds, Vec<PlanError>> {
    let resolver = Resolver::new(inputs, facts, (seed(inputs), Tools::new(&inputs.tools)), |_| true);
    let mut errors = Vec::new();
    let mut met = resolver.meet_all(|facts| facts.requirements().collect(), &mut errors);
    let edges: Vec<Vec<usize>> = met.iter().map(|met| met.from.keys().copied().collect()).collect();
    errors.extend(cycles::find(&edges).iter().map(|knot| cycle(&resolver, &met, knot)));
    // What is still to be found may use a variant that seems useless now.
    if errors.is_empty() && facts.values().all(generated::is_settled) {
        errors = bootstrap::check(inputs, &resolver, &edges);
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    bootstrap::prefer_finals(inputs, &resolver, &mut met);
    Ok(named(&resolver, met, str::to_owned))
}

/// Returns the needs of every build of stage 2: all from builds of stage 1 (`first`), nothing given.
///
/// # Errors
/// Everything the release cannot supply yet, as one table.
pub(crate) fn resolve_second(
    inputs: &Inputs,
    facts: &Facts,
    stage: &Stage2,
    first: &AllNeeds,
) -> Result<AllNeeds, Vec<PlanError>> {
    let resolver = Resolver::new(inputs, facts, Default::default(), |build| !builds::is_variant(build));
    let mut errors = Vec::new();
    let base: BTreeSet<&str> = stage.packages.iter().map(String::as_str).collect();
    let mut met = resolver.meet_all(|facts| base.iter().copied().chain(facts.requirements()).collect(), &mut errors);
    let mut missing = unmet(&resolver, &met);
    if !(errors.is_empty() && missing.is_empty()) {
        let others = lacking(&base, errors, &mut missing);
        return Err(others.into_iter().chain([PlanError::Stage2Lacks(missing)]).collect());
    }
    // What the seed stood for, built packages may need without their specs saying so: the C library's sonames, a shell.
    let stand_ins = stand_ins(inputs, &resolver);
    for met in &mut met {
        for (provider, name) in &stand_ins {
            met.from.entry(*provider).or_insert_with(|| format!("`{name}`, which the seed stands for in stage 1"));
        }
        met.wants.sort_unstable();
        met.wants.dedup();
    }
    let mut needs = named(&resolver, met, builds::second);
    bootstrap::add_finals(inputs, first, &mut needs);
    Ok(needs)
}

fn seed(inputs: &Inputs) -> Given<'_> {
    Given::new(inputs.seed["build"].provides.iter().map(String::as_str))
}

/// Returns the builds that provide what the seed provides in stage 1, each with one such capability.
fn stand_ins<'a>(inputs: &'a Inputs, resolver: &Resolver<'a>) -> BTreeMap<usize, &'a str> {
    let mut found = BTreeMap::new();
    for name in &inputs.seed["build"].provides {
        for package in resolver.index.named(name) {
            found.entry(resolver.index.packages[package].build).or_insert(name.as_str());
        }
    }
    found
}

/// Capabilities that are missing, and who asks for each.
type Missing = BTreeMap<String, BTreeSet<String>>;

/// Returns what packages that enter a root require in vain.
fn unmet(resolver: &Resolver<'_>, met: &[Met]) -> Missing {
    let mut missing = Missing::new();
    for (capability, package) in met.iter().flat_map(|met| &met.unmet) {
        let package = &resolver.index.packages[*package].facts.nevra.name;
        missing.entry(capability.clone()).or_default().insert(format!("{package}(installed)"));
    }
    missing
}

/// Moves what nobody provides into the table and returns the other errors.
fn lacking(base: &BTreeSet<&str>, errors: Vec<PlanError>, missing: &mut Missing) -> Vec<PlanError> {
    let mut others = Vec::new();
    for error in errors {
        match error {
            PlanError::NobodyProvides { component, capability, near } => {
                let asking = if base.contains(capability.as_str()) { "[stage2]".to_owned() } else { component };
                let note = if near.is_empty() { String::new() } else { format!(" ({})", near.join(", ")) };
                missing.entry(format!("{capability}{note}")).or_default().insert(asking);
            }
            other => others.push(other),
        }
    }
    others
}

fn cycle(resolver: &Resolver<'_>, met: &[Met], knot: &cycles::Knot) -> PlanError {
    let name = |build: usize| resolver.name(build).to_owned();
    let step = |pair: &[usize]| (name(pair[0]), met[pair[0]].from[&pair[1]].clone());
    let declared = knot.members.iter().map(|member| resolver.name(*member));
    let declared = declared.filter(|build| resolver.inputs.bootstrap.contains_key(*build)).map(str::to_owned);
    PlanError::Cycle {
        steps: knot.shortest.windows(2).map(step).collect(),
        entangled: knot.members.iter().copied().map(name).collect(),
        declared: declared.collect(),
    }
}

fn named(resolver: &Resolver<'_>, met: Vec<Met>, build_name: impl Fn(&str) -> String) -> AllNeeds {
    let needs = met.into_iter().enumerate().map(|(build, met)| {
        let from = met.from.into_iter().map(|(provider, why)| (resolver.name(provider).to_owned(), why)).collect();
        (build_name(resolver.name(build)), Needs { wants: met.wants, from, tools: met.tools })
    });
    needs.collect()
}
