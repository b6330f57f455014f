//! One buildroot being filled, with packages that are not built yet.
//!
//! The rule of choice is that of the closure over built packages: what is there already, a package of the name, the highest
//! version, the first by name. Conditions are looked at when all that is unconditional is settled.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use azl_rpm::{Dependency, Rich};

use super::{Met, Resolver};
use crate::error::PlanError;

/// Who asks for something.
#[derive(Clone, Copy)]
enum Why<'w> {
    /// The spec.
    Written(&'w str),
    /// A package that is in the buildroot; what it asks for in vain is for the closure of real packages to judge.
    Package(usize),
}

/// A requirement whose condition is not decided.
struct Conditional<'w> {
    rich: Rich,
    why: Why<'w>,
}

/// The packages chosen so far for one build.
pub(super) struct Buildroot<'w, 'a> {
    resolver: &'w Resolver<'a>,
    build: usize,
    chosen: Vec<usize>,
    is_chosen: HashSet<usize>,
    wants: Vec<&'w str>,
    conditional: Vec<Conditional<'w>>,
    /// Builds that the spec itself asks for.
    pub(super) from: BTreeMap<usize, String>,
    /// Builds that packages of other builds ask for, as user, provider and package.
    pulled: Vec<(usize, usize, usize)>,
    unmet: Vec<(String, usize)>,
    tools: BTreeSet<String>,
}

impl<'w, 'a> Buildroot<'w, 'a>
where
    'a: 'w,
{
    pub(super) fn new(resolver: &'w Resolver<'a>, build: usize) -> Self {
        Self {
            resolver,
            build,
            chosen: Vec::new(),
            is_chosen: HashSet::new(),
            wants: Vec::new(),
            conditional: Vec::new(),
            from: BTreeMap::new(),
            pulled: Vec::new(),
            unmet: Vec::new(),
            tools: BTreeSet::new(),
        }
    }

    /// Meets a requirement of the spec.
    pub(super) fn want(&mut self, text: &'w str, errors: &mut Vec<PlanError>) {
        let Ok(rich) = Rich::parse(text) else {
            let component = self.resolver.name(self.build).to_owned();
            return errors.push(PlanError::NoDependency { component, text: text.to_owned() });
        };
        let (resolver, build) = (self.resolver, self.resolver.name(self.build));
        if resolver.given.satisfies(&rich) {
            return;
        }
        if let Some(tool) = resolver.tools.declared_for(build, &rich) {
            self.tools.insert(tool.to_owned());
        } else if self.meet(&rich, Why::Written(text)) {
            self.wants.push(text);
        } else if let Some(tool) = resolver.tools.stand_in(&rich) {
            self.tools.insert(tool.to_owned());
        } else {
            errors.push(self.nobody(text, &rich));
        }
    }

    /// Follows what the chosen packages require and what is conditional, and returns what was found. A build that one of the
    /// `direct` providers names itself is left out.
    pub(super) fn finish(mut self, direct: &[BTreeSet<usize>], errors: &mut Vec<PlanError>) -> Met {
        let mut next = 0;
        loop {
            while let Some(&package) = self.chosen.get(next) {
                next += 1;
                self.follow(package);
            }
            if !(self.fire(Holds::Yes, errors) || self.fire(Holds::No, errors)) {
                break;
            }
        }
        for (user, provider, package) in std::mem::take(&mut self.pulled) {
            if !direct[user].contains(&provider) && user != provider {
                let name = &self.resolver.index.packages[package].facts.nevra.name;
                self.from.entry(provider).or_insert_with(|| format!("what {name} requires"));
            }
        }
        let wants = self.wants.into_iter().map(str::to_owned).collect();
        Met { wants, from: self.from, tools: self.tools, unmet: self.unmet }
    }

    fn follow(&mut self, package: usize) {
        let resolver = self.resolver;
        for rich in &resolver.index.packages[package].requires {
            if !resolver.given.satisfies(rich) && !self.meet(rich, Why::Package(package)) {
                let unmet = atoms(rich).into_iter().filter(|wanted| !wanted.name.contains('('));
                self.unmet.extend(unmet.map(|wanted| (wanted.to_string(), package)));
            }
        }
    }

    /// Decides conditions that hold, or for good those that do not; returns whether anything was decided.
    fn fire(&mut self, which: Holds, errors: &mut Vec<PlanError>) -> bool {
        let mut decided = false;
        for Conditional { rich, why } in std::mem::take(&mut self.conditional) {
            let (consequence, rest) = match (self.judge(&rich) == which, which) {
                (false, _) => (None, Some(rich)),
                (true, Holds::Yes) => (when_it_holds(&rich), None),
                // The condition may still come to hold through what this brings in.
                (true, Holds::No) => match when_it_does_not(&rich) {
                    None => (None, Some(rich)),
                    Some(consequence) => (Some(consequence), Some(without_otherwise(rich))),
                },
            };
            if let Some(consequence) = consequence {
                decided = true;
                if let (false, Why::Written(text)) = (self.meet(&consequence, why), why) {
                    errors.push(self.nobody(text, &consequence));
                }
            }
            self.conditional.extend(rest.map(|rich| Conditional { rich, why }));
        }
        decided
    }

    fn judge(&self, rich: &Rich) -> Holds {
        match rich {
            Rich::If { condition, .. } | Rich::Unless { condition, .. } if self.holds(condition) => Holds::Yes,
            _ => Holds::No,
        }
    }

    /// Chooses what a requirement needs; returns whether it can be met.
    fn meet(&mut self, rich: &Rich, why: Why<'w>) -> bool {
        match rich {
            Rich::Atom(_) | Rich::With(_) | Rich::Without(..) => {
                if self.resolver.given.satisfies(rich) {
                    return true;
                }
                let providers = self.resolver.providers(self.build, rich);
                let there = providers.iter().find(|package| self.is_chosen.contains(package)).or(providers.first());
                there.map(|package| self.choose(*package, why)).is_some()
            }
            Rich::And(parts) => parts.iter().all(|part| self.meet(part, why)),
            Rich::Or(parts) => {
                let there = parts.iter().find(|part| self.holds(part));
                match there.or_else(|| parts.iter().find(|part| self.is_possible(part))) {
                    Some(part) => self.meet(part, why),
                    None => false,
                }
            }
            Rich::If { .. } | Rich::Unless { .. } => {
                self.conditional.push(Conditional { rich: rich.clone(), why });
                true
            }
        }
    }

    fn choose(&mut self, package: usize, why: Why<'w>) {
        let provider = self.resolver.index.packages[package].build;
        match why {
            Why::Written(text) => {
                self.from.entry(provider).or_insert_with(|| text.to_owned());
            }
            Why::Package(user) => self.pulled.push((self.resolver.index.packages[user].build, provider, user)),
        }
        if self.is_chosen.insert(package) {
            self.chosen.push(package);
        }
    }

    fn holds(&self, rich: &Rich) -> bool {
        match rich {
            Rich::And(parts) => parts.iter().all(|part| self.holds(part)),
            Rich::Or(parts) => parts.iter().any(|part| self.holds(part)),
            Rich::If { .. } | Rich::Unless { .. } => false,
            rich => {
                let there = |package: &usize| self.is_chosen.contains(package);
                self.resolver.given.satisfies(rich) || self.resolver.providers(self.build, rich).iter().any(there)
            }
        }
    }

    fn is_possible(&self, rich: &Rich) -> bool {
        match rich {
            Rich::And(parts) => parts.iter().all(|part| self.is_possible(part)),
            Rich::Or(parts) => parts.iter().any(|part| self.is_possible(part)),
            Rich::If { .. } | Rich::Unless { .. } => true,
            rich => self.resolver.given.satisfies(rich) || !self.resolver.providers(self.build, rich).is_empty(),
        }
    }

    fn nobody(&self, text: &str, rich: &Rich) -> PlanError {
        let component = self.resolver.name(self.build).to_owned();
        let near = self.resolver.near_misses(self.build, rich);
        PlanError::NobodyProvides { component, capability: text.to_owned(), near }
    }
}

