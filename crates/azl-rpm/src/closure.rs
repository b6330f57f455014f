//! Which packages are needed for some wants: the closure over `Requires`.
//!
//! A worklist, not a search: needs that one package alone can satisfy are settled first, then a choice
//! is made for the oldest open need and never taken back. This is what a distribution that is meant to
//! be installable wants to know; where only backtracking would find an answer, the packages are at fault.
//!
//! Not here: weak dependencies, `Obsoletes`, what is already installed, architectures (every package
//! given is a candidate, except source packages).
//!
//! **Invariant:** the result depends on the wants and the packages alone. Among several providers the
//! choice is: one already chosen, one named like the capability, the highest EVR, the first by name.

mod index;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use crate::{Dependency, PackageHeader, Rich};
use index::Index;

/// Why a dependency could not be satisfied.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// No package provides it.
    NoProvider,
    /// It is a conflict, and the package named here is needed too.
    Conflict(String),
    /// It uses an operator that is not handled, or does not parse.
    Unsupported,
}

/// A dependency nothing satisfies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unresolved {
    /// What is missing, or conflicts.
    pub dependency: Dependency,
    /// Who required whom: the want, then packages, the last of which has the dependency.
    pub chain: Vec<String>,
    /// What is wrong.
    pub reason: Reason,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Reason::NoProvider => write!(f, "nothing provides `{}`", self.dependency)?,
            Reason::Conflict(other) => write!(f, "`{other}` is needed and conflicts with `{}`", self.dependency)?,
            Reason::Unsupported => write!(f, "cannot evaluate `{}`", self.dependency)?,
        }
        write!(f, " (needed by: {})", self.chain.join(" -> "))
    }
}

/// Returns the indices of the needed packages, ascending.
///
/// `assumed` says which dependencies are satisfied from outside; those on features of rpm always are.
///
/// # Errors
/// Everything that could not be satisfied, and conflicts between needed packages.
pub fn closure(
    wants: &[Dependency],
    packages: &[PackageHeader],
    assumed: &dyn Fn(&Dependency) -> bool,
) -> Result<Vec<usize>, Vec<Unresolved>> {
    let mut solver = Solver::new(packages, assumed);
    for want in wants {
        solver.demand(want, Requirer::Want(want.to_string()));
    }
    solver.run();
    solver.find_conflicts();
    match solver.problems.is_empty() {
        true => Ok(solver.chosen.into_keys().collect()),
        false => Err(solver.problems.into_iter().collect()),
    }
}

/// Returns every requirement of every package that no package here could satisfy, each taken alone.
///
/// This is the question asked of a repository, whose packages need not all be installable together.
pub fn unprovided(packages: &[PackageHeader], assumed: &dyn Fn(&Dependency) -> bool) -> Vec<Unresolved> {
    let solver = Solver::new(packages, assumed);
    let mut problems = BTreeSet::new();
    for package in packages.iter().filter(|package| !package.is_source()) {
        for dependency in package.requires.iter().filter(|dependency| !solver.is_given(dependency)) {
            let reason = match Rich::parse(&dependency.to_string()) {
                Ok(rich) if solver.is_possible(&rich) => continue,
                Ok(_) => Reason::NoProvider,
                Err(_) => Reason::Unsupported,
            };
            let chain = vec![package.nevra.to_string()];
            problems.insert(Unresolved { dependency: dependency.clone(), chain, reason });
        }
    }
    problems.into_iter().collect()
}

/// Who has a need.
#[derive(Debug, Clone)]
enum Requirer {
    Want(String),
    Package(usize),
}

/// A dependency to satisfy, or a part of one.
#[derive(Debug, Clone)]
struct Need {
    /// What is left of it to satisfy.
    rich: Rich,
    /// As the package wrote it, for messages.
    written: Dependency,
    requirer: Requirer,
}

impl Need {
    fn part(&self, rich: Rich) -> Self {
        Self { rich, written: self.written.clone(), requirer: self.requirer.clone() }
    }
}

/// Whether a need with several answers is decided now or put off.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    Later,
    Now,
}

