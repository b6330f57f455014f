//! Requirements and who meets them, in toy distributions.

use super::*;
use crate::inputs::Stage2;
use crate::toy::{self, Toy, blob, release, spec};

fn needs(specs: &[Toy]) -> AllNeeds {
    let (inputs, facts) = release(specs);
    resolve(&inputs, &facts).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

fn told(specs: &[Toy]) -> Vec<String> {
    let (inputs, facts) = release(specs);
    resolve(&inputs, &facts).expect_err("it cannot be planned").iter().map(ToString::to_string).collect()
}

fn from<'a>(needs: &'a AllNeeds, build: &str) -> Vec<&'a str> {
    needs[build].from.keys().map(String::as_str).collect()
}

fn lib(name: &str) -> Toy {
    let package = builds::component_of(name);
    spec(name).package(package, &[]).package(&format!("{package}-devel"), &[])
}

#[test]
fn needs_name_direct_providers_and_leave_out_the_seed() {
    let needs = needs(&[
        spec("bash").package("bash", &[]).needs(&["gcc", "readline-devel >= 1"]),
        lib("readline").needs(&["ncurses-devel"]),
        lib("ncurses").needs(&["gcc"]),
    ]);
    assert_eq!(needs["bash"].wants, ["readline-devel >= 1"]);
    assert_eq!(from(&needs, "bash"), ["readline"]);
    assert_eq!(needs["ncurses"], Needs::default());
}

#[test]
fn what_a_chosen_package_requires_is_needed_too_unless_its_build_already_names_it() {
    let needs = needs(&[
        spec("app").package("app", &[]).needs(&["gui-devel"]),
        lib("gui").requires(&["fonts", "png-devel", "gui", "not-known-before-it-is-built"]).needs(&["png-devel"]),
        spec("fonts").package("fonts", &[]),
        lib("png"),
    ]);
    assert_eq!(needs["app"].wants, ["gui-devel"]);
    assert_eq!(from(&needs, "app"), ["fonts", "gui"]);
    assert_eq!(needs["app"].from["fonts"], "what gui-devel requires");
}

#[test]
fn a_tool_of_the_seed_stands_in_for_what_nobody_provides() {
    let (mut inputs, facts) = release(&[spec("app").needs(&["cmake >= 3", "lib-devel"]), lib("lib"), spec("plain")]);
    toy::tool(&mut inputs, "cmake", &["cmake", "lib-devel"], &[]);
    let needs = resolve(&inputs, &facts).expect("a plan");
    assert_eq!(needs["app"].tools, BTreeSet::from(["cmake".to_owned()]));
    assert_eq!((needs["app"].wants.as_slice(), from(&needs, "app")), (&["lib-devel".to_owned()][..], vec!["lib"]));
    assert_eq!(needs["plain"], Needs::default());
}

#[test]
fn a_tool_declared_for_a_component_comes_before_ours_and_is_for_nobody_else() {
    let asking = [
        spec("kernel").package("kernel", &[]).needs(&["elf-devel"]),
        spec("app").needs(&["elf-devel"]),
        lib("elf").needs(&["kernel"]),
        spec("odd").needs(&["other"]),
    ];
    let (mut inputs, facts) = release(&asking[..3]);
    toy::tool(&mut inputs, "elf", &["elf-devel", "other"], &["kernel"]);
    let needs = resolve(&inputs, &facts).expect("a plan");
    assert_eq!(needs["kernel"].tools, BTreeSet::from(["elf".to_owned()]));
    assert!(needs["kernel"].from.is_empty() && needs["app"].tools.is_empty());
    assert_eq!((from(&needs, "app"), from(&needs, "elf")), (vec!["elf"], vec!["kernel"]));

    let (more, facts) = release(&asking);
    inputs.components = more.components;
    let errors = resolve(&inputs, &facts).expect_err("the tool is the kernel's");
    assert!(errors[0].to_string().contains("`other`"), "{errors:?}");
}

#[test]
fn file_requirements_lead_to_who_lists_the_file() {
    let needs = needs(&[
        spec("app").package("app", &[]).needs(&["/usr/bin/tool"]),
        spec("tools").package("tools", &[]).files("/usr/bin/tool"),
        spec("all").package("all", &[]).files("/usr/bin/*"),
    ]);
    assert_eq!(from(&needs, "app"), ["tools"]);
}

#[test]
fn rich_requirements_choose_what_is_there_first() {
    let base = [lib("a"), lib("b"), spec("c").package("c", &["x", "y"]), spec("d").package("d 2-1", &["x"])];
    let of = |requires: &[&str]| {
        let specs: Vec<Toy> = base.iter().cloned().chain([spec("app").package("app", &[]).needs(requires)]).collect();
        let needs = needs(&specs);
        from(&needs, "app").join(" ")
    };
    assert_eq!(of(&["(nothing or b-devel)"]), "b");
    assert_eq!(of(&["(a-devel or gcc)"]), "");
    assert_eq!(of(&["b", "(a or b)"]), "b");
    assert_eq!(of(&["(a and b)"]), "a b");
    assert_eq!(of(&["(x with y)"]), "c");
    assert_eq!(of(&["(x without y)"]), "d");
    assert_eq!(of(&["(a if gcc)"]), "a");
    assert_eq!(of(&["(a if b)"]), "");
    assert_eq!(of(&["(a if b)", "b"]), "a b");
    assert_eq!(of(&["(a if nothing else d)"]), "d");
    assert_eq!(of(&["(a unless b)"]), "a");
    assert_eq!(of(&["(a unless gcc)"]), "");
}

