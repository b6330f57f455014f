//! Explaining, `unset`, and found members.

use crate::document::Config;
use crate::explain::Effective;
use crate::fixture::{DISTRO, files, good, loaded, mistake};

/// `field=value @line by layer <overridden lines>` of every value at or below a field.
fn explained(config: &Config, text: &str, name: &str, field: &str) -> Vec<String> {
    let line = |span: &azl_diagnostics::Span| text[..span.start].matches('\n').count() + 1;
    let show = |one: &Effective| {
        let place = one.written.as_ref().map_or("-".to_owned(), |span| line(span).to_string());
        let over: Vec<_> = one.overrides.iter().map(|span| line(span).to_string()).collect();
        format!("{}={} @{place} by {} <{}>", one.field, one.value, one.layer, over.join(","))
    };
    let values = config.explain(name, Some(field)).unwrap_or_else(|problem| panic!("{}", problem.message));
    values.iter().map(show).collect()
}

fn check(own: &str, field: &str, expected: &[&str]) {
    assert_eq!(explained(&good(own), &format!("{DISTRO}{own}"), "x", field), expected);
}

#[test]
fn every_layer_is_named_with_its_line_and_what_it_overrides() {
    let own = "[default-component-config.build]\ncheck.skip = false\n\
               [component-groups.g]\ncomponents = ['x']\n\
               default-component-config.build.check = { skip = true, skip_reason = 'flaky' }\n\
               [components.x.build]\ncheck = { skip = true, skip_reason = 'own' }\n";
    check(
        own,
        "build.check",
        &["build.check.skip=true @18 by component <11,13,16>", "build.check.skip_reason=own @18 by component <11,16>"],
    );
    check(
        "[components.x]\n",
        "build.check",
        &[
            "build.check.skip=true @11 by distro default (d 1) <>",
            "build.check.skip_reason=slow @11 by distro default (d 1) <>",
        ],
    );
}

#[test]
fn derived_and_built_in_values_are_explained() {
    check("[components.x]\n", "release", &["release.calculation=auto @- by built-in default <>"]);
    check(
        "[components.x.spec]\nupstream-commit = '0123456'\n",
        "upstream",
        &[
            "upstream.package=x @- by built-in default <>",
            "upstream.distro=d @10 by distro default (d 1) <>",
            "upstream.version=1 @10 by distro default (d 1) <>",
            "upstream.branch=one @8 by distro d <>",
            "upstream.dist-git=up/x @5 by distro d <>",
            "upstream.commit=0123456 @13 by component <>",
            "upstream.snapshot=2026-01-01T00:00:00Z @10 by distro default (d 1) <>",
        ],
    );
}

#[test]
fn members_of_lists_and_maps_have_paths_of_their_own() {
    let own = "[default-component-config.build]\nwith = ['a']\ndefines = { one_ = '1', two_ = '1' }\n\
               [components.x.build]\nwith = ['b']\ndefines = { two_ = '2' }\n\
               [components.x.packages.p1.publish]\nrpm-channel = 'sdk'\n\
               [[components.x.overlays]]\ntype = 'file-remove'\ndescription = 'gone'\nfile = 'f'\n";
    check(own, "build.with", &["build.with[0]=a @13 by project default <>", "build.with[1]=b @16 by component <>"]);
    check(
        own,
        "build.defines",
        &["build.defines.one_=1 @14 by project default <>", "build.defines.two_=2 @17 by component <14>"],
    );
    check(own, "build.defines.two_", &["build.defines.two_=2 @17 by component <14>"]);
    check(own, "packages.p1", &["packages.p1.publish.rpm-channel=sdk @19 by component <>"]);
    check(own, "overlays[0]", &["overlays[0]=file-remove: gone @21 by component <>"]);
    check(own, "source-files", &[]);
}

#[test]
fn unset_drops_what_is_inherited_before_own_values_come() {
    let own = "[default-component-config.build]\nwith = ['a']\ndefines = { one_ = '1', two_ = '1' }\n\
               [components.x]\nunset = ['build.with', 'build.defines.one_', 'build.check']\nbuild.with = ['b']\n";
    let config = good(own);
    let resolved = config.resolve("x").expect("a component");
    assert_eq!(resolved.macros.keys().collect::<Vec<_>>(), ["_with_b", "two_"]);
    assert_eq!(resolved.check_skipped, None);
    check(own, "build.with", &["build.with[0]=b @17 by component <13>"]);
    check(own, "build.check", &["build.check.skip=false @- by built-in default <11,16>"]);
}