struct Solver<'a> {
    packages: &'a [PackageHeader],
    index: Index<'a>,
    assumed: &'a dyn Fn(&Dependency) -> bool,
    /// Chosen packages and who wanted them first.
    chosen: BTreeMap<usize, Requirer>,
    queue: VecDeque<Need>,
    /// Needs with several answers.
    open: VecDeque<Need>,
    /// `if` needs whose condition does not hold yet.
    conditional: Vec<Need>,
    problems: BTreeSet<Unresolved>,
}

impl<'a> Solver<'a> {
    fn new(packages: &'a [PackageHeader], assumed: &'a dyn Fn(&Dependency) -> bool) -> Self {
        Self {
            packages,
            index: Index::new(packages),
            assumed,
            chosen: BTreeMap::new(),
            queue: VecDeque::new(),
            open: VecDeque::new(),
            conditional: Vec::new(),
            problems: BTreeSet::new(),
        }
    }

    fn demand(&mut self, dependency: &Dependency, requirer: Requirer) {
        if self.is_given(dependency) {
            return;
        }
        let rich =
            if dependency.is_rich() { Rich::parse(&dependency.name) } else { Ok(Rich::Atom(dependency.clone())) };
        match rich {
            Ok(rich) => self.queue.push_back(Need { rich, written: dependency.clone(), requirer }),
            Err(_) => self.report(dependency.clone(), &requirer, Reason::Unsupported),
        }
    }

    fn is_given(&self, dependency: &Dependency) -> bool {
        dependency.is_rpmlib() || (self.assumed)(dependency)
    }

    fn run(&mut self) {
        loop {
            while let Some(need) = self.queue.pop_front() {
                self.step(need, Choice::Later);
            }
            self.fire_conditions();
            if !self.queue.is_empty() {
                continue;
            }
            if let Some(need) = self.open.pop_front() {
                self.step(need, Choice::Now);
                continue;
            }
            self.fire_alternatives();
            if self.queue.is_empty() {
                return;
            }
        }
    }

    /// Queues the demand of every `if` whose condition has come to hold.
    fn fire_conditions(&mut self) {
        for need in std::mem::take(&mut self.conditional) {
            match &need.rich {
                Rich::If { then, condition, .. } if self.holds(condition) => {
                    self.queue.push_back(need.part((**then).clone()))
                }
                _ => self.conditional.push(need),
            }
        }
    }

    /// Queues the `else` of every `if` whose condition does not hold when all else is settled.
    fn fire_alternatives(&mut self) {
        for need in std::mem::take(&mut self.conditional) {
            if let Rich::If { then, condition, otherwise } = &need.rich {
                if let Some(otherwise) = otherwise {
                    self.queue.push_back(need.part((**otherwise).clone()));
                }
                // The condition may still come to hold through what the alternative brings in.
                let rest = Rich::If { then: then.clone(), condition: condition.clone(), otherwise: None };
                self.conditional.push(need.part(rest));
            }
        }
    }

    fn step(&mut self, need: Need, choice: Choice) {
        if self.holds(&need.rich) && !matches!(need.rich, Rich::If { .. }) {
            return;
        }
        match &need.rich {
            Rich::Atom(_) | Rich::With(_) | Rich::Without(..) => self.step_package(need, choice),
            Rich::And(parts) => self.queue.extend(parts.iter().map(|part| need.part(part.clone()))),
            Rich::Or(parts) => self.step_or(&need, parts, choice),
            Rich::If { .. } => self.conditional.push(need),
            Rich::Unless { .. } => self.report(need.written, &need.requirer, Reason::Unsupported),
        }
    }

    fn step_package(&mut self, need: Need, choice: Choice) {
        let candidates = self.index.candidates(&need.rich);
        if candidates.len() > 1 && choice == Choice::Later {
            self.open.push_back(need);
            return;
        }
        match self.best(&need.rich, &candidates) {
            Some(best) => self.choose(best, need.requirer),
            None => self.report(need.written, &need.requirer, Reason::NoProvider),
        }
    }

