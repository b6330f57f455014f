//! Bootstrap variants: the only thing that breaks a cycle.
//!
//! A variant is a second build of a component with other build conditionals. Those it is declared for build against it; who
//! only reaches it through them builds against the final packages too, unless the final itself is built from that one.
//!
//! **Invariant:** each declared use of a variant breaks a cycle; a variant is in no package repository and no image.

use std::collections::VecDeque;

use crate::builds;
use crate::error::PlanError;
use crate::inputs::Inputs;
use crate::requires::{self, AllNeeds, Met, Resolver};

/// Returns every declared use that is none, or that breaks no cycle. As long as facts are missing nothing can be said.
pub(crate) fn check(inputs: &Inputs, resolver: &Resolver<'_>, edges: &[Vec<usize>]) -> Vec<PlanError> {
    let mut errors = Vec::new();
    for (component, variant, last) in declared(inputs, resolver) {
        let needed = reach(last, edges);
        for user in &inputs.bootstrap[component].users {
            let Some(number) = resolver.number(user) else { continue };
            let problem = match (edges[number].contains(&variant), needed[number]) {
                (true, true) => continue,
                (false, _) => "takes nothing of it",
                (true, false) => "is in no cycle with it",
            };
            errors.push(PlanError::UselessBootstrap { component: component.to_owned(), user: user.clone(), problem });
        }
    }
    errors
}

/// Adds the final build where a variant is only reached through others: of both, a buildroot then holds the final one.
pub(crate) fn prefer_finals(inputs: &Inputs, resolver: &Resolver<'_>, met: &mut [Met]) {
    for (component, variant, last) in declared(inputs, resolver) {
        let edges: Vec<Vec<usize>> = met.iter().map(|met| met.from.keys().copied().collect()).collect();
        let of_final = reach(last, &edges);
        let of_variant = reach(variant, &edges);
        let through = reach(variant, &reversed(&edges));
        let users = &inputs.bootstrap[component].users;
        for (build, met) in met.iter_mut().enumerate() {
            let excluded = of_final[build] || of_variant[build] || users.contains(resolver.name(build));
            if through[build] && !excluded {
                met.from.entry(last).or_insert_with(|| format!("`{component}` in place of its bootstrap variant"));
            }
        }
    }
}

/// Adds the final builds to those of stage 2 that would reach a variant; no final build needs them.
pub(crate) fn add_finals(inputs: &Inputs, first: &AllNeeds, second: &mut AllNeeds) {
    for component in inputs.bootstrap.keys() {
        let variant = builds::bootstrap(component);
        let through = requires::users(std::iter::once(variant.as_str()), first);
        for needs in second.values_mut().filter(|needs| needs.from.keys().any(|build| through.contains(build.as_str())))
        {
            let why = format!("`{component}` in place of its bootstrap variant");
            needs.from.entry(component.clone()).or_insert(why);
        }
    }
}

/// Returns each variant as component, number of the variant, number of the final build; none as long as facts are missing.
fn declared<'a>(inputs: &'a Inputs, resolver: &Resolver<'_>) -> Vec<(&'a str, usize, usize)> {
    let known = |component: &'a String| {
        let variant = resolver.number(&builds::bootstrap(component))?;
        Some((component.as_str(), variant, resolver.number(component)?))
    };
    inputs.bootstrap.keys().filter_map(known).collect()
}

/// Returns which builds are reached from `start`, itself included.
fn reach(start: usize, edges: &[Vec<usize>]) -> Vec<bool> {
    let mut reached = vec![false; edges.len()];
    reached[start] = true;
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for &next in &edges[node] {
            if !std::mem::replace(&mut reached[next], true) {
                queue.push_back(next);
            }
        }
    }
    reached
}

fn reversed(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut reversed = vec![Vec::new(); edges.len()];
    for (from, list) in edges.iter().enumerate() {
        for &to in list {
            reversed[to].push(from);
        }
    }
    reversed
}

#[cfg(test)]
mod tests;
