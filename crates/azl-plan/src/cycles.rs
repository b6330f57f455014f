//! Cycles among numbered things: every knot, and the shortest way round each.
//!
//! **Invariant:** what is found depends on the edges alone; a knot is told once.

use std::collections::VecDeque;

/// Things that all need each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Knot {
    /// All of them, ascending.
    pub(crate) members: Vec<usize>,
    /// The shortest cycle, its first thing repeated at the end.
    pub(crate) shortest: Vec<usize>,
}

/// Returns all knots, by their smallest member.
pub(crate) fn find(edges: &[Vec<usize>]) -> Vec<Knot> {
    let mut knots: Vec<Knot> = components(edges)
        .into_iter()
        .filter(|members| members.len() > 1 || edges[members[0]].contains(&members[0]))
        .map(|members| Knot { shortest: shortest(edges, &members), members })
        .collect();
    knots.sort_by(|a, b| a.members.cmp(&b.members));
    knots
}

const NONE: usize = usize::MAX;

/// Tarjan's strongly connected components, without recursion.
fn components(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut search = Search { edges, order: vec![NONE; edges.len()], low: vec![0; edges.len()], ..Search::default() };
    search.open = vec![false; edges.len()];
    for start in 0..edges.len() {
        if search.order[start] == NONE {
            search.visit(start);
        }
    }
    search.found
}

#[derive(Default)]
struct Search<'a> {
    edges: &'a [Vec<usize>],
    order: Vec<usize>,
    low: Vec<usize>,
    open: Vec<bool>,
    stack: Vec<usize>,
    count: usize,
    found: Vec<Vec<usize>>,
}

impl Search<'_> {
    fn visit(&mut self, start: usize) {
        let mut path = vec![(start, 0)];
        self.enter(start);
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            if let Some(&to) = self.edges[node].get(*next) {
                *next += 1;
                if self.order[to] == NONE {
                    self.enter(to);
                    path.push((to, 0));
                } else if self.open[to] {
                    self.low[node] = self.low[node].min(self.order[to]);
                }
                continue;
            }
            path.pop();
            if let Some((above, _)) = path.last() {
                self.low[*above] = self.low[*above].min(self.low[node]);
            }
            if self.low[node] == self.order[node] {
                self.close(node);
            }
        }
    }

    fn enter(&mut self, node: usize) {
        (self.order[node], self.low[node]) = (self.count, self.count);
        self.count += 1;
        self.open[node] = true;
        self.stack.push(node);
    }

    fn close(&mut self, root: usize) {
        let mut members = Vec::new();
        while let Some(node) = self.stack.pop() {
            self.open[node] = false;
            members.push(node);
            if node == root {
                break;
            }
        }
        members.sort_unstable();
        self.found.push(members);
    }
}

/// Breadth first from each member; none looks further than the best so far.
fn shortest(edges: &[Vec<usize>], members: &[usize]) -> Vec<usize> {
    let mut best: Vec<usize> = Vec::new();
    for &start in members {
        let limit = if best.is_empty() { usize::MAX } else { best.len() - 1 };
        if let Some(cycle) = around(edges, members, start, limit) {
            best = cycle;
        }
    }
    best
}

/// Returns the shortest cycle through `start` that has fewer than `limit` edges.
fn around(edges: &[Vec<usize>], members: &[usize], start: usize, limit: usize) -> Option<Vec<usize>> {
    let place = |node: usize| members.binary_search(&node).ok();
    let mut before = vec![NONE; members.len()];
    let mut queue = VecDeque::from([(start, 1usize)]);
    while let Some((node, length)) = queue.pop_front() {
        if length >= limit {
            return None;
        }
        for &to in &edges[node] {
            if to == start {
                let mut cycle = vec![start, node];
                while *cycle.last()? != start {
                    cycle.push(before[place(*cycle.last()?)?]);
                }
                cycle.reverse();
                return Some(cycle);
            }
            let Some(at) = place(to) else { continue };
            if before[at] == NONE {
                before[at] = node;
                queue.push_back((to, length + 1));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_knot_is_found_with_its_shortest_cycle() {
        // 0 → 1 → 2 → 3 → 0 with a short cut 3 → 2; 4 ⇄ 5; 6 needs itself; 7 is free.
        let edges = [vec![1], vec![2], vec![3], vec![0, 2], vec![5, 0], vec![4], vec![6], vec![0, 4]].map(
            |mut list: Vec<usize>| {
                list.sort_unstable();
                list
            },
        );
        let found = find(&edges);
        let expected = [
            Knot { members: vec![0, 1, 2, 3], shortest: vec![2, 3, 2] },
            Knot { members: vec![4, 5], shortest: vec![4, 5, 4] },
            Knot { members: vec![6], shortest: vec![6, 6] },
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_diamond_is_no_knot() {
        assert!(find(&[vec![1, 2], vec![3], vec![3], vec![]]).is_empty());
    }

    #[test]
    fn a_path_of_a_hundred_thousand_does_not_overflow() {
        let mut edges: Vec<Vec<usize>> = (1..100_000).map(|next| vec![next]).collect();
        edges.push(vec![]);
        assert!(find(&edges).is_empty());
    }
}