    fn step_or(&mut self, need: &Need, parts: &[Rich], choice: Choice) {
        let mut possible = parts.iter().filter(|part| self.is_possible(part));
        match (possible.next(), possible.next()) {
            (None, _) => self.report(need.written.clone(), &need.requirer, Reason::NoProvider),
            (Some(_), Some(_)) if choice == Choice::Later => self.open.push_back(need.clone()),
            (Some(first), _) => {
                let need = need.part(first.clone());
                self.queue.push_back(need);
            }
        }
    }

    /// Chooses among candidates none of which is chosen yet.
    fn best(&self, rich: &Rich, candidates: &BTreeSet<usize>) -> Option<usize> {
        let wanted = match rich {
            Rich::Atom(dependency) => dependency.name.as_str(),
            _ => "",
        };
        let key = |&at: &usize| {
            let nevra = &self.packages[at].nevra;
            (nevra.name != wanted, std::cmp::Reverse(nevra.evr.clone()), nevra.name.clone(), nevra.arch.clone(), at)
        };
        candidates.iter().copied().min_by_key(key)
    }

    fn choose(&mut self, at: usize, requirer: Requirer) {
        if self.chosen.contains_key(&at) {
            return;
        }
        self.chosen.insert(at, requirer);
        for dependency in &self.packages[at].requires {
            self.demand(dependency, Requirer::Package(at));
        }
    }

    fn holds(&self, rich: &Rich) -> bool {
        match rich {
            Rich::Atom(dependency) => self.is_given(dependency) || self.is_chosen(rich),
            Rich::With(_) | Rich::Without(..) => self.is_chosen(rich),
            Rich::And(parts) => parts.iter().all(|part| self.holds(part)),
            Rich::Or(parts) => parts.iter().any(|part| self.holds(part)),
            Rich::If { then, condition, otherwise } => match self.holds(condition) {
                true => self.holds(then),
                false => otherwise.as_ref().is_none_or(|rich| self.holds(rich)),
            },
            Rich::Unless { then, condition, otherwise } => match self.holds(condition) {
                true => otherwise.as_ref().is_none_or(|rich| self.holds(rich)),
                false => self.holds(then),
            },
        }
    }

    fn is_chosen(&self, rich: &Rich) -> bool {
        self.index.candidates(rich).iter().any(|at| self.chosen.contains_key(at))
    }

    fn is_possible(&self, rich: &Rich) -> bool {
        match rich {
            Rich::Atom(dependency) => self.is_given(dependency) || !self.index.candidates(rich).is_empty(),
            Rich::With(_) | Rich::Without(..) => !self.index.candidates(rich).is_empty(),
            Rich::And(parts) => parts.iter().all(|part| self.is_possible(part)),
            Rich::Or(parts) => parts.iter().any(|part| self.is_possible(part)),
            Rich::If { .. } | Rich::Unless { .. } => true,
        }
    }

    fn find_conflicts(&mut self) {
        for at in self.chosen.keys().copied().collect::<Vec<_>>() {
            for conflict in &self.packages[at].conflicts {
                let Ok(rich) = Rich::parse(&conflict.to_string()) else {
                    self.report(conflict.clone(), &Requirer::Package(at), Reason::Unsupported);
                    continue;
                };
                for other in self.index.candidates(&rich) {
                    if other != at && self.chosen.contains_key(&other) {
                        let reason = Reason::Conflict(self.packages[other].nevra.to_string());
                        self.report(conflict.clone(), &Requirer::Package(at), reason);
                    }
                }
            }
        }
    }

    fn report(&mut self, dependency: Dependency, requirer: &Requirer, reason: Reason) {
        let mut chain = Vec::new();
        let mut requirer = requirer;
        loop {
            match requirer {
                Requirer::Want(text) => {
                    chain.push(text.clone());
                    break;
                }
                Requirer::Package(at) => {
                    chain.push(self.packages[*at].nevra.to_string());
                    requirer = &self.chosen[at];
                }
            }
        }
        chain.reverse();
        self.problems.insert(Unresolved { dependency, chain, reason });
    }
}

#[cfg(test)]
mod tests;
