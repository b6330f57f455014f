//! The search: a question in the words of the `resolvo` crate, and its answer.
//!
//! resolvo knows packages with versions. Here each package is a name of its own with one version, and a capability is a
//! union of packages, best first; two versions of one package exclude each other like any conflict.
//!
//! A clause with a condition is told only after an answer broke it, so that no condition that never comes to hold bends
//! a choice. It is told with packages of our own, each of which stands for "none of these is chosen": resolvo 0.12.2
//! has conditions itself, and overlooks one that comes to hold together with what makes its demand impossible.
//!
//! Not here: why there is no answer. resolvo could say, in its own words; `walk` says it in ours.
//!
//! **Invariant:** ids are given in the order in which the search meets what they stand for, or are a package's index,
//! which nothing is sorted by; so the answer does not depend on when packages were added.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;
use std::rc::Rc;

use resolvo::{
    Candidates, Condition, ConditionId, Dependencies, DependencyProvider, Interner, KnownDependencies, NameId, Problem,
    Requirement, SolvableId, Solver, SolverCache, StringId, VersionSetId, VersionSetUnionId,
};

use super::formula::Terms;
use super::question::{Clause, Question};

/// A clause by its owner, none for a want, and its place among the owner's clauses.
type Place = (Option<usize>, usize);

/// Returns packages that satisfy every want and each other; `None` if there are no such packages.
pub(super) fn search(question: &Question<'_>) -> Option<BTreeSet<usize>> {
    let wants: Vec<Clause<'_>> = question.roots().into_iter().flat_map(|(_, clauses)| clauses).collect();
    let mut told = BTreeSet::new();
    loop {
        let provider = Provider { question, told: &told, unions: RefCell::default(), absent: RefCell::default() };
        let KnownDependencies { requirements, constrains } = provider.dependencies(None, &wants);
        let mut solver = Solver::new(provider);
        let chosen = solver.solve(Problem::new().requirements(requirements).constraints(constrains)).ok()?;
        let indices = chosen.into_iter().map(|solvable| solvable.into_raw() as usize);
        let answer: BTreeSet<usize> = indices.filter(|at| *at < question.universe.len()).collect();
        let broken = broken(question, &wants, &answer);
        let before = told.len();
        told.extend(broken);
        if told.len() == before {
            return Some(answer);
        }
    }
}

/// Returns the clauses with a condition that an answer does not satisfy.
fn broken(question: &Question<'_>, wants: &[Clause<'_>], answer: &BTreeSet<usize>) -> BTreeSet<Place> {
    let is_met = |group: &[usize]| group.iter().any(|at| answer.contains(at));
    let is_broken = |Clause { terms, .. }: &Clause<'_>| {
        !terms.when.is_empty() && terms.when.iter().all(|group| is_met(group)) && !is_met(&terms.any)
    };
    let mut broken = BTreeSet::new();
    let mut look = |owner: Option<usize>, clauses: &[Clause<'_>]| {
        let places = clauses.iter().enumerate().filter(|(_, clause)| is_broken(clause));
        broken.extend(places.map(|(place, _)| (owner, place)));
    };
    look(None, wants);
    for &at in answer {
        look(Some(at), &question.clauses(at));
    }
    broken
}

struct Provider<'q, 'a> {
    question: &'q Question<'a>,
    /// Clauses with a condition that are told.
    told: &'q BTreeSet<Place>,
    unions: RefCell<Interned>,
    /// Groups for each of which a package of our own says that none of it is chosen.
    absent: RefCell<Interned>,
}

/// Lists of packages by number.
#[derive(Default)]
struct Interned {
    lists: Vec<Rc<[usize]>>,
    numbers: HashMap<Rc<[usize]>, usize>,
}

impl Interned {
    fn number(&mut self, list: Rc<[usize]>) -> usize {
        let next = self.lists.len();
        let number = *self.numbers.entry(Rc::clone(&list)).or_insert(next);
        if number == next {
            self.lists.push(list);
        }
        number
    }
}

/// What a version set of one package says of it.
#[derive(Clone, Copy)]
enum Side {
    Chosen,
    Absent,
}

impl Side {
    fn set(self, package: usize) -> VersionSetId {
        VersionSetId(index(package) * 2 + u32::from(matches!(self, Self::Absent)))
    }

    fn of(set: VersionSetId) -> Self {
        if set.0.is_multiple_of(2) { Self::Chosen } else { Self::Absent }
    }
}

