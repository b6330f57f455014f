//! `document`: ARCHITECTURE.md names every crate, so that the map does not lag behind the land.

use azl_diagnostics::Diagnostic;

use super::Tree;

pub(super) const CODE: &str = "document";

const MAP: &str = "ARCHITECTURE.md";

pub(super) fn check(tree: &Tree) -> Vec<Diagnostic> {
    let map = tree.text(MAP).unwrap_or_default();
    let unnamed = tree.packages().iter().filter(|package| !map.contains(&format!("`{}`", package.name)));
    unnamed
        .map(|package| {
            let hint = "add it to the table of crates, with its layer and what it holds";
            Diagnostic::error(CODE, format!("crate `{}` is not on the map", package.name)).at(MAP, 0..0).hint(hint)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_that_is_not_on_the_map_is_found() {
        let tree = Tree::of(&[(MAP, "| core | `azl-spec` |\n")]).with_package("azl-spec", "core", &[]).with_package(
            "azl-new",
            "core",
            &[],
        );
        let findings = check(&tree);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].message.contains("azl-new"));
    }
}
