//! Who provides what: capabilities by name, files by path.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::{Dependency, PackageHeader, Rich};

/// Lookup tables over a package set; source packages provide nothing.
pub(crate) struct Index<'a> {
    packages: &'a [PackageHeader],
    names: BTreeMap<&'a str, Vec<(usize, &'a Dependency)>>,
    packages_by_name: BTreeMap<&'a str, Vec<usize>>,
    paths: BTreeMap<Cow<'a, str>, Vec<usize>>,
}

impl<'a> Index<'a> {
    pub(crate) fn new(packages: &'a [PackageHeader]) -> Self {
        let mut index =
            Self { packages, names: BTreeMap::new(), packages_by_name: BTreeMap::new(), paths: BTreeMap::new() };
        for (at, package) in packages.iter().enumerate().filter(|(_, p)| !p.is_source()) {
            index.packages_by_name.entry(&package.nevra.name).or_default().push(at);
            for provide in &package.provides {
                index.names.entry(&provide.name).or_default().push((at, provide));
                if provide.is_file() {
                    index.paths.entry(merged_usr(&provide.name)).or_default().push(at);
                }
            }
            for file in &package.files {
                index.paths.entry(merged_usr(&file.path)).or_default().push(at);
            }
        }
        index
    }

    /// Returns the packages each of which satisfies `rich` alone; none for `and`, `if` and `unless`.
    pub(crate) fn candidates(&self, rich: &Rich) -> BTreeSet<usize> {
        match rich {
            Rich::Atom(dependency) => self.providers(dependency),
            Rich::Or(parts) => parts.iter().flat_map(|part| self.candidates(part)).collect(),
            Rich::With(parts) => {
                let mut sets = parts.iter().map(|part| self.candidates(part));
                let first = sets.next().unwrap_or_default();
                sets.fold(first, |all, set| &all & &set)
            }
            Rich::Without(wanted, unwanted) => &self.candidates(wanted) - &self.candidates(unwanted),
            Rich::And(_) | Rich::If { .. } | Rich::Unless { .. } => BTreeSet::new(),
        }
    }

    fn providers(&self, dependency: &Dependency) -> BTreeSet<usize> {
        let mut result = BTreeSet::new();
        for (at, provide) in self.names.get(dependency.name.as_str()).into_iter().flatten() {
            if dependency.satisfied_by(provide) {
                result.insert(*at);
            }
        }
        for &at in self.packages_by_name.get(dependency.name.as_str()).into_iter().flatten() {
            let nevra = &self.packages[at].nevra;
            if dependency.satisfied_by(&Dependency::versioned(&nevra.name, crate::Compare::Equal, nevra.evr.clone())) {
                result.insert(at);
            }
        }
        if dependency.is_file() {
            result.extend(self.paths.get(&merged_usr(&dependency.name)).into_iter().flatten());
        }
        result
    }
}

/// Returns the path with the links of a merged `/usr` followed.
fn merged_usr(path: &str) -> Cow<'_, str> {
    match ["/bin/", "/sbin/", "/lib/", "/lib64/"].iter().any(|prefix| path.starts_with(prefix)) {
        true => Cow::Owned(format!("/usr{path}")),
        false => Cow::Borrowed(path),
    }
}
