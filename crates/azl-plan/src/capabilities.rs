//! Capabilities and who gives them: what specs say of their packages before these are built.
//!
//! Not here: what rpm finds in built files (sonames, `pkgconfig(…)`), unless a spec provides it by name.
//!
//! **Invariant:** providers come in one order for equal facts: a package of the name asked for, then the highest version,
//! then the first by name. For a file, how surely a package holds it counts first.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use azl_rpm::{Dependency, Rich};

use crate::facts::{PackageFacts, SpecFacts};
use crate::files::FileIndex;

/// A package of a build.
pub(crate) struct Package<'a> {
    /// Number of the build.
    pub(crate) build: usize,
    /// What its spec says of it.
    pub(crate) facts: &'a PackageFacts,
    /// What it requires when it is installed; what is no dependency is left to the closure of real packages.
    pub(crate) requires: Vec<Rich>,
}

/// The packages of all builds, by what they give.
pub(crate) struct Index<'a> {
    pub(crate) packages: Vec<Package<'a>>,
    names: HashMap<&'a str, Vec<(usize, &'a Dependency)>>,
    files: FileIndex<'a>,
}

impl<'a> Index<'a> {
    /// Indexes builds; each is known by its place.
    pub(crate) fn new(builds: impl Iterator<Item = &'a SpecFacts>) -> Self {
        let mut index = Self { packages: Vec::new(), names: HashMap::new(), files: FileIndex::default() };
        for (build, facts) in builds.enumerate() {
            for package in &facts.packages {
                index.add(build, package);
            }
        }
        index
    }

    fn add(&mut self, build: usize, facts: &'a PackageFacts) {
        let at = self.packages.len();
        for provide in &facts.provides {
            self.names.entry(&provide.name).or_default().push((at, provide));
        }
        self.files.add(at, &facts.files);
        let requires = facts.requires.iter().filter_map(|text| Rich::parse(text).ok()).collect();
        self.packages.push(Package { build, facts, requires });
    }

    /// Returns the packages that satisfy a dependency which one package alone can satisfy, best first.
    pub(crate) fn providers(&self, rich: &Rich) -> Vec<usize> {
        match rich {
            Rich::Atom(wanted) => self.atom(wanted),
            Rich::With(parts) => {
                let Some((first, rest)) = parts.split_first() else { return Vec::new() };
                let rest: Vec<Vec<usize>> = rest.iter().map(|part| self.providers(part)).collect();
                let mut all = self.providers(first);
                all.retain(|package| rest.iter().all(|part| part.contains(package)));
                all
            }
            Rich::Without(wanted, unwanted) => {
                let unwanted = self.providers(unwanted);
                let mut all = self.providers(wanted);
                all.retain(|package| !unwanted.contains(package));
                all
            }
            Rich::And(_) | Rich::Or(_) | Rich::If { .. } | Rich::Unless { .. } => Vec::new(),
        }
    }

    fn atom(&self, wanted: &Dependency) -> Vec<usize> {
        let named = self.names.get(wanted.name.as_str()).into_iter().flatten();
        let mut found: Vec<usize> =
            named.filter(|(_, provide)| wanted.satisfied_by(provide)).map(|(package, _)| *package).collect();
        if found.is_empty() && wanted.is_file() {
            let holders = self.files.holders(&wanted.name);
            let surest = holders.first().map(|(certainty, _)| *certainty);
            found = holders.into_iter().filter(|(certainty, _)| Some(*certainty) == surest).map(|(_, at)| at).collect();
        }
        if found.len() > 1 {
            found.sort_by_cached_key(|&at| {
                let nevra = &self.packages[at].facts.nevra;
                (nevra.name != wanted.name, Reverse(nevra.evr.clone()), nevra.name.clone(), at)
            });
            found.dedup();
        }
        found
    }

    /// Returns the providers of the name alone, each with what it provides: what a version range just missed.
    pub(crate) fn near(&self, wanted: &Dependency) -> Vec<(usize, &'a Dependency)> {
        self.names.get(wanted.name.as_str()).cloned().unwrap_or_default()
    }

