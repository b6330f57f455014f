//! The search: a question in the words of the `resolvo` crate, and its answer.
//!
//! resolvo knows packages with versions. Here each package is a name of its own with one version: a capability is a
//! union of packages, best first; a condition then means exactly "this package is chosen" (of a name with several
//! versions, resolvo would also count the others as a way out); two versions of one package exclude each other like any
//! conflict.
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
    Candidates, Condition, ConditionId, ConditionalRequirement, Dependencies, DependencyProvider, Interner,
    KnownDependencies, LogicalOperator, NameId, Problem, Requirement, SolvableId, Solver, SolverCache, StringId,
    VersionSetId, VersionSetUnionId,
};

use super::formula::Terms;
use super::question::{Clause, Question};

/// Returns packages that satisfy every want and each other; `None` if there are no such packages.
pub(super) fn search(question: &Question<'_>) -> Option<BTreeSet<usize>> {
    let provider = Provider { question, unions: RefCell::default(), conditions: RefCell::default() };
    let clauses: Vec<Clause<'_>> = question.roots().into_iter().flat_map(|(_, clauses)| clauses).collect();
    let KnownDependencies { requirements, constrains } = provider.dependencies(&clauses);
    let mut solver = Solver::new(provider);
    let chosen = solver.solve(Problem::new().requirements(requirements).constraints(constrains)).ok()?;
    Some(chosen.into_iter().map(|solvable| solvable.into_raw() as usize).collect())
}

struct Provider<'q, 'a> {
    question: &'q Question<'a>,
    unions: RefCell<Unions>,
    conditions: RefCell<Vec<Condition>>,
}

#[derive(Default)]
struct Unions {
    members: Vec<Rc<[usize]>>,
    ids: HashMap<Rc<[usize]>, VersionSetUnionId>,
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
        if set.0 % 2 == 0 { Self::Chosen } else { Self::Absent }
    }
}

fn index(package: usize) -> u32 {
    u32::try_from(package).expect("as many packages as that fit in no memory")
}

impl Provider<'_, '_> {
    /// A package that can never be chosen: what is required where nothing would do.
    fn nothing(&self) -> usize {
        self.question.universe.len()
    }

    fn dependencies(&self, clauses: &[Clause<'_>]) -> KnownDependencies {
        let mut known = KnownDependencies::default();
        for Clause { terms, .. } in clauses {
            match (terms.when.as_slice(), terms.any.as_slice()) {
                ([excluded], []) => known.constrains.extend(excluded.iter().map(|&at| Side::Absent.set(at))),
                _ => known.requirements.push(self.requirement(terms)),
            }
        }
        known
    }

    fn requirement(&self, terms: &Terms) -> ConditionalRequirement {
        let requirement = match terms.any.as_slice() {
            [] => Requirement::Single(Side::Chosen.set(self.nothing())),
            [one] => Requirement::Single(Side::Chosen.set(*one)),
            several => Requirement::Union(self.union(several)),
        };
        let groups = terms.when.iter().map(|group| self.group(group));
        let condition = groups.reduce(|left, right| self.binary(LogicalOperator::And, left, right));
        ConditionalRequirement { condition, requirement }
    }

    fn union(&self, packages: &[usize]) -> VersionSetUnionId {
        let mut unions = self.unions.borrow_mut();
        if let Some(id) = unions.ids.get(packages) {
            return *id;
        }
        let id = VersionSetUnionId(index(unions.members.len()));
        let members: Rc<[usize]> = packages.into();
        unions.members.push(Rc::clone(&members));
        unions.ids.insert(members, id);
        id
    }

    /// Returns the condition that one of these packages is chosen.
    fn group(&self, packages: &[usize]) -> ConditionId {
        let single = |&at: &usize| self.condition(Condition::Requirement(Side::Chosen.set(at)));
        let ids = packages.iter().map(single).reduce(|left, right| self.binary(LogicalOperator::Or, left, right));
        ids.unwrap_or_else(|| single(&self.nothing()))
    }

    fn binary(&self, operator: LogicalOperator, left: ConditionId, right: ConditionId) -> ConditionId {
        self.condition(Condition::Binary(operator, left, right))
    }

    fn condition(&self, condition: Condition) -> ConditionId {
        let mut conditions = self.conditions.borrow_mut();
        conditions.push(condition);
        ConditionId::new(index(conditions.len() - 1))
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
        let members = Rc::clone(&self.unions.borrow().members[union.0 as usize]);
        (0..members.len()).map(move |at| Side::Chosen.set(members[at]))
    }

    fn resolve_condition(&self, condition: ConditionId) -> Condition {
        self.conditions.borrow()[condition.as_u32() as usize].clone()
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
        match at == self.nothing() {
            true => Dependencies::Unknown(StringId(0)),
            false => Dependencies::Known(self.dependencies(&self.question.clauses(at))),
        }
    }
}
