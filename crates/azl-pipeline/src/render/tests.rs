//! Rendering of a small tree on disk.

use azl_config::Compat;

use super::*;

const FILES: &[(&str, &str)] = &[
    (
        "azldev.toml",
        "includes = ['overlays/*.toml']\n[project]\ndefault-distro = { name = 'azl', version = '4' }\n\
         [distros.azl]\ndist-git-base-uri = 'file:upstream/$pkg'\n[distros.azl.versions.4]\nrelease-ver = '4'\n\
         [distros.azl.versions.4.default-component-config]\n\
         spec = { type = 'upstream', upstream-distro = { name = 'azl', version = '4' } }\n",
    ),
    ("overlays/components.toml", "[components.Xy]\n[components.z]\n"),
    ("upstream/Xy/Xy.spec", "Name: Xy\nPatch0: p.patch\n"),
    ("upstream/Xy/p.patch", "-\n"),
    ("upstream/z/z.spec", "Name: z\n"),
    ("specs/README.md", "kept\n"),
    ("specs/g/gone/gone.spec", "stale\n"),
    ("specs/x/Xy/old.patch", "stale\n"),
];

fn tree() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a temporary directory");
    for (path, text) in FILES {
        put(root.path(), path, text);
    }
    root
}

fn put(root: &Path, path: &str, text: &str) {
    let host = root.join(path);
    files::create_dir_all(host.parent().expect("the path has a parent")).expect("a writable directory");
    files::write_atomic(host, text.as_bytes()).expect("a writable directory");
}

fn run(root: &Path, components: &[&str], mode: Mode) -> RenderReport {
    let components: Vec<String> = components.iter().map(|&name| name.to_owned()).collect();
    Tree::read(root).and_then(|tree| render(&tree, &components, mode)).unwrap_or_else(|failure| panic!("{failure:?}"))
}

#[test]
fn writing_changes_what_differs_removes_what_is_stale_and_then_has_nothing_to_do() {
    let root = tree();
    let report = run(root.path(), &[], Mode::Write);
    assert_eq!(report.changed, ["specs/x/Xy/Xy.spec", "specs/x/Xy/p.patch", "specs/z/z/z.spec"]);
    assert_eq!(report.removed, ["specs/x/Xy/old.patch"]);
    assert_eq!(report.stale, ["specs/g/gone/gone.spec"]);
    assert!(report.to_string().contains("hint: cargo xtask render --clean-stale removes 1 stale files"), "{report}");
    assert!(root.path().join("specs/g/gone/gone.spec").exists());
    assert_eq!(run(root.path(), &[], Mode::WriteAndClean).stale, ["specs/g/gone/gone.spec"]);
    assert!(!root.path().join("specs/g").exists());
    assert!(root.path().join("specs/README.md").exists());
    let again = run(root.path(), &[], Mode::Write);
    assert_eq!((again.changed.len(), again.removed.len()), (0, 0));
    assert!(run(root.path(), &[], Mode::Check).into_result().is_ok());
}

#[test]
fn checking_writes_nothing_and_fails_on_drift() {
    let root = tree();
    run(root.path(), &[], Mode::WriteAndClean);
    put(root.path(), "specs/z/z/z.spec", "edited by hand\n");
    let report = run(root.path(), &[], Mode::Check);
    assert_eq!(report.changed, ["specs/z/z/z.spec"]);
    assert!(report.to_string().contains("differs: specs/z/z/z.spec"));
    assert_eq!(report.into_result().expect_err("there is drift").exit_code(), 5);
    assert_eq!(files::read(root.path().join("specs/z/z/z.spec")).expect("the file is there"), b"edited by hand\n");
}

#[test]
fn naming_a_component_leaves_the_others_alone() {
    let root = tree();
    let report = run(root.path(), &["z"], Mode::Write);
    assert_eq!((report.changed, report.removed), (vec!["specs/z/z/z.spec".to_owned()], vec![]));
    assert!(root.path().join("specs/g/gone/gone.spec").exists());
}

#[test]
fn mistakes_of_all_components_are_shown_and_nothing_is_written() {
    let root = tree();
    put(root.path(), "upstream/z/z.spec", "Name: z\nSource0: missing.tar\n");
    files::remove_file(root.path().join("upstream/Xy/Xy.spec")).expect("the file can be removed");
    let tree = Tree::read(root.path()).expect("the configuration is good").with_compat(Compat::None);
    let Err(Failure::Configuration(mistakes)) = render(&tree, &[], Mode::Write) else {
        panic!("both components are wrong");
    };
    let codes: Vec<_> = mistakes.iter().map(|mistake| mistake.code).collect();
    assert_eq!(codes, ["missing-spec", "missing-source"]);
    assert!(!root.path().join("specs/z").exists());
}

#[test]
fn difference_is_shown_and_nothing_is_written() {
    let root = tree();
    run(root.path(), &[], Mode::WriteAndClean);
    put(root.path(), "specs/z/z/z.spec", "edited by hand\n");
    let report = run(root.path(), &[], Mode::Diff);
    assert!(report.diff.starts_with("--- a/specs/z/z/z.spec\n+++ b/specs/z/z/z.spec\n@@ "), "{}", report.diff);
    assert!(report.diff.contains("\n-edited by hand\n+# Rendered by"), "{}", report.diff);
    assert_eq!(files::read(root.path().join("specs/z/z/z.spec")).expect("the file is there"), b"edited by hand\n");
    assert!(report.into_result().is_ok());
}