#[test]
fn unset_of_a_pin_and_of_overlays_works_from_a_group() {
    let own = "[default-component-config]\nspec.upstream-commit = '0123456'\n\
               [[default-component-config.overlays]]\ntype = 'file-remove'\ndescription = 'd'\nfile = 'f'\n\
               [component-groups.g]\ncomponents = ['x']\n\
               default-component-config.unset = ['spec.upstream-commit', 'overlays']\n[components.x]\n[components.y]\n";
    let config = good(own);
    let overlays = |name: &str| config.resolve(name).map(|component| component.overlays.len()).unwrap_or_default();
    assert_eq!((overlays("x"), overlays("y")), (0, 1));
    assert_eq!(config.explain("x", Some("spec.upstream-commit")).map(|values| values.len()), Ok(0));
}

#[test]
fn unknown_component_and_field_are_refused_with_what_is_meant() {
    let config = good("[components.bash]\n");
    let hint = |name, field| config.explain(name, Some(field)).expect_err("unknown").hints;
    assert_eq!(hint("bsh", "build"), ["did you mean `bash`?"]);
    assert_eq!(hint("bash", "build.chek"), ["did you mean `build.check`?"]);
    assert_eq!(hint("bash", "upstream.brnch"), ["did you mean `upstream.branch`?"]);
}

#[test]
fn place_is_given_as_file_and_line() {
    let config = good("[components.x]\nrelease.calculation = 'manual'\n");
    let values = config.explain("x", Some("release")).unwrap_or_default();
    let text = format!("{DISTRO}[components.x]\nrelease.calculation = 'manual'\n");
    assert_eq!(values[0].line(&text).as_deref(), Some("azldev.toml:13"));
}

#[test]
fn groups_find_components_by_their_specs() {
    let fixture = format!(
        "//- azldev.toml\n{DISTRO}[component-groups.g]\ncomponents = ['listed']\nspecs = ['SPECS/**/*.spec']\n\
         excluded-paths = ['SPECS/old/**']\ndefault-component-config.release.calculation = 'manual'\n\
         [components.listed]\n[components.b]\nbuild.with = ['x']\n\
         //- SPECS/b/b.spec\n//- SPECS/a/a.spec\n//- SPECS/a/README.md\n//- SPECS/old/c.spec\n"
    );
    let (config, report) = loaded(&fixture);
    assert_eq!(report, "");
    let members: Vec<_> = config.members("g").map(Iterator::collect).unwrap_or_default();
    assert_eq!(members, ["a", "b", "listed"]);
    assert_eq!(config.components.keys().collect::<Vec<_>>(), ["a", "b", "listed"]);
    for (name, path) in [("a", "SPECS/a/a.spec"), ("b", "SPECS/b/b.spec")] {
        let found = config.resolve(name).expect("a component");
        assert_eq!(found.spec, crate::SpecSource::Local { path: path.into() });
        assert_eq!(found.release, crate::ReleaseCalculation::Manual);
    }
    assert_eq!(config.groups_of("a").collect::<Vec<_>>(), ["g"]);
    let hint = config.members("h").map(|_| ()).expect_err("no group").hints;
    assert_eq!(hint, ["did you mean `g`?"]);
    assert!(files(&fixture).contains("SPECS/old/c.spec"));
}

#[test]
fn component_found_twice_or_against_its_own_word_is_refused() {
    let group = "[component-groups.g]\nspecs = ['S/**']\n";
    mistake(
        &format!("//- azldev.toml\n{group}//- S/a/x.spec\n//- S/b/x.spec\n"),
        &[
            "error[found-twice]: component `x` is found twice: `S/a/x.spec` and `S/b/x.spec`",
            "azldev.toml:2:10",
            "hint: take one of them out with `excluded-paths`",
        ],
    );
    mistake(
        &format!("//- azldev.toml\n{group}[components.x]\nspec.type = 'upstream'\n//- S/x.spec\n"),
        &[
            "error[spec-source]: component `x` is from upstream, but group `g` finds `S/x.spec`",
            "azldev.toml:4:13",
            "hint: drop what the component says",
        ],
    );
}
