//! `top-level`: the first directory a newcomer sees holds only what ARCHITECTURE.md explains.

use std::collections::BTreeMap;

use azl_diagnostics::Diagnostic;

use super::Tree;

pub(super) const CODE: &str = "top-level";

const ALLOWED: [&str; 24] = [
    ".cargo",
    ".ci",
    ".config",
    ".github",
    ".gitignore",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "STYLE.md",
    "azldev.toml",
    "clippy.toml",
    "crates",
    "deny.toml",
    "images",
    "kernel",
    "overlays",
    "release.toml",
    "rustfmt.toml",
    "specs",
    "upstream",
    "xtask",
];

pub(super) fn check(tree: &Tree) -> Vec<Diagnostic> {
    let names: BTreeMap<&str, &str> = tree.paths().map(|path| (path.split('/').next().unwrap_or(path), path)).collect();
    names
        .iter()
        .filter(|(name, _)| !ALLOWED.contains(name))
        .map(|(name, path)| {
            let hint = "move it to where it belongs, remove it, or name it in `.gitignore` with a leading `/`";
            Diagnostic::error(CODE, format!("`{name}` at the top of the tree")).at(*path, 0..0).hint(hint)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stray_file_is_found_once_per_name() {
        let tree = Tree::of(&[("README.md", ""), ("xtask/src/main.rs", ""), ("notes/a", ""), ("notes/b", "")]);
        let findings = check(&tree);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].message, "`notes` at the top of the tree");
    }
}
