//! All shortest chains between two sets of points.

use std::collections::{BTreeMap, BTreeSet};

use super::{CHAINS, How, Point};

/// A step: from, how, to.
type Edge = (usize, How, usize);

/// Returns the shortest chains over edges that `follows` takes, at most one more than are shown. A start that is a goal
/// gives one chain without steps.
pub(super) fn shortest(
    points: &[Point],
    starts: &BTreeSet<usize>,
    goals: &BTreeSet<usize>,
    follows: &dyn Fn(How) -> bool,
) -> Vec<Vec<Edge>> {
    let mut before: BTreeMap<usize, Vec<Edge>> = starts.iter().map(|start| (*start, Vec::new())).collect();
    let mut border = starts.clone();
    while !border.is_empty() && border.is_disjoint(goals) {
        let mut next: BTreeMap<usize, Vec<Edge>> = BTreeMap::new();
        for from in &border {
            for (to, how) in points[*from].edges.keys().filter(|(_, how)| follows(*how)) {
                if !before.contains_key(to) {
                    next.entry(*to).or_default().push((*from, *how, *to));
                }
            }
        }
        border = next.keys().copied().collect();
        before.extend(next);
    }
    let mut chains = Vec::new();
    if !starts.is_disjoint(goals) {
        return vec![Vec::new()];
    }
    let ends = border.iter().rev().filter(|point| goals.contains(point));
    let mut open: Vec<(usize, Vec<Edge>)> = ends.map(|goal| (*goal, Vec::new())).collect();
    while let Some((at, chain)) = open.pop() {
        if starts.contains(&at) {
            chains.push(chain.into_iter().rev().collect());
            if chains.len() > CHAINS {
                break;
            }
            continue;
        }
        for edge in before.get(&at).into_iter().flatten().rev() {
            let mut longer = chain.clone();
            longer.push(*edge);
            open.push((edge.0, longer));
        }
    }
    chains
}