#[test]
fn every_unprovided_capability_is_reported_with_what_comes_near() {
    let told = told(&[
        spec("a").package("a", &[]).needs(&["x-devel >= 2", "y-devel", "(z", "(nothing and x-devel)"]),
        spec("x").package("x-devel 1.9-1", &[]),
    ]);
    assert_eq!(told.len(), 4);
    assert!(told[0].starts_with("`a` needs `x-devel >= 2`"), "{told:?}");
    assert!(told[0].contains("\n  `x` provides `x-devel = 1.9-1`\n  hint:"), "{told:?}");
    assert!(told[1].starts_with("`a` needs `y-devel`") && told[3].starts_with("`a` needs `(nothing and x-devel)`"));
    assert!(told[2].contains("which is no dependency"));
}

#[test]
fn a_provider_for_another_architecture_is_named() {
    let told = told(&[
        spec("a").package("a", &[]).needs(&["arm-tool"]),
        spec("arm").package("arm-tool", &[]).only_for("aarch64"),
    ]);
    assert!(told[0].contains("\n  `arm` provides it and is not built for x86_64"), "{told:?}");
}

#[test]
fn every_cycle_is_printed_with_its_way_and_a_remedy() {
    let told = told(&[
        lib("a").needs(&["b-devel"]),
        lib("b").needs(&["c", "a-devel"]),
        lib("c").needs(&["a"]),
        spec("self").package("self", &[]).needs(&["self"]),
    ]);
    assert_eq!(told.len(), 2);
    assert!(told[0].starts_with("BuildRequires go in a circle: a needs b needs a\n"), "{}", told[0]);
    assert!(told[0].contains("`b` asks for `a-devel`, which is of `a`\n  3 builds need each other: a, b, c\n"));
    assert!(told[0].contains("hint: declare a variant") && told[0].contains("`[bootstrap.b]`"), "{}", told[0]);
    assert!(told[1].starts_with("BuildRequires go in a circle: self needs self\n"), "{}", told[1]);
}

#[test]
fn a_cycle_through_what_packages_require_is_one() {
    let told = told(&[lib("a").needs(&["b-devel"]), lib("b").requires(&["a"])]);
    assert!(told[0].contains("`a` asks for `what b-devel requires`, which is of `a`"), "{}", told[0]);
}

/// A distribution that closes over itself: a compiler built with the seed's, and what is built with it.
fn whole() -> Vec<Toy> {
    vec![
        spec("gcc").package("gcc", &[]).requires(&["libc"]).needs(&["gcc"]),
        spec("libc").package("libc", &[]).needs(&["gcc"]),
        spec("sh").package("sh", &[]).needs(&["gcc"]),
        spec("app").package("app", &[]).needs(&["gcc", "zip-devel"]),
        lib("zip").needs(&["gcc"]),
    ]
}

fn second(specs: &[Toy], packages: &[&str]) -> Result<AllNeeds, Vec<PlanError>> {
    let (inputs, facts) = release(specs);
    let packages = packages.iter().map(|name| (*name).to_owned()).collect();
    let stage = Stage2 { packages, fixups: blob("stage2") };
    resolve_second(&inputs, &facts, &stage, &resolve(&inputs, &facts)?)
}

#[test]
fn stage_2_takes_everything_from_stage_1() {
    let needs = second(&whole(), &["sh"]).expect("it closes over itself");
    assert_eq!(from(&needs, "app@2"), ["gcc", "libc", "sh", "zip"]);
    assert_eq!(needs["app@2"].wants, ["gcc", "sh", "zip-devel"]);
    // The compiler is built by the one of stage 1, and what the seed stood for is at hand everywhere.
    assert_eq!(from(&needs, "gcc@2"), ["gcc", "libc", "sh"]);
    assert_eq!(needs.len(), 5);
}

#[test]
fn what_stage_2_lacks_is_one_table() {
    let specs = [spec("a").package("a", &[]).needs(&["gcc"]), spec("b").package("b", &[]).needs(&["gcc"])];
    let errors = second(&specs, &["a", "shell"]).expect_err("there is no compiler");
    let text = errors.iter().map(ToString::to_string).collect::<String>();
    assert_eq!(errors.len(), 1);
    assert!(text.contains("does not provide 2 capabilities yet:\n  gcc    a b\n  shell  [stage2]\n"), "{text}");

    let specs = [spec("a").package("a", &[]).requires(&["strip", "libc.so.6()(64bit)"])];
    let text = second(&specs, &["a"]).expect_err("a needs strip").iter().map(ToString::to_string).collect::<String>();
    assert!(text.contains("does not provide 1 capabilities yet:\n  strip  a(installed)\n"), "{text}");
}

#[test]
fn stage_2_never_takes_a_bootstrap_variant() {
    let (mut inputs, facts) = release(&[
        lib("a").needs(&["b-devel"]),
        lib("b").needs(&["a-devel"]),
        lib("a~bootstrap"),
        spec("app").package("app", &[]).needs(&["b-devel"]),
    ]);
    toy::bootstrap(&mut inputs, "a", &["b"]);
    let stage = Stage2 { packages: vec![], fixups: blob("stage2") };
    let first = resolve(&inputs, &facts).expect("the variant breaks it");
    let needs = resolve_second(&inputs, &facts, &stage, &first).expect("it closes over itself");
    assert_eq!(from(&needs, "app@2"), ["a", "b"]);
    assert_eq!(from(&needs, "b@2"), ["a"]);
    assert!(!needs.contains_key("a~bootstrap@2"));
}
