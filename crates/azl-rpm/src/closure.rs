//! Which packages are needed for some wants: the closure over `Requires`.
//!
//! A question is made into clauses (`question`, `formula`), searched for an answer with backtracking (`sat`), and the
//! answer is cut down to what is needed (`walk`). `Conflicts` and `Obsoletes` keep packages from being chosen together;
//! an obsoleter takes nobody's place unless it is chosen for what it provides itself.
//!
//! Not here: weak dependencies, what is already installed, architectures (every candidate may be chosen, except source
//! packages).
//!
//! **Invariant:** the result depends on the wants and the candidates alone. Among several providers the first choice is:
//! one already chosen, one named like the capability, the highest EVR, the first by name; another is taken only where
//! that one leads nowhere.

mod formula;
mod question;
mod sat;
mod walk;

use std::collections::BTreeSet;
use std::fmt;

use crate::{Dependency, Rich, Universe};
use formula::Atom;
use question::Question;

/// Why a dependency could not be satisfied.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// No package provides it.
    NoProvider {
        /// What comes close: other versions, and packages that were no candidates.
        near: Vec<String>,
    },
    /// It is a conflict, and what it names is needed too.
    Conflict {
        /// Who required whom, up to the package it conflicts with; empty where it asks for what nothing provides.
        with: Vec<String>,
    },
    /// It is obsolete, and needed too.
    Obsoletes {
        /// Who required whom, up to the obsolete package.
        with: Vec<String>,
    },
    /// Two packages of this name are needed.
    SameName {
        /// Who required whom, up to the other package of that name.
        with: Vec<String>,
    },
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
        let dependency = &self.dependency;
        match &self.reason {
            Reason::NoProvider { near } if near.is_empty() => write!(f, "nothing provides `{dependency}`")?,
            Reason::NoProvider { near } => write!(f, "nothing provides `{dependency}`, but {}", near.join(", "))?,
            Reason::Conflict { with } if with.is_empty() => write!(f, "the conflict `{dependency}` cannot be kept")?,
            Reason::Conflict { with } => write!(f, "{} conflicts with `{dependency}`", needed(with))?,
            Reason::Obsoletes { with } => write!(f, "{} is obsoleted by `{dependency}`", needed(with))?,
            Reason::SameName { with } => write!(f, "{} is another `{dependency}`", needed(with))?,
            Reason::Unsupported => write!(f, "cannot evaluate `{dependency}`")?,
        }
        write!(f, " (needed by: {})", self.chain.join(" -> "))
    }
}

fn needed(chain: &[String]) -> String {
    match chain.split_last() {
        Some((last, requirers)) => format!("`{last}` (needed by: {})", requirers.join(" -> ")),
        None => String::new(),
    }
}

impl Universe {
    /// Returns the indices of the needed packages, in order of their names.
    ///
    /// `among` says which packages may be chosen. `assumed` says which dependencies are satisfied from outside; those on
    /// features of rpm always are.
    ///
    /// # Errors
    /// What stands in the way: every requirement without a provider, or needed packages that clash however one chooses.
    pub fn closure(
        &self,
        wants: &[Dependency],
        among: &dyn Fn(usize) -> bool,
        assumed: &dyn Fn(&Dependency) -> bool,
    ) -> Result<Vec<usize>, Vec<Unresolved>> {
        let question = Question::new(self, wants, among, assumed);
        let Some(answer) = sat::search(&question) else {
            return Err(walk::problems(&question));
        };
        let mut needed: Vec<usize> = walk::needed(&question, &answer).into_iter().collect();
        self.sort_by_name(&mut needed);
        Ok(needed)
    }

    /// Returns every requirement of every package that no package here could satisfy, each taken alone.
    ///
    /// This is the question asked of a repository, whose packages need not all be installable together.
    pub fn unprovided(&self, assumed: &dyn Fn(&Dependency) -> bool) -> Vec<Unresolved> {
        let question = Question::new(self, &[], &|_| true, assumed);
        let mut problems = BTreeSet::new();
        for package in self.packages().iter().filter(|package| !package.is_source) {
            for dependency in package.requires.iter().filter(|dependency| !question.is_given(dependency)) {
                let reason = match Rich::parse(&dependency.to_string()) {
                    Ok(rich) if is_possible(&rich, &question) => continue,
                    Ok(_) => Reason::NoProvider { near: question.near(dependency) },
                    Err(_) => Reason::Unsupported,
                };
                let chain = vec![package.nevra.to_string()];
                problems.insert(Unresolved { dependency: dependency.clone(), chain, reason });
            }
        }
        problems.into_iter().collect()
    }
}

fn is_possible(rich: &Rich, question: &Question<'_>) -> bool {
    match rich {
        Rich::Atom(_) | Rich::With(_) | Rich::Without(..) => match question.atom(rich) {
            Some(Atom::Given) => true,
            Some(Atom::Packages(packages)) => !packages.is_empty(),
            None => false,
        },
        Rich::And(parts) => parts.iter().all(|part| is_possible(part, question)),
        Rich::Or(parts) => parts.iter().any(|part| is_possible(part, question)),
        Rich::If { .. } | Rich::Unless { .. } => true,
    }
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
