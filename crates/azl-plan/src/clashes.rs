//! Names that two components claim.
//!
//! A package that says it provides or replaces another component's package would take its place in buildroots, images and
//! installed systems without anybody having asked for it.
//!
//! **Invariant:** in a plan, every package name, and every source package, belongs to one component.

use std::collections::BTreeMap;

use azl_rpm::{Compare, Dependency, Nevra};

use crate::builds;
use crate::error::PlanError;
use crate::facts::{Facts, SpecFacts};
use crate::inputs::Inputs;

/// Owners of package names: the component and the identity of the package.
type Owners<'a> = BTreeMap<&'a str, (&'a str, &'a Nevra)>;

/// Returns every claim to a name that belongs to another component.
pub(crate) fn find(inputs: &Inputs, facts: &Facts) -> Vec<PlanError> {
    let is_meant = |(build, facts): &(&String, &SpecFacts)| !builds::is_variant(build) && facts.is_for(inputs.arch);
    let meant: Vec<(&str, &SpecFacts)> =
        facts.iter().filter(is_meant).map(|(component, facts)| (component.as_str(), facts)).collect();
    let mut errors = Vec::new();
    let owners = owners(&meant, &mut errors);
    for (component, facts) in meant {
        for package in &facts.packages {
            let others = package.provides.iter().filter(|provide| provide.name != package.nevra.name);
            errors.extend(others.filter_map(|provide| usurped(component, provide, &owners)));
            errors.extend(package.obsoletes.iter().filter_map(|obsolete| replaced(component, obsolete, &owners)));
        }
    }
    errors
}

fn owners<'a>(meant: &[(&'a str, &'a SpecFacts)], errors: &mut Vec<PlanError>) -> Owners<'a> {
    let mut owners = Owners::new();
    let mut sources: BTreeMap<&Nevra, &str> = BTreeMap::new();
    for (component, facts) in meant {
        if let Some(first) = sources.insert(&facts.source, component).filter(|_| !facts.source.name.is_empty()) {
            let components = [first.to_owned(), (*component).to_owned()];
            errors.push(PlanError::SourceTwice { package: facts.source.to_string(), components });
        }
        for package in &facts.packages {
            if let Some((first, identity)) = owners.insert(&package.nevra.name, (component, &package.nevra)) {
                let identity = match *identity == package.nevra {
                    true => ", even under one NEVRA: two contents would have one name",
                    false => "",
                };
                let components = [first.to_owned(), (*component).to_owned()];
                errors.push(PlanError::PackageTwice { package: package.nevra.name.clone(), components, identity });
            }
        }
    }
    owners
}

fn usurped(component: &str, provide: &Dependency, owners: &Owners<'_>) -> Option<PlanError> {
    let (owner, _) = owners.get(provide.name.as_str()).filter(|(owner, _)| *owner != component)?;
    let (component, owner) = (component.to_owned(), (*owner).to_owned());
    Some(PlanError::Usurped { component, package: provide.name.clone(), owner })
}

/// A package that is obsoleted in a version older than ours is one that was renamed, and lives on.
fn replaced(component: &str, obsolete: &Dependency, owners: &Owners<'_>) -> Option<PlanError> {
    let (owner, nevra) = owners.get(obsolete.name.as_str()).filter(|(owner, _)| *owner != component)?;
    let there = Dependency::versioned(nevra.name.clone(), Compare::Equal, nevra.evr.clone());
    obsolete.satisfied_by(&there).then(|| PlanError::Replaced {
        component: component.to_owned(),
        capability: obsolete.to_string(),
        package: nevra.to_string(),
        owner: (*owner).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toy::{Toy, release, spec};

    fn told(specs: &[Toy]) -> Vec<String> {
        let (inputs, facts) = release(specs);
        find(&inputs, &facts).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn package_of_two_components_is_named_with_both() {
        let told = told(&[spec("a").package("libx 1-1", &[]), spec("b").package("libx 2-1", &[])]);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("package `libx` is made by `a` and by `b`\n"), "{told:?}");
    }

    #[test]
    fn one_nevra_of_two_contents_is_refused() {
        let told = told(&[spec("a").package("libx 1-1", &[]), spec("b").package("libx 1-1", &[])]);
        assert!(told[0].contains("`a` and by `b`, even under one NEVRA"), "{told:?}");
    }

    #[test]
    fn one_source_package_of_two_components_is_refused() {
        let (inputs, mut facts) = release(&[spec("a"), spec("b")]);
        let source = facts["a"].source.clone();
        facts.get_mut("b").expect("b").source = source;
        let told = find(&inputs, &facts)[0].to_string();
        assert!(told.starts_with("source package `a-1-1.src` is made by `a` and by `b`"), "{told}");
    }

    #[test]
    fn package_that_provides_anothers_name_is_refused() {
        let told = told(&[spec("evil").package("evil", &["glibc = 99"]), spec("glibc").package("glibc 2.42-1", &[])]);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("`evil` provides `glibc`, which is a package of `glibc`"), "{told:?}");
    }

    #[test]
    fn package_that_obsoletes_anothers_is_refused_unless_it_means_an_older_one() {
        let glibc = spec("glibc").package("glibc 2.42-1", &[]);
        let with = |obsoletes: &str| told(&[spec("evil").package("evil", &[]).obsoletes(obsoletes), glibc.clone()]);
        assert!(with("glibc")[0].starts_with("`evil` obsoletes `glibc`, which is `glibc-2.42-1.x86_64` of `glibc`"));
        assert_eq!(with("glibc < 3").len(), 1);
        assert!(with("glibc < 2.42").is_empty());
    }

    #[test]
    fn names_that_are_no_packages_are_free_for_all() {
        assert!(told(&[spec("a").package("a", &["mta"]), spec("b").package("b", &["mta"])]).is_empty());
    }
}
