//! The packages that closures of one run over a graph choose from, indexed once.
//!
//! A closure names the nodes that give what it asks for. Its candidates are their packages, the packages of the nodes
//! that the closures of those nodes name, and so on: a package that was built against another may require it.
//!
//! Not here: how packages are chosen (`azl-rpm`), and reading them.
//!
//! **Invariant:** the packages chosen depend on the hole and on what its nodes, and theirs, gave; never on which closures
//! were asked for before. (An error may name as a near miss what only another closure could choose.)
//! **Invariant:** where a node and its [`BOOTSTRAP`] variant could both supply, only the node does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use azl_rpm::{Dependency, PackageHeader, Universe};

use crate::graph::NodeId;
use crate::input::{Blob, Known, LowerError, Select, assumed, selected};

/// Ends the name of a node that builds a component for a cycle's sake, before it is built in full.
pub const BOOTSTRAP: &str = "~bootstrap";

/// Packages by the node that gave them.
#[derive(Debug, Default)]
pub struct Pool {
    universe: Universe,
    /// The file of each package of the universe.
    files: Vec<Blob>,
    indices: BTreeMap<Blob, usize>,
    numbers: BTreeMap<NodeId, usize>,
    suppliers: Vec<Supplier>,
    /// Each bootstrap variant, by number, and the node it stands in for.
    variants: Vec<(usize, NodeId)>,
}

/// A node that gave packages.
#[derive(Debug)]
struct Supplier {
    packages: Vec<usize>,
    /// Itself, and all from which what its packages require may come.
    reach: Numbers,
}

/// A set of small numbers.
#[derive(Debug, Default, Clone)]
struct Numbers(Vec<u64>);

/// A node to be added to a pool.
struct Arrival {
    node: NodeId,
    suppliers: Vec<NodeId>,
    packages: Vec<(Blob, Arc<PackageHeader>)>,
}

/// Fills a closure.
pub(crate) fn closure(
    wants: &[String],
    nodes: &[NodeId],
    assume: &[String],
    known: &dyn Known,
) -> Result<Vec<Blob>, LowerError> {
    let pool = known.pool();
    let lacking = lacking(&pool.read().unwrap_or_else(PoisonError::into_inner), nodes, known);
    if !lacking.is_empty() {
        // Packages are read without holding the pool: others go on meanwhile.
        let arrivals = lacking.into_iter().map(|node| arrival(node, known)).collect::<Result<Vec<_>, _>>()?;
        pool.write().unwrap_or_else(PoisonError::into_inner).extend(arrivals);
    }
    pool.read().unwrap_or_else(PoisonError::into_inner).choose(wants, nodes, assume)
}

/// Returns the nodes that are not in the pool and can supply, each after those it is supplied by.
fn lacking(pool: &Pool, nodes: &[NodeId], known: &dyn Known) -> Vec<NodeId> {
    let (mut seen, mut ordered) = (BTreeSet::new(), Vec::new());
    let mut path: Vec<(NodeId, Vec<NodeId>)> = nodes.iter().map(|node| (node.clone(), Vec::new())).collect();
    let mut entered = BTreeSet::new();
    while let Some((node, rest)) = path.last_mut() {
        if pool.numbers.contains_key(node) || seen.contains(node) {
            path.pop();
            continue;
        }
        if entered.insert(node.clone()) {
            *rest = known.suppliers(node);
        }
        match rest.pop() {
            Some(next) => path.push((next, Vec::new())),
            None => {
                let (node, _) = path.pop().expect("it was there a moment ago");
                seen.insert(node.clone());
                ordered.push(node);
            }
        }
    }
    ordered
}

fn arrival(node: NodeId, known: &dyn Known) -> Result<Arrival, LowerError> {
    let mut packages = Vec::new();
    for blob in selected(&node, &Select::Packages, known)? {
        let header = known.header(blob.digest).map_err(LowerError::Package)?;
        packages.push((blob, header));
    }
    let suppliers = known.suppliers(&node);
    Ok(Arrival { node, suppliers, packages })
}

impl Pool {
    fn extend(&mut self, arrivals: Vec<Arrival>) {
        for arrival in arrivals {
            // Another closure may have brought it meanwhile.
            if !self.numbers.contains_key(&arrival.node) {
                self.add(arrival);
            }
        }
    }

    fn add(&mut self, Arrival { node, suppliers, packages }: Arrival) {
        let number = self.suppliers.len();
        let mut reach = Numbers::default();
        reach.insert(number);
        for supplier in suppliers.iter().filter_map(|node| self.numbers.get(node)) {
            reach.unite(&self.suppliers[*supplier].reach);
        }
        let packages = packages.into_iter().map(|(blob, header)| self.index(blob, &header)).collect();
        if let Some(full) = node.0.strip_suffix(BOOTSTRAP) {
            self.variants.push((number, NodeId(full.to_owned())));
        }
        self.numbers.insert(node, number);
        self.suppliers.push(Supplier { packages, reach });
    }

    fn index(&mut self, blob: Blob, header: &PackageHeader) -> usize {
        if let Some(at) = self.indices.get(&blob) {
            return *at;
        }
        let at = self.universe.add(header, blob.digest);
        self.files.push(blob.clone());
        self.indices.insert(blob, at);
        at
    }

    fn choose(&self, wants: &[String], nodes: &[NodeId], assume: &[String]) -> Result<Vec<Blob>, LowerError> {
        let parse = |want: &String| want.parse::<Dependency>().map_err(|error| LowerError::Package(error.to_string()));
        let wants = wants.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        let candidates = self.candidates(nodes);
        let chosen = self
            .universe
            .closure(&wants, &|at| candidates[at], &|dependency| assumed(dependency, assume))
            .map_err(|missing| LowerError::Unresolved(missing.iter().map(ToString::to_string).collect()))?;
        let mut blobs: Vec<Blob> = chosen.into_iter().map(|at| self.files[at].clone()).collect();
        blobs.sort();
        Ok(blobs)
    }

    /// Returns which packages may be chosen where `nodes` are named.
    fn candidates(&self, nodes: &[NodeId]) -> Vec<bool> {
        let mut reach = Numbers::default();
        for number in nodes.iter().filter_map(|node| self.numbers.get(node)) {
            reach.unite(&self.suppliers[*number].reach);
        }
        let full = |node: &NodeId| self.numbers.get(node).is_some_and(|number| reach.contains(*number));
        let dropped: BTreeSet<usize> =
            self.variants.iter().filter(|(_, node)| full(node)).map(|(number, _)| *number).collect();
        let mut candidates = vec![false; self.files.len()];
        for (number, supplier) in self.suppliers.iter().enumerate() {
            if reach.contains(number) && !dropped.contains(&number) {
                supplier.packages.iter().for_each(|&at| candidates[at] = true);
            }
        }
        candidates
    }
}

impl Numbers {
    fn insert(&mut self, number: usize) {
        self.0.resize(self.0.len().max(number / 64 + 1), 0);
        self.0[number / 64] |= 1 << (number % 64);
    }

    fn contains(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|word| word & (1 << (number % 64)) != 0)
    }

    fn unite(&mut self, other: &Self) {
        self.0.resize(self.0.len().max(other.0.len()), 0);
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
    }
}

#[cfg(test)]
mod tests;
