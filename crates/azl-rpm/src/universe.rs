//! Many packages, indexed once by what they provide, and asked again and again.
//!
//! Not here: choosing among them (`closure`); the packages themselves, of which only what a choice needs is kept.
//!
//! **Invariant:** the order of two candidates depends on the packages and what was asked for, never on when they were
//! added. The tables are hashed, and nothing walks through one.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;

use azl_digest::Digest;

use crate::{Compare, Dependency, Nevra, PackageHeader};

/// Packages to choose from. Source packages are kept and provide nothing.
#[derive(Debug, Default)]
pub struct Universe {
    packages: Vec<Package>,
    capabilities: HashMap<String, Vec<Offer>>,
    named: HashMap<String, Vec<usize>>,
    paths: HashMap<String, Vec<usize>>,
}

/// What a choice needs to know of a package.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) nevra: Nevra,
    pub(crate) requires: Vec<Dependency>,
    pub(crate) conflicts: Vec<Dependency>,
    pub(crate) obsoletes: Vec<Dependency>,
    pub(crate) is_source: bool,
    digest: Digest,
}

/// One capability of one package.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) package: usize,
    pub(crate) provide: Dependency,
}

impl Universe {
    /// Adds a package and returns its index, which is the number of packages added before.
    ///
    /// `digest` names the package's file; it settles the order of packages that are alike in all else.
    pub fn add(&mut self, header: &PackageHeader, digest: Digest) -> usize {
        let at = self.packages.len();
        if !header.is_source() {
            self.offer(at, header);
        }
        self.packages.push(Package {
            nevra: header.nevra.clone(),
            requires: header.requires.clone(),
            conflicts: header.conflicts.clone(),
            obsoletes: header.obsoletes.clone(),
            is_source: header.is_source(),
            digest,
        });
        at
    }

    fn offer(&mut self, at: usize, header: &PackageHeader) {
        let name = &header.nevra.name;
        self.named.entry(name.clone()).or_default().push(at);
        let own = Dependency::versioned(name, Compare::Equal, header.nevra.evr.clone());
        for provide in header.provides.iter().filter(|provide| **provide != own).chain([&own]) {
            let offer = Offer { package: at, provide: provide.clone() };
            self.capabilities.entry(provide.name.clone()).or_default().push(offer);
        }
        let files = header.files.iter().map(|file| file.path.as_str());
        let provided = header.provides.iter().filter(|provide| provide.is_file()).map(|provide| provide.name.as_str());
        for path in files.chain(provided) {
            self.paths.entry(merged_usr(path).into_owned()).or_default().push(at);
        }
    }

    /// Returns the number of packages.
    pub fn len(&self) -> usize {
        self.packages.len()
    }

    /// Returns whether there is no package.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
    }

    /// Returns the identity of a package.
    ///
    /// # Panics
    /// If `at` was not returned by [`Universe::add`].
    pub fn nevra(&self, at: usize) -> &Nevra {
        &self.packages[at].nevra
    }

    pub(crate) fn package(&self, at: usize) -> &Package {
        &self.packages[at]
    }

    pub(crate) fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// Returns every package that provides `wanted`, the best first.
    pub(crate) fn providers(&self, wanted: &Dependency) -> Vec<usize> {
        let offers = self.offers(&wanted.name).iter().filter(|offer| wanted.satisfied_by(&offer.provide));
        let mut found: Vec<usize> = offers.map(|offer| offer.package).collect();
        if wanted.is_file() {
            found.extend(self.paths.get(merged_usr(&wanted.name).as_ref()).into_iter().flatten());
        }
        self.sort(&mut found, &wanted.name);
        found
    }

    /// Returns what is provided under a name, in any version.
    pub(crate) fn offers(&self, name: &str) -> &[Offer] {
        self.capabilities.get(name).map_or(&[], Vec::as_slice)
    }

    /// Returns the packages of a name.
    pub(crate) fn named(&self, name: &str) -> &[usize] {
        self.named.get(name).map_or(&[], Vec::as_slice)
    }

    /// Sorts the best first and drops repetitions: named like `wanted`, the highest EVR, the first by name.
    pub(crate) fn sort(&self, packages: &mut Vec<usize>, wanted: &str) {
        packages.sort_by(|&left, &right| self.prefer(left, right, wanted));
        packages.dedup();
    }

    /// Sorts by identity.
    pub(crate) fn sort_by_name(&self, packages: &mut [usize]) {
        let key = |at: usize| (&self.packages[at].nevra, self.packages[at].digest);
        packages.sort_by(|&left, &right| key(left).cmp(&key(right)));
    }

    fn prefer(&self, left: usize, right: usize, wanted: &str) -> Ordering {
        let (left, right) = (&self.packages[left], &self.packages[right]);
        (left.nevra.name != wanted)
            .cmp(&(right.nevra.name != wanted))
            .then_with(|| right.nevra.evr.cmp(&left.nevra.evr))
            .then_with(|| left.nevra.name.cmp(&right.nevra.name))
            .then_with(|| left.nevra.arch.cmp(&right.nevra.arch))
            .then_with(|| left.digest.cmp(&right.digest))
    }
}

/// Returns the path with the links of a merged `/usr` followed.
fn merged_usr(path: &str) -> Cow<'_, str> {
    match ["/bin/", "/sbin/", "/lib/", "/lib64/"].iter().any(|prefix| path.starts_with(prefix)) {
        true => Cow::Owned(format!("/usr{path}")),
        false => Cow::Borrowed(path),
    }
}
