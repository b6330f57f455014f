//! Dependency expressions as clauses over packages.
//!
//! Not here: who provides what; the caller answers that for each atom.
//!
//! **Invariant:** the clauses hold for a set of packages exactly if the expression does (or does not, for
//! [`Sense::Fails`]).

use std::rc::Rc;

use crate::Rich;

/// More clauses than this come of no expression that people write.
const MAX_CLAUSES: usize = 1024;

/// Whether an expression is demanded or forbidden.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sense {
    Holds,
    Fails,
}

/// What answers an expression that one package can satisfy alone.
pub(super) enum Atom {
    /// It is satisfied from outside.
    Given,
    /// Any one of these packages; there may be none.
    Packages(Vec<usize>),
}

/// "Where one of each group of `when` is chosen, one of `any` must be."
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) when: Vec<Vec<usize>>,
    /// The best first.
    pub(super) any: Rc<[usize]>,
}

/// An expression in negation normal form.
enum Formula {
    Any(Vec<usize>),
    NoneOf(Vec<usize>),
    /// Empty: true.
    All(Vec<Formula>),
    /// Empty: false.
    Either(Vec<Formula>),
}

/// Returns the clauses of an expression; `None` if it cannot be evaluated.
pub(super) fn clauses(rich: &Rich, sense: Sense, atom: &dyn Fn(&Rich) -> Option<Atom>) -> Option<Vec<Terms>> {
    normal(rich, sense, atom)?.clauses()
}

fn normal(rich: &Rich, sense: Sense, atom: &dyn Fn(&Rich) -> Option<Atom>) -> Option<Formula> {
    let all = |parts: &[Rich]| parts.iter().map(|part| normal(part, sense, atom)).collect::<Option<Vec<_>>>();
    Some(match (rich, sense) {
        (Rich::Atom(_) | Rich::With(_) | Rich::Without(..), _) => match (atom(rich)?, sense) {
            (Atom::Given, Sense::Holds) => Formula::All(Vec::new()),
            (Atom::Given, Sense::Fails) => Formula::Either(Vec::new()),
            (Atom::Packages(packages), Sense::Holds) => Formula::Any(packages),
            (Atom::Packages(packages), Sense::Fails) => Formula::NoneOf(packages),
        },
        (Rich::And(parts), Sense::Holds) | (Rich::Or(parts), Sense::Fails) => Formula::All(all(parts)?),
        (Rich::Or(parts), Sense::Holds) | (Rich::And(parts), Sense::Fails) => Formula::Either(all(parts)?),
        (Rich::If { then, condition, otherwise }, _) => {
            let absent = match sense {
                Sense::Holds => Formula::All(Vec::new()),
                Sense::Fails => Formula::Either(Vec::new()),
            };
            let otherwise = otherwise.as_ref().map_or(Some(absent), |rich| normal(rich, sense, atom))?;
            choice(condition, normal(then, sense, atom)?, otherwise, atom)?
        }
        // As rpm and libsolv read it, `a unless b` is `a and not b`: it is made for `Conflicts`.
        (Rich::Unless { then, condition, otherwise }, _) => {
            let absent = match sense {
                Sense::Holds => Formula::Either(Vec::new()),
                Sense::Fails => Formula::All(Vec::new()),
            };
            let otherwise = otherwise.as_ref().map_or(Some(absent), |rich| normal(rich, sense, atom))?;
            choice(condition, otherwise, normal(then, sense, atom)?, atom)?
        }
    })
}

/// Returns "`yes` where the condition holds, `no` where it does not".
fn choice(condition: &Rich, yes: Formula, no: Formula, atom: &dyn Fn(&Rich) -> Option<Atom>) -> Option<Formula> {
    let holds = normal(condition, Sense::Holds, atom)?;
    let fails = normal(condition, Sense::Fails, atom)?;
    // What is demanded comes before the condition, so that it is preferred.
    Some(Formula::All(vec![Formula::Either(vec![yes, fails]), Formula::Either(vec![no, holds])]))
}

impl Formula {
    fn clauses(self) -> Option<Vec<Terms>> {
        Some(match self {
            Self::Any(any) => vec![Terms { when: Vec::new(), any: any.into() }],
            // Nothing can be chosen of nothing: it holds.
            Self::NoneOf(packages) if packages.is_empty() => Vec::new(),
            Self::NoneOf(packages) => vec![Terms { when: vec![packages], any: Rc::default() }],
            Self::All(parts) => {
                let parts: Option<Vec<Vec<Terms>>> = parts.into_iter().map(Self::clauses).collect();
                parts?.concat()
            }
            Self::Either(parts) => {
                let mut result = vec![Terms::default()];
                for part in parts {
                    result = either(&result, &part.clauses()?)?;
                }
                result
            }
        })
    }
}

/// Distributes "or" over two lists of clauses.
fn either(left: &[Terms], right: &[Terms]) -> Option<Vec<Terms>> {
    if left.len().saturating_mul(right.len()) > MAX_CLAUSES {
        return None;
    }
    Some(left.iter().flat_map(|left| right.iter().map(|right| left.or(right))).collect())
}

impl Terms {
    fn or(&self, other: &Self) -> Self {
        let new = other.any.iter().filter(|package| !self.any.contains(package));
        Self { when: [self.when.as_slice(), &other.when].concat(), any: self.any.iter().chain(new).copied().collect() }
    }
}
