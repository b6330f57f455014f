//! Loading and inheritance of small trees.

use crate::component::ReleaseCalculation;
use crate::fixture::{DISTRO, good, loaded, refused};
use crate::resolve::ResolvedComponent;

fn component(own: &str, name: &str) -> ResolvedComponent {
    good(own).resolve(name).unwrap_or_else(|problem| panic!("{}", problem.message))
}

#[test]
fn layers_come_in_order_and_false_undoes_an_inherited_true() {
    let resolved = component(
        "[default-component-config.build]\nwith = ['a']\ndefines = { one_ = '1', two_ = '1' }\n\
         [component-groups.z]\ncomponents = ['x']\ndefault-component-config.release.calculation = 'static'\n\
         [component-groups.b]\ncomponents = ['x']\ndefault-component-config.release.calculation = 'manual'\n\
         [components.x.build]\nwithout = ['b']\ndefines = { two_ = '2' }\nundefines = ['_with_a']\ncheck.skip = false\n",
        "x",
    );
    assert_eq!(resolved.release, ReleaseCalculation::Static);
    assert_eq!(resolved.check_skipped, None);
    let macros: Vec<_> = resolved.macros.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(macros, ["_without_b=1", "one_=1", "two_=2"]);
}

#[test]
fn component_takes_its_spec_from_a_tree_directory_or_names_its_own() {
    use crate::resolve::{DistGit, SpecSource};
    let SpecSource::Upstream(upstream) = component("[components.x]\nspec.upstream-name = 'y'\n", "x").spec else {
        panic!("`x` is upstream's");
    };
    assert_eq!(upstream.dist_git, DistGit::Tree("up/y".into()));
    assert_eq!((upstream.branch.as_deref(), upstream.snapshot.is_some()), (Some("one"), true));
    let local = component("[components.x]\nspec = { type = 'local', path = 'd/x.spec' }\n", "x");
    assert_eq!(local.spec, SpecSource::Local { path: "d/x.spec".into() });
    assert_eq!(local.check_skipped.as_deref(), Some("slow"));
}

#[test]
fn file_included_by_two_routes_is_read_once() {
    let (config, report) = loaded(
        "//- azldev.toml\nincludes = ['a.toml', 'b*.toml', 'none*.toml']\n\
         //- a.toml\nincludes = ['c.toml']\n//- b.toml\nincludes = ['c.toml']\n\
         //- c.toml\n[components.x]\nspec = { type = 'local', path = 'x.spec' }\n",
    );
    assert_eq!(report, "");
    assert_eq!(config.components.len(), 1);
}

#[test]
fn later_files_win_key_by_key_in_distros() {
    let (config, report) = loaded(
        "//- azldev.toml\nincludes = ['a.toml']\n[distros.d]\ndescription = 'kept'\ndist-git-base-uri = 'one'\n\
         //- a.toml\n[distros.d]\ndist-git-base-uri = 'two'\n",
    );
    assert_eq!(report, "");
    assert_eq!(config.distros["d"].description.as_deref(), Some("kept"));
    assert_eq!(config.distros["d"].dist_git_base_uri.as_deref(), Some("two"));
}

#[test]
fn overlay_files_are_appended_with_their_metadata_and_must_be_whole() {
    let root = format!("//- azldev.toml\n{DISTRO}[components.x]\noverlay-files = ['o/*.overlay.toml']\n");
    let good = "//- o/1.overlay.toml\n[metadata]\ncategory = 'azl-pruning'\nupstream-status = 'inapplicable'\n\
                [[overlays]]\ntype = 'file-remove'\ndescription = 'why'\nfile = 'x'\n";
    let (config, report) = loaded(&format!("{root}{good}"));
    assert_eq!(report, "");
    let overlays = config.resolve("x").map(|component| component.overlays).unwrap_or_default();
    assert_eq!(overlays.len(), 1);
    assert!(overlays[0].metadata.is_some());
    refused(
        &format!(
            "{root}//- o/1.overlay.toml\n[metadata]\ncategory = 'upstream-backport'\nupstream-status = 'unknown'\n"
        ),
        &["overlay file without `[[overlays]]`", "an upstream backport names its `commits`"],
    );
}

#[test]
fn inherited_overlay_files_are_looked_for_beside_each_component() {
    let file = "[metadata]\ncategory = 'azl-pruning'\nupstream-status = 'inapplicable'\n\
                [[overlays]]\ntype = 'file-remove'\ndescription = 'why'\nfile = ";
    let (config, report) = loaded(&format!(
        "//- azldev.toml\nincludes = ['*/*.toml']{DISTRO}[default-component-config]\noverlay-files = ['o/*.overlay.toml']\n\
         //- a/x.toml\n[components.x]\n//- a/o/1.overlay.toml\n{file}'1'\n\
         //- b/y.toml\n[components.y]\n[components.z]\noverlay-files = []\n//- b/o/2.overlay.toml\n{file}'2'\n"
    ));
    assert_eq!(report, "");
    let files = |name: &str| -> Vec<String> {
        let overlays = config.resolve(name).map(|component| component.overlays).unwrap_or_default();
        overlays.into_iter().map(|overlay| overlay.file).collect()
    };
    assert_eq!(files("x"), ["a/o/1.overlay.toml"]);
    assert_eq!(files("y"), ["b/o/2.overlay.toml"]);
    assert_eq!(files("z"), Vec::<String>::new());
}

#[test]
fn rules_between_values_are_checked_in_defaults_as_well() {
    refused(
        "//- azldev.toml\n[default-component-config.build.check]\nskip = true\n\
         [default-component-config.spec]\nupstream-commit = 'xyz'\n\
         [component-groups.g]\ncomponents = ['bsh']\n\
         [components.bash]\nspec = { type = 'upstream', path = 'x', upstream-distro = { name = 'd', snapshot = '2026-01-01T00:00:00Z' } }\n\
         [package-groups.a]\npackages = ['p']\n[package-groups.b]\npackages = ['p']\n",
        &[
            "`check.skip` without `skip_reason`",
            "not a commit (7 to 40 hexadecimal digits): `xyz`",
            "did you mean `bash`?",
            "an upstream spec has no `path`",
            "a component has no `snapshot` of its own",
            "package `p` is in group `b` and in group `a`",
        ],
    );
}

#[test]
fn mistakes_in_several_files_are_all_shown() {
    refused(
        "//- azldev.toml\nincludes = ['a.toml', 'b.toml', 'gone.toml']\nprojct = 1\n//- a.toml\n[components.x]\nbuld = 1\n\
         //- b.toml\n[components.y\n",
        &["did you mean `project`?", "did you mean `build`?", "b.toml:1:", "no file `gone.toml`"],
    );
}
