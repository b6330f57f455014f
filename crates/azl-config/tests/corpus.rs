//! The acceptance corpus: every TOML file of microsoft/azurelinux, branch `tomls/base/main`.
//!
//! Looked for at `../shared/corpus` beside the workspace; absent, the test says so and passes.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a test that reads a corpus and prints why not"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use azl_config::{Descriptions, DistGit, FileEntry, FileSet, Layer, Options, SpecSource, load};
use azl_diagnostics::render_all;

fn corpus() -> Option<FileSet> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus/azurelinux-tomls");
    let mut files = FileSet::new();
    collect(&root, &root, &mut files);
    if files.is_empty() {
        eprintln!("skipped: no corpus at {}", root.display());
        return None;
    }
    Some(files)
}

fn collect(root: &Path, directory: &Path, files: &mut FileSet) {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    for path in paths {
        if path.is_dir() {
            collect(root, &path, files);
        } else if let (Ok(bytes), Ok(name)) = (std::fs::read(&path), path.strip_prefix(root)) {
            files.insert(name.to_string_lossy(), FileEntry::new(bytes));
        }
    }
}

#[test]
fn whole_corpus_loads_and_resolves_without_a_mistake() {
    let Some(files) = corpus() else { return };
    let started = Instant::now();
    let roots = ["azldev.toml", "overrides/fedora.distro.azl.sources.toml"];
    let (config, diagnostics) = load(&files, Options { roots: &roots, descriptions: Descriptions::Optional });
    let (resolved, unresolved) = config.resolve_all();
    let took = started.elapsed();
    let report = render_all(&[diagnostics, unresolved].concat(), |path| files.text(path));
    assert_eq!(report, "");
    assert_eq!(config.components.len(), 7_583);
    assert_eq!(resolved.iter().map(|component| component.overlays.len()).sum::<usize>(), 233);
    assert_eq!(resolved.iter().filter(|component| component.check_skipped.is_some()).count(), 187);
    let packages: usize = config.package_groups.values().map(|group| group.packages.len()).sum();
    assert_eq!(packages, 33_060);
    let acl = config.resolve("acl").expect("acl is a component");
    let SpecSource::Upstream(upstream) = acl.spec else { panic!("acl is from upstream") };
    assert_eq!(upstream.dist_git, DistGit::Remote("git://azl.src.kojiaks.internal/rpms/acl.git".into()));
    assert_eq!((upstream.version.as_str(), upstream.branch.as_deref()), ("43", Some("f43")));
    assert!(took < Duration::from_secs(5), "loading took {took:?}");
    eprintln!("loaded and resolved {} components in {took:?}", resolved.len());
}

#[test]
fn corpus_overlays_without_description_are_the_38_known_ones() {
    let Some(files) = corpus() else { return };
    let (_, diagnostics) = load(&files, Options { roots: &["azldev.toml"], descriptions: Descriptions::Required });
    let codes: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    assert_eq!(codes, vec!["overlay-without-description"; 38]);
}

#[test]
fn what_is_explained_is_what_is_resolved() {
    let Some(files) = corpus() else { return };
    let (config, _) = load(&files, Options { roots: &["azldev.toml"], descriptions: Descriptions::Optional });
    let (resolved, _) = config.resolve_all();
    for component in &resolved {
        let explained = config.explain(&component.name, None).expect("a component");
        let value = |field: &str| explained.iter().find(|one| one.field == field).map(|one| one.value.as_str());
        let SpecSource::Upstream(upstream) = &component.spec else {
            assert_eq!(value("spec.type"), Some("local"));
            continue;
        };
        let expected =
            [Some(&upstream.package), upstream.branch.as_ref(), upstream.commit.as_ref(), upstream.snapshot.as_ref()];
        let fields = ["upstream.package", "upstream.branch", "upstream.commit", "upstream.snapshot"];
        assert_eq!(fields.map(value), expected.map(|text| text.map(String::as_str)), "{}", component.name);
        let overlays = explained.iter().filter(|one| one.field.starts_with("overlays["));
        assert_eq!(overlays.count(), component.overlays.len(), "{}", component.name);
        assert!(explained.iter().filter(|one| one.layer != Layer::BuiltIn).all(|one| one.written.is_some()));
    }
}
