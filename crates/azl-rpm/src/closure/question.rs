//! One question asked of a universe, and what it makes of each package: clauses over candidates.
//!
//! Not here: an answer.
//!
//! **Invariant:** what a package makes of itself depends on the candidates alone, in an order that is theirs; packages
//! that are no candidates are never named in a clause.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::formula::{self, Atom, Sense, Terms};
use crate::{Compare, Dependency, Nevra, Rich, Universe};

/// What is asked.
pub(super) struct Question<'a> {
    pub(super) universe: &'a Universe,
    /// The wanted capabilities, sorted.
    wants: Vec<&'a Dependency>,
    among: &'a dyn Fn(usize) -> bool,
    assumed: &'a dyn Fn(&Dependency) -> bool,
    clauses: RefCell<HashMap<usize, Rc<[Clause<'a>]>>>,
    /// Candidates that provide a capability: most packages ask for the same ones.
    providers: RefCell<HashMap<&'a Dependency, Rc<[usize]>>>,
}

/// Something that must hold when its owner is chosen.
#[derive(Debug, Clone)]
pub(super) struct Clause<'a> {
    pub(super) terms: Terms,
    pub(super) cause: Cause<'a>,
}

/// Where a clause comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cause<'a> {
    Requires(&'a Dependency),
    Conflicts(&'a Dependency),
    Obsoletes(&'a Dependency),
    /// Two packages of one name are not installed together.
    SameName,
    /// It cannot be evaluated.
    Unreadable(&'a Dependency),
}

impl<'a> Question<'a> {
    pub(super) fn new(
        universe: &'a Universe,
        wants: &'a [Dependency],
        among: &'a dyn Fn(usize) -> bool,
        assumed: &'a dyn Fn(&Dependency) -> bool,
    ) -> Self {
        let mut wants: Vec<&Dependency> = wants.iter().collect();
        wants.sort();
        wants.dedup();
        let (clauses, providers) = (RefCell::default(), RefCell::default());
        Self { universe, wants, among, assumed, clauses, providers }
    }

    /// Returns what is wanted, each with its clauses.
    pub(super) fn roots(&self) -> Vec<(&'a Dependency, Vec<Clause<'a>>)> {
        self.wants.iter().map(|want| (*want, self.requirement(want, None))).collect()
    }

    /// Returns what must hold when a package is chosen.
    pub(super) fn clauses(&self, at: usize) -> Rc<[Clause<'a>]> {
        if let Some(known) = self.clauses.borrow().get(&at) {
            return Rc::clone(known);
        }
        let package = self.universe.package(at);
        let mut all: Vec<Clause<'a>> = Vec::new();
        // Many requirements have the same providers: each symbol version of a library is one.
        let mut seen = HashSet::new();
        for clause in package.requires.iter().flat_map(|dependency| self.requirement(dependency, Some(at))) {
            let Terms { when, any } = &clause.terms;
            if !when.is_empty() || any.is_empty() || seen.insert(Rc::clone(any)) {
                all.push(clause);
            }
        }
        for dependency in &package.conflicts {
            all.extend(self.conflict(at, dependency));
        }
        all.extend(package.obsoletes.iter().filter_map(|dependency| self.obsoleted(at, dependency)));
        all.extend(excluded(self.others_named(at), Cause::SameName));
        let all: Rc<[Clause<'a>]> = all.into();
        self.clauses.borrow_mut().insert(at, Rc::clone(&all));
        all
    }

    fn requirement(&self, dependency: &'a Dependency, owner: Option<usize>) -> Vec<Clause<'a>> {
        if self.is_given(dependency) {
            return Vec::new();
        }
        let cause = Cause::Requires(dependency);
        if dependency.is_rich() {
            return self.expression(dependency, Sense::Holds, owner, cause);
        }
        let any = self.candidates(dependency);
        if owner.is_some_and(|owner| any.contains(&owner)) {
            return Vec::new();
        }
        vec![Clause { terms: Terms { when: Vec::new(), any }, cause }]
    }

    /// Returns whether a dependency is satisfied from outside.
    pub(super) fn is_given(&self, dependency: &Dependency) -> bool {
        dependency.is_rpmlib() || (self.assumed)(dependency)
    }

    fn candidates(&self, dependency: &'a Dependency) -> Rc<[usize]> {
        if let Some(known) = self.providers.borrow().get(dependency) {
            return Rc::clone(known);
        }
        let found: Rc<[usize]> = self.filtered(dependency).into();
        self.providers.borrow_mut().insert(dependency, Rc::clone(&found));
        found
    }

    fn filtered(&self, dependency: &Dependency) -> Vec<usize> {
        let mut found = self.universe.providers(dependency);
        found.retain(|&at| (self.among)(at));
        found
    }

    fn conflict(&self, at: usize, dependency: &'a Dependency) -> Vec<Clause<'a>> {
        let cause = Cause::Conflicts(dependency);
        if dependency.is_rich() {
            return self.expression(dependency, Sense::Fails, Some(at), cause);
        }
        let mut others = self.filtered(dependency);
        others.retain(|&other| other != at);
        excluded(others, cause).into_iter().collect()
    }

    fn expression(
        &self,
        dependency: &'a Dependency,
        sense: Sense,
        owner: Option<usize>,
        cause: Cause<'a>,
    ) -> Vec<Clause<'a>> {
        // Nothing conflicts with itself.
        let atom = |rich: &Rich| match self.atom(rich)? {
            Atom::Packages(mut packages) if sense == Sense::Fails => {
                packages.retain(|&at| Some(at) != owner);
                Some(Atom::Packages(packages))
            }
            atom => Some(atom),
        };
        let terms = Rich::parse(&dependency.to_string()).ok().and_then(|rich| formula::clauses(&rich, sense, &atom));
        match terms {
            Some(terms) => {
                let open = terms.into_iter().filter_map(|terms| settle(terms, owner));
                open.map(|terms| Clause { terms, cause }).collect()
            }
            None => vec![Clause { terms: Terms::default(), cause: Cause::Unreadable(dependency) }],
        }
    }

    /// Returns what satisfies an expression alone; `None` for `and`, `if` and `unless` inside `with` or `without`.
    pub(super) fn atom(&self, rich: &Rich) -> Option<Atom> {
        match rich {
            Rich::Atom(dependency) if self.is_given(dependency) => Some(Atom::Given),
            Rich::Atom(dependency) => Some(Atom::Packages(self.filtered(dependency))),
            _ => self.set(rich).map(Atom::Packages),
        }
    }

    fn set(&self, rich: &Rich) -> Option<Vec<usize>> {
        let mut found = match rich {
            Rich::Atom(dependency) => self.filtered(dependency),
            Rich::Or(parts) => parts.iter().map(|part| self.set(part)).collect::<Option<Vec<_>>>()?.concat(),
            Rich::With(parts) => {
                let sets = parts.iter().map(|part| self.set(part)).collect::<Option<Vec<_>>>()?;
                let (first, rest) = sets.split_first()?;
                first.iter().copied().filter(|at| rest.iter().all(|set| set.contains(at))).collect()
            }
            Rich::Without(wanted, unwanted) => {
                let unwanted = self.set(unwanted)?;
                self.set(wanted)?.into_iter().filter(|at| !unwanted.contains(at)).collect()
            }
            Rich::And(_) | Rich::If { .. } | Rich::Unless { .. } => return None,
        };
        self.universe.sort(&mut found, "");
        Some(found)
    }

    /// `Obsoletes` names packages, never what they provide.
    fn obsoleted(&self, at: usize, dependency: &'a Dependency) -> Option<Clause<'a>> {
        let is_meant = |nevra: &Nevra| {
            dependency.satisfied_by(&Dependency::versioned(&nevra.name, Compare::Equal, nevra.evr.clone()))
        };
        let mut gone = self.universe.named(&dependency.name).to_vec();
        gone.retain(|&other| other != at && (self.among)(other) && is_meant(self.universe.nevra(other)));
        self.universe.sort(&mut gone, "");
        excluded(gone, Cause::Obsoletes(dependency))
    }

    fn others_named(&self, at: usize) -> Vec<usize> {
        let mut others = self.universe.named(&self.universe.nevra(at).name).to_vec();
        others.retain(|&other| other != at && (self.among)(other));
        self.universe.sort(&mut others, "");
        others
    }

    /// Returns what comes close to a capability that no candidate provides.
    pub(super) fn near(&self, dependency: &Dependency) -> Vec<String> {
        let mut offers: Vec<(bool, String)> = Vec::new();
        for offer in self.universe.offers(&dependency.name) {
            let nevra = self.universe.nevra(offer.package);
            match ((self.among)(offer.package), dependency.satisfied_by(&offer.provide)) {
                (true, _) => offers.push((false, format!("`{nevra}` provides `{}`", offer.provide))),
                (false, true) => offers.push((true, format!("`{nevra}` does and may not be chosen"))),
                (false, false) => {}
            }
        }
        offers.sort();
        offers.dedup();
        offers.into_iter().map(|(_, text)| text).take(3).collect()
    }
}

/// Returns the clause that none of these packages is chosen too.
fn excluded(packages: Vec<usize>, cause: Cause<'_>) -> Option<Clause<'_>> {
    let terms = Terms { when: vec![packages], any: Rc::default() };
    (!terms.when[0].is_empty()).then_some(Clause { terms, cause })
}

/// Returns what is left of a clause when its owner is chosen; `None` if it then holds.
fn settle(mut terms: Terms, owner: Option<usize>) -> Option<Terms> {
    let Some(owner) = owner else { return Some(terms) };
    terms.when.retain(|group| !group.contains(&owner));
    (!terms.any.contains(&owner)).then_some(terms)
}
