//! A walk from the wants along the clauses, taking at each choice the best and nothing back.
//!
//! Within an answer of the search it finds what of it is needed: a package chosen for a need that another, chosen later
//! for another need, satisfies too is left out. Where there is no answer it shows why: it must end in what is missing or
//! clashes, and it knows who wanted what.
//!
//! Needs that one package alone can satisfy are settled first, then a choice is made for the oldest open need.
//!
//! **Invariant:** within an answer a walk meets no problem, and where there is none it meets at least one.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::question::{Cause, Clause, Question};
use super::{Reason, Unresolved};
use crate::Dependency;

/// Returns the packages of `answer` that are needed.
pub(super) fn needed(question: &Question<'_>, answer: &BTreeSet<usize>) -> BTreeSet<usize> {
    let preferred = |at: usize| answer.contains(&at);
    let mut walk = Walk::new(question, &preferred);
    walk.run();
    walk.chosen.into_keys().collect()
}

/// Returns what stands in the way, where no packages satisfy every want.
pub(super) fn problems(question: &Question<'_>) -> Vec<Unresolved> {
    let dead = dead_ends(question);
    let preferred = |at: usize| !dead.contains(&at);
    let mut walk = Walk::new(question, &preferred);
    walk.run();
    walk.problems.into_iter().collect()
}

/// Returns the packages some requirement of which nothing satisfies, however one chooses.
fn dead_ends(question: &Question<'_>) -> BTreeSet<usize> {
    let mut reached: BTreeMap<usize, _> = BTreeMap::new();
    let roots = question.roots().into_iter().flat_map(|(_, clauses)| clauses);
    let mut queue: Vec<usize> = roots.flat_map(|clause| clause.terms.any.to_vec()).collect();
    while let Some(at) = queue.pop() {
        if let Entry::Vacant(entry) = reached.entry(at) {
            let clauses = entry.insert(question.clauses(at));
            queue.extend(clauses.iter().flat_map(|clause| clause.terms.any.iter().copied()));
        }
    }
    let mut dead = BTreeSet::new();
    loop {
        let is_dead = |clause: &Clause<'_>| {
            clause.terms.when.is_empty() && clause.terms.any.iter().all(|other| dead.contains(other))
        };
        let alive = reached.iter().filter(|(at, _)| !dead.contains(*at));
        let new: Vec<usize> = alive.filter(|(_, clauses)| clauses.iter().any(is_dead)).map(|(at, _)| *at).collect();
        if new.is_empty() {
            return dead;
        }
        dead.extend(new);
    }
}

/// Who has a need.
#[derive(Debug, Clone, Copy)]
enum Requirer<'a> {
    Want(&'a Dependency),
    Package(usize),
}

/// A clause whose owner is chosen.
#[derive(Debug, Clone)]
struct Need<'a> {
    clause: Clause<'a>,
    requirer: Requirer<'a>,
}

struct Walk<'q, 'a> {
    question: &'q Question<'a>,
    /// Taken where there is a choice.
    preferred: &'q dyn Fn(usize) -> bool,
    /// Chosen packages and who wanted them first.
    chosen: BTreeMap<usize, Requirer<'a>>,
    queue: VecDeque<Need<'a>>,
    /// Needs with several answers.
    open: VecDeque<Need<'a>>,
    /// Needs whose condition does not hold yet.
    conditional: Vec<Need<'a>>,
    problems: BTreeSet<Unresolved>,
}

impl<'q, 'a> Walk<'q, 'a> {
    fn new(question: &'q Question<'a>, preferred: &'q dyn Fn(usize) -> bool) -> Self {
        let mut queue = VecDeque::new();
        for (want, clauses) in question.roots() {
            queue.extend(clauses.into_iter().map(|clause| Need { clause, requirer: Requirer::Want(want) }));
        }
        let (open, conditional) = (VecDeque::new(), Vec::new());
        Self { question, preferred, chosen: BTreeMap::new(), queue, open, conditional, problems: BTreeSet::new() }
    }

