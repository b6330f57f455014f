//! From BuildRequires to components: who must be built before whom.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::Facts;
use crate::release::PlanError;

/// What a component's buildroot needs beyond the seed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Capabilities our own packages must provide.
    pub wants: Vec<String>,
    /// Components whose packages may be needed for that, directly or not.
    pub from: BTreeSet<String>,
}

/// Returns the needs of every component.
///
/// # Errors
/// All capabilities that nobody provides, each with the component that asks; or a cycle, in full.
pub fn resolve(facts: &Facts, seed_provides: &[String]) -> Result<BTreeMap<String, Needs>, Vec<PlanError>> {
    let providers = providers(facts);
    let mut direct: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut needs: BTreeMap<String, Needs> = BTreeMap::new();
    let mut errors = Vec::new();
    for (component, fact) in facts {
        let mine = needs.entry(component.clone()).or_default();
        let edges = direct.entry(component.clone()).or_default();
        for requirement in &fact.build_requires {
            let name = capability_name(requirement);
            if name.starts_with("rpmlib(") || covers(seed_provides, name) {
                continue;
            }
            match providers.get(name) {
                Some(provider) => {
                    mine.wants.push(requirement.clone());
                    edges.insert((*provider).to_owned());
                }
                None => errors
                    .push(PlanError::NobodyProvides { component: component.clone(), capability: requirement.clone() }),
            }
        }
    }
    if let Some(cycle) = azl_action::graph::find_cycle(&direct) {
        errors.push(PlanError::Cycle(cycle));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    for (component, mine) in &mut needs {
        mine.from = reachable(component, &direct);
    }
    Ok(needs)
}

/// The first component, by name, that provides each capability by name.
fn providers(facts: &Facts) -> BTreeMap<&str, &str> {
    let mut providers = BTreeMap::new();
    for (component, fact) in facts {
        for provide in fact.packages.iter().chain(&fact.provides) {
            providers.entry(capability_name(provide)).or_insert(component.as_str());
        }
    }
    providers
}

fn capability_name(text: &str) -> &str {
    text.split(' ').next().unwrap_or(text)
}

fn covers(provides: &[String], name: &str) -> bool {
    provides
        .iter()
        .any(|known| name.strip_prefix(known.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('(')))
}

fn reachable(start: &str, edges: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut queue = vec![start];
    while let Some(name) = queue.pop() {
        for next in edges.get(name).into_iter().flatten() {
            if found.insert(next.clone()) {
                queue.push(next);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::SpecFacts;

    fn facts(specs: &[(&str, &[&str], &[&str])]) -> Facts {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        specs
            .iter()
            .map(|(name, requires, packages)| {
                let fact = SpecFacts { build_requires: words(requires), packages: words(packages), provides: vec![] };
                ((*name).to_owned(), fact)
            })
            .collect()
    }

    #[test]
    fn needs_reach_through_components_and_leave_out_the_seed() {
        let facts = facts(&[
            ("bash", &["gcc", "readline-devel >= 8"], &["bash"]),
            ("readline", &["ncurses-devel"], &["readline", "readline-devel"]),
            ("ncurses", &["gcc"], &["ncurses-devel"]),
        ]);
        let needs = resolve(&facts, &["gcc".to_owned()]).expect("resolvable");
        assert_eq!(needs["bash"].wants, ["readline-devel >= 8"]);
        assert_eq!(needs["bash"].from, BTreeSet::from(["ncurses".to_owned(), "readline".to_owned()]));
        assert_eq!(needs["ncurses"], Needs::default());
    }

    #[test]
    fn every_unprovided_capability_is_reported() {
        let facts = facts(&[("a", &["x-devel", "y-devel"], &["a"])]);
        let errors = resolve(&facts, &[]).expect_err("nobody provides them");
        assert_eq!(errors.len(), 2);
        assert!(errors[0].to_string().contains("`a` needs `x-devel`"), "{}", errors[0]);
    }

    #[test]
    fn a_cycle_is_printed() {
        let facts = facts(&[("a", &["b"], &["a"]), ("b", &["a"], &["b"])]);
        let errors = resolve(&facts, &[]).expect_err("a cycle");
        assert!(errors[0].to_string().contains("a needs b needs a"), "{}", errors[0]);
    }
}
