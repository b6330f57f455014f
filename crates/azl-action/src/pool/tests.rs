//! Filling closures over small graphs.

use std::cell::Cell;
use std::sync::RwLock;

use azl_digest::Digest;
use azl_rpm::Nevra;

use super::*;
use crate::input::Hole;

/// Nodes with their suppliers and packages; a package is `name` or `name: what it requires`.
struct World {
    nodes: BTreeMap<NodeId, (Vec<NodeId>, Vec<String>)>,
    pool: RwLock<Pool>,
    reads: Cell<usize>,
}

fn id(name: &str) -> NodeId {
    NodeId(format!("rpm:{name}"))
}

fn world(nodes: &[(&str, &[&str], &[&str])]) -> World {
    let nodes = nodes.iter().map(|(node, suppliers, packages)| {
        let packages = packages.iter().map(|&package| package.to_owned()).collect();
        (id(node), (suppliers.iter().map(|supplier| id(supplier)).collect(), packages))
    });
    World { nodes: nodes.collect(), pool: RwLock::default(), reads: Cell::new(0) }
}

fn file(package: &str) -> String {
    format!("{}-1-1.noarch.rpm", package.split(':').next().unwrap_or(package))
}

impl Known for World {
    fn outputs(&self, node: &NodeId) -> Option<BTreeMap<String, Digest>> {
        let (_, packages) = self.nodes.get(node)?;
        Some(packages.iter().map(|package| (file(package), Digest::of(package.as_bytes()))).collect())
    }

    fn suppliers(&self, node: &NodeId) -> Vec<NodeId> {
        self.nodes.get(node).map(|(suppliers, _)| suppliers.clone()).unwrap_or_default()
    }

    fn header(&self, digest: Digest) -> Result<Arc<PackageHeader>, String> {
        self.reads.set(self.reads.get() + 1);
        let mut packages = self.nodes.values().flat_map(|(_, packages)| packages);
        let package = packages.find(|package| Digest::of(package.as_bytes()) == digest).ok_or("no such package")?;
        let (name, requires) = package.split_once(": ").unwrap_or((package, ""));
        let nevra: Nevra = format!("{}-1-1.noarch", name.trim_end_matches('\'')).parse().expect("valid");
        let requires = requires.split_whitespace().map(Dependency::any).collect();
        Ok(Arc::new(PackageHeader { nevra, requires, ..PackageHeader::default() }))
    }

    fn pool(&self) -> &RwLock<Pool> {
        &self.pool
    }
}

fn fill(world: &World, wants: &[&str], nodes: &[&str]) -> Result<Vec<String>, String> {
    let wants = wants.iter().map(|&want| want.to_owned()).collect();
    let hole = Hole::Closure { wants, nodes: nodes.iter().map(|node| id(node)).collect(), assume: Vec::new() };
    let blobs = crate::input::lower_all(&[hole], world).map_err(|error| error.to_string())?;
    Ok(blobs.into_iter().map(|blob| blob.name).collect())
}

#[test]
fn what_a_package_needs_comes_from_the_suppliers_of_who_built_it() {
    let world = world(&[
        ("glibc", &[], &["glibc"]),
        ("ncurses", &["glibc"], &["ncurses: glibc"]),
        ("readline", &["ncurses"], &["readline: ncurses", "readline-devel: readline"]),
        ("other", &[], &["other"]),
    ]);
    assert_eq!(
        fill(&world, &["readline"], &["readline"]),
        Ok(vec!["glibc-1-1.noarch.rpm".to_owned(), "ncurses-1-1.noarch.rpm".into(), "readline-1-1.noarch.rpm".into()])
    );
    // Packages are read once, however often they are asked for.
    let reads = world.reads.get();
    fill(&world, &["ncurses"], &["ncurses", "glibc"]).expect("it is known");
    assert_eq!((reads, world.reads.get()), (4, 4));
}

#[test]
fn a_package_of_a_node_that_is_not_named_is_no_candidate_whatever_was_asked_before() {
    let nodes: [(&str, &[&str], &[&str]); 2] = [("a", &[], &["a: b"]), ("b", &[], &["b"])];
    let fresh = fill(&world(&nodes), &["a"], &["a"]).expect_err("b is not there");
    assert!(fresh.starts_with("nothing provides `b` (needed by: a -> a-1-1.noarch)"), "{fresh}");
    let world = world(&nodes);
    fill(&world, &["a"], &["a", "b"]).expect("both are there");
    let later = fill(&world, &["a"], &["a"]).expect_err("b may not be chosen");
    assert!(later.contains("nothing provides `b`"), "{later}");
}

#[test]
fn a_bootstrap_variant_supplies_only_where_the_full_build_does_not() {
    let world = world(&[
        ("perl~bootstrap", &[], &["perl"]),
        ("tool", &["perl~bootstrap"], &["tool: perl"]),
        ("perl", &["tool"], &["perl'"]),
        ("user", &["perl", "tool"], &["user"]),
    ]);
    let perl = |nodes: &[&str]| {
        let wants = vec!["tool".to_owned()];
        let hole = Hole::Closure { wants, nodes: nodes.iter().map(|node| id(node)).collect(), assume: Vec::new() };
        crate::input::lower_all(&[hole], &world).expect("it can be filled")[0].digest
    };
    assert_eq!(perl(&["tool"]), Digest::of(b"perl"));
    assert_eq!(perl(&["tool", "perl"]), Digest::of(b"perl'"));
    assert_eq!(perl(&["user"]), Digest::of(b"perl'"));
    assert_eq!(perl(&["tool"]), Digest::of(b"perl"));
}

#[test]
fn a_supplier_that_has_not_finished_is_named() {
    let world = world(&[("a", &["gone"], &["a"])]);
    assert_eq!(fill(&world, &["a"], &["a"]), Err("output of `rpm:gone` is not known yet".to_owned()));
}
