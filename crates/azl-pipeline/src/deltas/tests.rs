//! The deviations of a small tree.

use azl_config::Compat;
use azl_host::files;

use super::*;

const CONFIG: &str = "includes = ['overlays/*.toml']\n[project]\ndefault-distro = { name = 'azl', version = '4' }\n\
    [distros.azl]\ndist-git-base-uri = 'file:upstream/$pkg'\n[distros.azl.versions.4]\nrelease-ver = '4'\n\
    [distros.azl.versions.4.default-component-config]\n\
    spec = { type = 'upstream', upstream-distro = { name = 'azl', version = '4' } }\n";

const COMPONENTS: &str = "[components.plain]\n[components.x]\nbuild = { with = ['y'] }\n\
    [[components.x.overlays]]\ntype = 'spec-set-tag'\ntag = 'URL'\nvalue = 'u'\ndescription = 'moved <there>'\n\
    [[components.x.overlays]]\ntype = 'spec-remove-tag'\ntag = 'Epoch'\n\
    [[components.x.overlays]]\ntype = 'spec-add-tag'\ntag = 'Requires'\nvalue = 'z'\n";

fn put(root: &Path, path: &str, text: &str) {
    let host = root.join(path);
    files::create_dir_all(host.parent().expect("the path has a parent")).expect("a writable directory");
    files::write_atomic(host, text.as_bytes()).expect("a writable directory");
}

fn tree() -> (tempfile::TempDir, Tree) {
    let root = tempfile::tempdir().expect("a temporary directory");
    put(root.path(), "azldev.toml", CONFIG);
    put(root.path(), "overlays/components.toml", COMPONENTS);
    put(root.path(), "upstream/x/x.spec", "Name: x\nEpoch: 1\n");
    put(root.path(), "upstream/plain/plain.spec", "Name: plain\n");
    put(root.path(), "newer/x/x.spec", "Name: x\nURL: u\n");
    let tree = Tree::read(root.path()).unwrap_or_else(|failure| panic!("{failure:?}"));
    (root, tree.with_compat(Compat::None))
}

fn report(newer: Option<&Path>) -> DeltaReport {
    let (root, tree) = tree();
    let newer = newer.map(|directory| root.path().join(directory));
    let against = Against { newer: newer.as_deref(), since: None };
    deltas(&tree, against).unwrap_or_else(|failure| panic!("{failure:?}"))
}

#[test]
fn every_way_to_differ_is_counted() {
    let report = report(None);
    let kinds: Vec<_> = report.components[0].deltas.iter().map(|delta| delta.kind).collect();
    assert_eq!(kinds, ["spec-set-tag", "spec-remove-tag", "spec-add-tag", "build-option"]);
    let totals = &report.totals;
    assert_eq!((totals.components, totals.deviating, totals.deltas, totals.without_reason), (2, 1, 4, 2));
    assert_eq!(report.components[0].deltas[1].place(), "overlays/components.toml:10");
    assert!(report.to_string().contains("1 of 2 components differ from upstream"), "{report}");
}

#[test]
fn newer_upstream_shows_what_can_go_and_what_breaks() {
    let report = report(Some(Path::new("newer")));
    let newer: Vec<_> =
        report.components[0].deltas.iter().map(|delta| delta.newer.as_ref().map(State::label)).collect();
    assert_eq!(newer, [Some("no-op"), Some("fails"), Some("applies"), None]);
    assert!(report.components[0].deltas.iter().all(|delta| delta.state == State::Applies));
}

#[test]
fn page_escapes_what_people_wrote() {
    let page = page(&report(None));
    assert!(page.contains("moved &lt;there&gt;"), "{page}");
    assert!(!page.contains("<there>"));
}