    /// Returns the packages that give the name of a capability in any version.
    pub(crate) fn named(&self, name: &str) -> Vec<usize> {
        self.atom(&Dependency::any(name))
    }
}

/// Capabilities that are there already, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given<'a>(HashSet<&'a str>);

impl<'a> Given<'a> {
    pub(crate) fn new(names: impl Iterator<Item = &'a str>) -> Self {
        Self(names.collect())
    }

    /// Returns whether a capability is given: it has a given name, or one followed by `(`.
    pub(crate) fn covers(&self, wanted: &Dependency) -> bool {
        let name = wanted.name.as_str();
        wanted.is_rpmlib()
            || self.0.contains(name)
            || name.match_indices('(').any(|(at, _)| self.0.contains(&name[..at]))
    }

    /// Returns whether a dependency holds with what is given alone.
    pub(crate) fn satisfies(&self, rich: &Rich) -> bool {
        match rich {
            Rich::Atom(wanted) => self.covers(wanted),
            Rich::And(parts) | Rich::With(parts) => parts.iter().all(|part| self.satisfies(part)),
            Rich::Or(parts) => parts.iter().any(|part| self.satisfies(part)),
            Rich::Without(wanted, _) => self.satisfies(wanted),
            Rich::If { then, otherwise, .. } | Rich::Unless { then, otherwise, .. } => {
                self.satisfies(then) && otherwise.as_ref().is_none_or(|otherwise| self.satisfies(otherwise))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toy::spec;

    fn chosen(specs: &[SpecFacts], wanted: &str) -> Vec<String> {
        let index = Index::new(specs.iter());
        let providers = index.providers(&Rich::parse(wanted).expect("a dependency"));
        providers.into_iter().map(|at| index.packages[at].facts.nevra.name.clone()).collect()
    }

    #[test]
    fn name_then_version_then_order_of_names_choose_the_provider() {
        let specs = [
            spec("b").package("b 1-1", &["cap"]),
            spec("a").package("a 1-1", &["cap"]),
            spec("new").package("new 2-1", &["cap"]),
            spec("cap").package("cap 0-1", &[]),
        ]
        .map(|toy| toy.facts());
        assert_eq!(chosen(&specs, "cap"), ["cap", "new", "a", "b"]);
    }

    #[test]
    fn a_version_that_is_stated_must_fit() {
        let specs = [spec("a").package("a-devel 1.9-1", &["bare"])].map(|toy| toy.facts());
        assert!(chosen(&specs, "a-devel >= 2").is_empty());
        assert_eq!(chosen(&specs, "a-devel >= 1.5"), ["a-devel"]);
        assert_eq!(chosen(&specs, "bare >= 9"), ["a-devel"]);
    }

    #[test]
    fn a_file_is_of_the_package_that_lists_it() {
        let specs = [
            spec("a").package("a 1-1", &[]).files("/usr/bin/*"),
            spec("foo").package("foo 1-1", &[]).files("/usr/bin/foo"),
        ]
        .map(|toy| toy.facts());
        assert_eq!(chosen(&specs, "/usr/bin/foo"), ["foo"]);
        assert_eq!(chosen(&specs, "/usr/bin/bar"), ["a"]);
    }

    #[test]
    fn with_and_without_ask_one_package() {
        let specs =
            [spec("a").package("a 1-1", &["x", "y"]), spec("b").package("b 2-1", &["x"])].map(|toy| toy.facts());
        assert_eq!(chosen(&specs, "(x with y)"), ["a"]);
        assert_eq!(chosen(&specs, "(x without y)"), ["b"]);
    }

    #[test]
    fn given_names_cover_what_follows_in_parentheses() {
        let given = Given::new(["perl", "libc.so.6"].into_iter());
        let holds = |text: &str| given.satisfies(&Rich::parse(text).expect("a dependency"));
        assert!(holds("perl(Foo::Bar)") && holds("libc.so.6(X)(64bit)") && holds("(nothing or perl >= 5)"));
        assert!(!holds("perl-libs") && !holds("(perl and nothing)"));
    }
}
