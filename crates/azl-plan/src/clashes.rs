//! Names that two components claim.
//!
//! A package that says it provides another component's package would take its place in buildroots and images without
//! anybody having asked for it.
//!
//! **Invariant:** in a plan, every package name belongs to one component.

use std::collections::BTreeMap;

use crate::facts::Facts;
use crate::release::PlanError;

/// Returns every claim to a name that belongs to another component.
pub(crate) fn find(facts: &Facts) -> Vec<PlanError> {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    let mut errors = Vec::new();
    for (component, fact) in facts {
        for package in &fact.packages {
            if let Some(first) = owners.insert(package, component) {
                let components = [first.to_owned(), component.clone()];
                errors.push(PlanError::PackageTwice { package: package.clone(), components });
            }
        }
    }
    for (component, fact) in facts {
        let claimed = fact.provides.iter().map(|provide| provide.split(' ').next().unwrap_or(provide));
        for (name, owner) in claimed.filter_map(|name| Some((name, *owners.get(name)?))) {
            if owner != component {
                let (component, owner) = (component.clone(), owner.to_owned());
                errors.push(PlanError::Usurped { component, package: name.to_owned(), owner });
            }
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::SpecFacts;

    fn told(specs: &[(&str, &[&str], &[&str])]) -> Vec<String> {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let facts = specs.iter().map(|(name, packages, provides)| {
            let fact = SpecFacts { build_requires: vec![], packages: words(packages), provides: words(provides) };
            ((*name).to_owned(), fact)
        });
        find(&facts.collect()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn package_of_two_components_is_named_with_both() {
        let told = told(&[("a", &["a", "libx"], &[]), ("b", &["b", "libx"], &[])]);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("package `libx` is made by `a` and by `b`"), "{told:?}");
    }

    #[test]
    fn package_that_provides_anothers_name_is_refused() {
        let told =
            told(&[("evil", &["evil"], &["evil = 1-1", "glibc = 99"]), ("glibc", &["glibc"], &["glibc = 2.42"])]);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("`evil` provides `glibc`, which is a package of `glibc`"), "{told:?}");
    }

    #[test]
    fn names_that_are_no_packages_are_free_for_all() {
        assert!(told(&[("a", &["a"], &["mta"]), ("b", &["b"], &["mta", "b = 1"])]).is_empty());
    }
}
