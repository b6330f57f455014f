//! Fingerprints of small trees.

use azl_overlay::{Descriptions, FileEntry};

use super::*;
use crate::load::{Options, load};

const TREE: &str = "[project]\ndefault-distro = { name = 'azl' }\n[distros.azl]\ndefault-version = '4.0'\n\
                    dist-git-base-uri = 'file:up/$pkg'\n[distros.azl.versions.'4.0']\nrelease-ver = '4.0'\n";

fn fingerprint(component: &str, patch: &str) -> Fingerprint {
    let spec = "spec = { type = 'upstream', upstream-distro = { name = 'azl' } }\n";
    let toml = format!("{TREE}[components.x]\n{spec}{component}");
    let file = |path: &str, text: &str| (path.to_owned(), FileEntry::new(text.as_bytes()));
    let tree: FileSet = [file("azldev.toml", &toml), file("p.patch", patch)].into_iter().collect();
    let options = Options { descriptions: Descriptions::Optional, ..Options::default() };
    let (config, diagnostics) = load(&tree, options);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let component = config.resolve("x").expect("a good component");
    Fingerprint::of(&component, Packaging::Commit("c0ffee"), &tree, Compat::None)
}

fn changes(before: &Fingerprint, after: &Fingerprint) -> Vec<String> {
    after.changes_since(before).iter().map(ToString::to_string).collect()
}

const ADD: &str = "[[components.x.overlays]]\ntype = 'patch-add'\nsource = 'p.patch'\n";

#[test]
fn reasons_and_layout_change_nothing() {
    let plain = fingerprint(ADD, "-");
    let told = fingerprint(&format!("{}description = 'why'\nexpect = 1\n", ADD.replace(" = ", "=")), "-");
    assert_eq!(plain, told);
    assert_eq!(plain.digest(), told.digest());
}

#[test]
fn changed_input_is_named() {
    let bare = fingerprint("", "-");
    let built = fingerprint("build = { with = ['x'], defines = { abc = '1' } }\n", "-");
    assert_eq!(changes(&bare, &built), ["macro _with_x added", "macro abc added"]);
    let checked = "build = { check = { skip = true, skip_reason = 'flaky' } }\n";
    assert_eq!(changes(&fingerprint(checked, "-"), &bare), ["%check skipped removed"]);
}

#[test]
fn overlay_is_known_by_what_it_does() {
    let one = fingerprint(ADD, "-");
    let tag = "[[components.x.overlays]]\ntype = 'spec-add-tag'\ntag = 'URL'\nvalue = 'u'\n";
    let two = fingerprint(&format!("{tag}{ADD}"), "-");
    let added = changes(&one, &two);
    assert!(added.len() == 1 && added[0].starts_with("overlay spec-add-tag "), "{added:?}");
    assert!(added[0].ends_with(" added"), "{added:?}");
    let turned = fingerprint(&format!("{ADD}{tag}"), "-");
    assert_eq!(changes(&two, &turned), ["order of overlays changed"]);
}

#[test]
fn bytes_an_overlay_brings_in_count() {
    assert_eq!(changes(&fingerprint(ADD, "-"), &fingerprint(ADD, "+")).len(), 2);
    assert!(changes(&fingerprint("", "-"), &fingerprint("", "+")).is_empty());
}