fn index(package: usize) -> u32 {
    u32::try_from(package).expect("as many packages as that fit in no memory")
}

impl Provider<'_, '_> {
    /// A package of our own that can never be chosen: what is required where nothing would do.
    fn nothing(&self) -> usize {
        self.question.universe.len()
    }

    /// Returns the package of our own that is chosen only where none of the group is.
    fn absent(&self, group: &[usize]) -> usize {
        self.nothing() + 1 + self.absent.borrow_mut().number(group.into())
    }

    fn dependencies(&self, owner: Option<usize>, clauses: &[Clause<'_>]) -> KnownDependencies {
        let mut known = KnownDependencies::default();
        for (place, Clause { terms, .. }) in clauses.iter().enumerate() {
            match (terms.when.as_slice(), &*terms.any) {
                ([excluded], []) => known.constrains.extend(excluded.iter().map(|&at| Side::Absent.set(at))),
                ([], _) => known.requirements.push(self.requirement(terms).into()),
                _ if self.told.contains(&(owner, place)) => known.requirements.push(self.requirement(terms).into()),
                _ => {}
            }
        }
        known
    }

    fn requirement(&self, terms: &Terms) -> Requirement {
        let absent = terms.when.iter().map(|group| self.absent(group));
        let any = match terms.when.is_empty() {
            true => Rc::clone(&terms.any),
            false => terms.any.iter().copied().chain(absent).collect(),
        };
        match &*any {
            [] => Requirement::Single(Side::Chosen.set(self.nothing())),
            [one] => Requirement::Single(Side::Chosen.set(*one)),
            _ => Requirement::Union(VersionSetUnionId(index(self.unions.borrow_mut().number(any)))),
        }
    }
}

impl Interner for Provider<'_, '_> {
    type NameId = NameId;
    type SolvableId = SolvableId;

    fn display_solvable(&self, solvable: SolvableId) -> impl Display + '_ {
        solvable.into_raw()
    }

    fn display_name(&self, name: NameId) -> impl Display + '_ {
        name.into_raw()
    }

    fn display_version_set(&self, version_set: VersionSetId) -> impl Display + '_ {
        version_set.0
    }

    fn display_string(&self, string: StringId) -> impl Display + '_ {
        string.0
    }

    fn version_set_name(&self, version_set: VersionSetId) -> NameId {
        NameId::from_raw(version_set.0 / 2)
    }

    fn solvable_name(&self, solvable: SolvableId) -> NameId {
        NameId::from_raw(solvable.into_raw())
    }

    fn version_sets_in_union(&self, union: VersionSetUnionId) -> impl Iterator<Item = VersionSetId> {
        let members = Rc::clone(&self.unions.borrow().lists[union.0 as usize]);
        (0..members.len()).map(move |at| Side::Chosen.set(members[at]))
    }

    fn resolve_condition(&self, _: ConditionId) -> Condition {
        unreachable!("the search is told of no condition")
    }
}

impl DependencyProvider for Provider<'_, '_> {
    async fn filter_candidates(&self, candidates: &[SolvableId], set: VersionSetId, inverse: bool) -> Vec<SolvableId> {
        match (Side::of(set), inverse) {
            (Side::Chosen, false) | (Side::Absent, true) => candidates.to_vec(),
            (Side::Chosen, true) | (Side::Absent, false) => Vec::new(),
        }
    }

    async fn get_candidates(&self, name: NameId) -> Option<Candidates> {
        Some(Candidates { candidates: vec![SolvableId::from_raw(name.into_raw())], ..Candidates::default() })
    }

    async fn sort_candidates(&self, _: &SolverCache<Self>, _: &mut [SolvableId]) {}

    async fn get_dependencies(&self, solvable: SolvableId) -> Dependencies {
        let at = solvable.into_raw() as usize;
        match at.checked_sub(self.nothing()) {
            None => Dependencies::Known(self.dependencies(Some(at), &self.question.clauses(at))),
            Some(0) => Dependencies::Unknown(StringId(0)),
            Some(own) => {
                let group = Rc::clone(&self.absent.borrow().lists[own - 1]);
                let constrains = group.iter().map(|&at| Side::Absent.set(at)).collect();
                Dependencies::Known(KnownDependencies { constrains, ..KnownDependencies::default() })
            }
        }
    }
}
