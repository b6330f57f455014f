//! `purity`: code of the vocabulary and core layers names no door to the operating system.
//!
//! `clippy.toml` bans the usual functions everywhere; this bans whole modules where they have no business.
//! Code below `#[cfg(test)]` is free.

use azl_diagnostics::Diagnostic;

use super::Tree;
use super::tree::{Package, lines};

pub(super) const CODE: &str = "purity";

const DOORS: [&str; 7] =
    ["std::fs", "std::process", "std::env", "std::net", "std::thread", "std::time::SystemTime", "std::time::Instant"];

pub(super) fn check(tree: &Tree) -> Vec<Diagnostic> {
    let pure = |package: &&Package| matches!(package.layer.as_deref(), Some("vocabulary" | "core"));
    let folders: Vec<_> = tree.packages().iter().filter(pure).map(|one| format!("{}/src/", one.folder)).collect();
    tree.rust()
        .filter(|(path, _)| folders.iter().any(|folder| path.starts_with(folder.as_str())))
        .flat_map(|(path, text)| doors(path, text))
        .collect()
}

fn doors(path: &str, text: &str) -> Vec<Diagnostic> {
    let shipped = lines(text).take_while(|(_, line)| line.trim() != "#[cfg(test)]");
    let code = shipped.filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.filter_map(|(range, line)| {
        let (door, at) = DOORS.iter().find_map(|door| Some((door, line.find(door)?)))?;
        let place = range.start + at..range.start + at + door.len();
        let message = format!("`{door}` in a crate that computes values from values");
        let hint = "take the bytes as an argument; only `azl-host` opens, spawns, sleeps or looks at the clock";
        Some(Diagnostic::error(CODE, message).at(path, place).hint(hint))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doors_are_found_in_core_code_only() {
        let text = "//! std::fs in a comment\nuse std::fs;\n#[cfg(test)]\nmod tests { use std::env; }\n";
        let files = [("crates/c/src/lib.rs", text), ("crates/x/src/lib.rs", text)];
        let tree = Tree::of(&files).with_package("c", "core", &[]).with_package("x", "adapter", &[]);
        let findings = check(&tree);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].span.as_ref().map(|span| span.file.as_str()), Some("crates/c/src/lib.rs"));
    }
}