    fn run(&mut self) {
        loop {
            while let Some(need) = self.queue.pop_front() {
                self.step(need);
            }
            self.fire_conditions();
            if self.queue.is_empty() {
                let Some(need) = self.open.pop_front() else { return };
                self.decide(&need);
            }
        }
    }

    fn step(&mut self, need: Need<'a>) {
        if !need.clause.terms.when.is_empty() {
            self.conditional.push(need);
            return;
        }
        let any = &need.clause.terms.any;
        if any.iter().any(|at| self.chosen.contains_key(at)) {
            return;
        }
        let mut preferred = any.iter().filter(|at| (self.preferred)(**at));
        match (preferred.next(), preferred.next()) {
            (Some(_), Some(_)) => self.open.push_back(need),
            _ => self.decide(&need),
        }
    }

    /// Queues every need whose condition has come to hold.
    fn fire_conditions(&mut self) {
        for mut need in std::mem::take(&mut self.conditional) {
            let met = |group: &Vec<usize>| group.iter().find(|at| self.chosen.contains_key(at)).copied();
            match need.clause.terms.when.iter().map(met).collect::<Option<Vec<usize>>>() {
                None => self.conditional.push(need),
                Some(met) if need.clause.terms.any.is_empty() => self.report(&need, met.first().copied()),
                Some(_) => {
                    need.clause.terms.when.clear();
                    self.queue.push_back(need);
                }
            }
        }
    }

    fn decide(&mut self, need: &Need<'a>) {
        let any = &need.clause.terms.any;
        if any.iter().any(|at| self.chosen.contains_key(at)) {
            return;
        }
        match any.iter().find(|at| (self.preferred)(**at)).or(any.first()) {
            Some(&best) => self.choose(best, need.requirer),
            None => self.report(need, None),
        }
    }

    fn choose(&mut self, at: usize, requirer: Requirer<'a>) {
        self.chosen.insert(at, requirer);
        let clauses = self.question.clauses(at);
        let needs = clauses.iter().map(|clause| Need { clause: clause.clone(), requirer: Requirer::Package(at) });
        self.queue.extend(needs);
    }

    /// Reports a need that cannot be met, because of `other` if that is chosen.
    fn report(&mut self, need: &Need<'a>, other: Option<usize>) {
        let with = other.map_or_else(Vec::new, |other| self.chain(Requirer::Package(other)));
        let (dependency, reason) = match need.clause.cause {
            Cause::Unreadable(dependency) => (dependency.clone(), Reason::Unsupported),
            Cause::Obsoletes(dependency) => (dependency.clone(), Reason::Obsoletes { with }),
            Cause::SameName => (Dependency::any(self.name(need.requirer)), Reason::SameName { with }),
            Cause::Requires(dependency) if other.is_none() => {
                (dependency.clone(), Reason::NoProvider { near: self.question.near(dependency) })
            }
            Cause::Requires(dependency) | Cause::Conflicts(dependency) => {
                (dependency.clone(), Reason::Conflict { with })
            }
        };
        self.problems.insert(Unresolved { dependency, chain: self.chain(need.requirer), reason });
    }

    fn name(&self, requirer: Requirer<'a>) -> &'a str {
        match requirer {
            Requirer::Want(want) => &want.name,
            Requirer::Package(at) => &self.question.universe.nevra(at).name,
        }
    }

    fn chain(&self, mut requirer: Requirer<'a>) -> Vec<String> {
        let mut chain = Vec::new();
        loop {
            match requirer {
                Requirer::Want(want) => {
                    chain.push(want.to_string());
                    chain.reverse();
                    return chain;
                }
                Requirer::Package(at) => {
                    chain.push(self.question.universe.nevra(at).to_string());
                    requirer = self.chosen[&at];
                }
            }
        }
    }
}
