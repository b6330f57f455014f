//! Overlays of small trees on small directories.

use super::*;

const SPEC: &str = "Name: foo\nVersion: 1\n\n%if 0\n%package x\n%endif\n";

const COMPONENT: &str =
    "[components.foo]\n[[components.foo.overlays]]\ntype = 'spec-add-tag'\ntag = 'BuildRequires'\nvalue = 'make'\n";

fn put(root: &Path, path: &str, text: &str) {
    let host = root.join(path);
    files::create_dir_all(host.parent().expect("the path has a parent")).expect("a writable directory");
    files::write_atomic(host, text.as_bytes()).expect("a writable directory");
}

/// A tree below `tree` and a directory with one spec of this name below `up`.
fn root(toml: &str, spec: &str) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a temporary directory");
    put(root.path(), "tree/azldev.toml", toml);
    put(root.path(), &format!("up/{spec}"), SPEC);
    put(root.path(), "up/.git/config", "not packaging\n");
    root
}

fn run(root: &Path, compat: azl_config::Compat) -> Result<String, Failure> {
    let tree = Tree::read(&root.join("tree"))?.with_compat(compat);
    let out = root.join(format!("out-{compat:?}"));
    let report = apply(&tree, "foo", &root.join("up"), &out)?;
    assert_eq!(report.files, ["foo.spec"]);
    Ok(files::read_to_string(out.join("foo.spec"))?)
}

#[test]
fn tree_of_azldev_gets_its_result_unless_asked_for_ours() {
    let root = root(COMPONENT, "foo.spec");
    assert_eq!(
        run(root.path(), Tree::read(&root.path().join("tree")).expect("a tree").compat()).expect("it applies"),
        SPEC.replace("%if 0\n", "%if 0\nBuildRequires: make\n")
    );
    let ours = run(root.path(), azl_config::Compat::None).expect("it applies");
    assert_eq!(ours, SPEC.replace("%if 0\n", "BuildRequires: make\n%if 0\n"));
}

#[test]
fn spec_of_another_name_is_taken_if_it_is_the_only_one() {
    let root = root(COMPONENT, "bar.spec");
    assert!(run(root.path(), azl_config::Compat::None).expect("it applies").contains("make"));
    put(root.path(), "up/baz.spec", SPEC);
    files::remove_dir_all(root.path().join("out-None")).expect("the directory can be removed");
    let Err(Failure::Configuration(problems)) = run(root.path(), azl_config::Compat::None) else {
        panic!("no spec is meant");
    };
    assert_eq!(problems[0].code, "missing-spec");
}

#[test]
fn directory_with_files_is_not_written_to() {
    let root = root(COMPONENT, "foo.spec");
    put(root.path(), "out-None/precious", "x\n");
    let failure = run(root.path(), azl_config::Compat::None).expect_err("it holds a file");
    assert_eq!(failure.exit_code(), 3);
    assert_eq!(files::list(root.path().join("out-None")).expect("it is there"), ["precious"]);
}
