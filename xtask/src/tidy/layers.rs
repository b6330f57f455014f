//! `layer`: vocabulary ← core ← host ← adapter ← application; every crate declares its layer and depends downwards.
//!
//! Crates of one layer may know each other, except adapters: each stands for one port and is replaceable.
//! The host crate knows no domain, so it may use the vocabulary alone. Dependencies of tests are free.

use azl_diagnostics::Diagnostic;

use super::Tree;
use super::tree::{Package, lines};

pub(super) const CODE: &str = "layer";

/// From the bottom up.
const LAYERS: [&str; 5] = ["vocabulary", "core", "host", "adapter", "application"];

pub(super) fn check(tree: &Tree) -> Vec<Diagnostic> {
    let mut findings: Vec<_> = tree.packages().iter().filter_map(misplaced).collect();
    for package in tree.packages() {
        let used = tree.packages().iter().filter(|other| package.dependencies.contains(&other.name));
        findings.extend(used.filter_map(|other| forbidden(tree, package, other)));
    }
    findings
}

fn rank(package: &Package) -> Option<usize> {
    LAYERS.iter().position(|layer| Some(*layer) == package.layer.as_deref())
}

fn misplaced(package: &Package) -> Option<Diagnostic> {
    let manifest = format!("{}/Cargo.toml", package.folder);
    if rank(package).is_none() {
        let message = format!("crate `{}` declares no known layer", package.name);
        let hint = format!("add `[package.metadata]` with `layer` set to one of: {}", LAYERS.join(", "));
        return Some(Diagnostic::error(CODE, message).at(manifest, 0..0).hint(hint));
    }
    if package.folder.rsplit('/').next() != Some(package.name.as_str()) {
        let message = format!("crate `{}` lives in a folder of another name: `{}`", package.name, package.folder);
        return Some(Diagnostic::error(CODE, message).at(manifest, 0..0));
    }
    None
}

fn forbidden(tree: &Tree, package: &Package, other: &Package) -> Option<Diagnostic> {
    let (from, to) = (rank(package)?, rank(other)?);
    let reason = match (LAYERS[from], LAYERS[to]) {
        _ if to > from => "dependencies lead downwards only",
        ("adapter", "adapter") => "adapters do not know each other",
        ("host", "core") => "the host knows no domain",
        _ => return None,
    };
    let manifest = format!("{}/Cargo.toml", package.folder);
    let place = dependency_line(tree, &manifest, &other.name);
    let message =
        format!("`{}` ({}) depends on `{}` ({}): {reason}", package.name, LAYERS[from], other.name, LAYERS[to]);
    let hint = "pass the value in, or put a port trait into `azl-action` and let `azl-pipeline` connect the two";
    Some(Diagnostic::error(CODE, message).at(manifest, place).hint(hint))
}

fn dependency_line(tree: &Tree, manifest: &str, name: &str) -> std::ops::Range<usize> {
    let declares = |line: &str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
    let text = tree.text(manifest).unwrap_or_default();
    lines(text).find(|(_, line)| declares(line)).map_or(0..0, |(range, _)| range)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(tree: &Tree) -> Vec<String> {
        check(tree).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn dependencies_lead_downwards_only() {
        let tree = Tree::of(&[("crates/a/Cargo.toml", "[dependencies]\nh.workspace = true\n")])
            .with_package("a", "core", &["h", "b"])
            .with_package("b", "core", &[])
            .with_package("h", "host", &[]);
        let findings = check(&tree);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].message, "`a` (core) depends on `h` (host): dependencies lead downwards only");
        assert_eq!(findings[0].span.as_ref().map(|span| span.start), Some(15));
    }

    #[test]
    fn adapters_do_not_know_each_other_and_the_host_knows_no_domain() {
        let tree = Tree::of(&[])
            .with_package("x", "adapter", &["y", "h"])
            .with_package("y", "adapter", &[])
            .with_package("h", "host", &["c"])
            .with_package("c", "core", &[]);
        let found = messages(&tree).join("\n");
        assert!(found.contains("adapters do not know") && found.contains("knows no domain"), "{found}");
        assert_eq!(messages(&tree).len(), 2);
    }

    #[test]
    fn a_crate_without_a_layer_is_found() {
        let tree = Tree::of(&[]).with_package("a", "", &[]).with_package("b", "middle", &[]);
        assert_eq!(messages(&tree).len(), 2);
    }
}