/// Whether a condition holds now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Yes,
    No,
}

fn when_it_holds(rich: &Rich) -> Option<Rich> {
    match rich {
        Rich::If { then, .. } => Some((**then).clone()),
        Rich::Unless { otherwise, .. } => otherwise.as_deref().cloned(),
        _ => None,
    }
}

fn when_it_does_not(rich: &Rich) -> Option<Rich> {
    match rich {
        Rich::If { otherwise, .. } => otherwise.as_deref().cloned(),
        Rich::Unless { then, .. } => Some((**then).clone()),
        _ => None,
    }
}

/// What is left of a condition that does not hold, once its consequence is taken: nothing more follows if it never does.
fn without_otherwise(rich: Rich) -> Rich {
    match rich {
        Rich::If { then, condition, .. } => Rich::If { then, condition, otherwise: None },
        Rich::Unless { condition, otherwise: Some(then), .. } => Rich::If { then, condition, otherwise: None },
        Rich::Unless { .. } => Rich::And(Vec::new()),
        other => other,
    }
}

/// Returns the ordinary dependencies a requirement is made of.
pub(super) fn atoms(rich: &Rich) -> Vec<&Dependency> {
    match rich {
        Rich::Atom(wanted) => vec![wanted],
        Rich::And(parts) | Rich::Or(parts) | Rich::With(parts) => parts.iter().flat_map(atoms).collect(),
        Rich::Without(wanted, _) => atoms(wanted),
        Rich::If { then, otherwise, .. } | Rich::Unless { then, otherwise, .. } => {
            atoms(then).into_iter().chain(otherwise.iter().flat_map(|otherwise| atoms(otherwise))).collect()
        }
    }
}
