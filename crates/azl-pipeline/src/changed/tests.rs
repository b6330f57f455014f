//! Comparisons of the work tree with a commit, in a real repository.

use std::io::Write as _;

use azl_host::{Cmd, files};

use super::*;
use crate::render::{Mode, render};

fn git(root: &Path, arguments: &[&str]) {
    let command = Cmd::new("git", root).args(["-c", "user.name=A", "-c", "user.email=a@example.org"]).args(arguments);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap_or_else(|error| panic!("{error}"));
}

fn put(root: &Path, path: &str, text: &str) {
    let host = root.join(path);
    files::create_dir_all(host.parent().expect("the path has a parent")).expect("a writable directory");
    files::write_atomic(host, text.as_bytes()).expect("a writable directory");
}

const CONFIG: &str = "includes = ['overlays/*.toml']\n[project]\ndefault-distro = { name = 'azl', version = '4' }\n\
    [distros.azl]\ndist-git-base-uri = 'file:upstream/$pkg'\n[distros.azl.versions.4]\nrelease-ver = '4'\n\
    [distros.azl.versions.4.default-component-config]\n\
    spec = { type = 'upstream', upstream-distro = { name = 'azl', version = '4' } }\n";

fn rendered(root: &Path) {
    Tree::read(root).and_then(|tree| render(&tree, &[], Mode::Write)).unwrap_or_else(|failure| panic!("{failure:?}"));
}

/// A committed, rendered tree of components `a`, `b`, `c`; or nothing where git is missing.
fn tree() -> Option<tempfile::TempDir> {
    let root = tempfile::tempdir().expect("a temporary directory");
    if Cmd::new("git", root.path()).arg("--version").output().is_err() {
        let _ = std::io::stderr().write_fmt(format_args!("not run: no git here\n"));
        return None;
    }
    put(root.path(), "azldev.toml", CONFIG);
    put(root.path(), "overlays/components.toml", "[components.a]\n[components.b]\n[components.c]\n");
    for name in ["a", "b", "c"] {
        put(root.path(), &format!("upstream/{name}/{name}.spec"), &format!("Name: {name}\n"));
    }
    rendered(root.path());
    git(root.path(), &["init", "--quiet"]);
    git(root.path(), &["add", "-A"]);
    git(root.path(), &["commit", "--quiet", "-m", "first"]);
    Some(root)
}

fn seen(root: &Path) -> Vec<String> {
    let report = changed(root, "HEAD", None, Unchanged::LeftOut).unwrap_or_else(|failure| panic!("{failure:?}"));
    report.components.iter().map(|found| format!("{:?} {} {:?}", found.change, found.component, found.inputs)).collect()
}

#[test]
fn input_that_changed_is_named_and_the_rest_is_left_out() {
    let Some(root) = tree() else { return };
    assert!(seen(root.path()).is_empty());
    put(root.path(), "upstream/a/a.spec", "Name: a\nEpoch: 1\n");
    put(root.path(), "overlays/components.toml", "[components.a]\n[components.b]\n[components.d]\n");
    put(root.path(), "upstream/d/d.spec", "Name: d\n");
    rendered(root.path());
    let seen = seen(root.path());
    assert_eq!(seen.len(), 3, "{seen:?}");
    assert!(seen[0].starts_with("Changed a [InputChange { input: \"packaging\""), "{seen:?}");
    assert!(seen[1].starts_with("Deleted c"), "{seen:?}");
    assert!(seen[2].starts_with("Added d"), "{seen:?}");
}

#[test]
fn rendered_files_edited_by_hand_are_a_failure() {
    let Some(root) = tree() else { return };
    put(root.path(), "specs/b/b/b.spec", "Name: evil\n");
    let report = changed(root.path(), "HEAD", None, Unchanged::LeftOut).expect("a good tree");
    assert_eq!(report.components[0].rendered, ["specs/b/b/b.spec"]);
    assert_eq!(report.into_result().expect_err("it was edited").exit_code(), 5);
}

#[test]
fn unknown_revision_is_refused() {
    let Some(root) = tree() else { return };
    for revision in ["no-such-branch", "--output=x"] {
        let failure = changed(root.path(), revision, None, Unchanged::LeftOut).expect_err("no such revision");
        assert_eq!(failure.exit_code(), 3);
    }
}

#[test]
fn overlay_moved_to_another_file_is_no_tampering() {
    let Some(root) = tree() else { return };
    let overlay = "[[components.a.overlays]]\ntype = 'spec-set-tag'\ntag = 'URL'\nvalue = 'u'\n";
    put(root.path(), "overlays/components.toml", &format!("[components.b]\n[components.c]\n[components.a]\n{overlay}"));
    rendered(root.path());
    git(root.path(), &["add", "-A"]);
    git(root.path(), &["commit", "--quiet", "-m", "second"]);
    put(root.path(), "overlays/components.toml", "[components.b]\n[components.c]\n");
    put(root.path(), "overlays/moved.toml", &format!("[components.a]\n{overlay}"));
    rendered(root.path());
    let report = changed(root.path(), "HEAD", None, Unchanged::LeftOut).expect("a good tree");
    let inputs: Vec<_> = report.components[0].inputs.iter().map(ToString::to_string).collect();
    assert_eq!(inputs, ["files named in the header changed"]);
    assert!(report.into_result().is_ok());
}
