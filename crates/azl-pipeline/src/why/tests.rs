//! Questions to a small distribution.

use super::*;

fn package(name: &str, provides: &[&str], requires: &[&str], files: &[&str]) -> Package {
    Package {
        name: name.to_owned(),
        requires: requires.iter().map(|want| (*want).to_owned()).collect(),
        provides: provides.iter().map(|provide| provide.parse().expect("a capability")).collect(),
        files: files.iter().map(|file| (*file).to_owned()).collect(),
    }
}

fn component(name: &str, build_requires: &[&str], packages: Vec<Package>) -> Component {
    let build_requires = build_requires.iter().map(|want| (*want).to_owned()).collect();
    Component { name: name.to_owned(), build_requires, packages }
}

fn world() -> World {
    World::new(&[
        component(
            "bash",
            &["readline-devel >= 8", "(make or ninja)"],
            vec![package(
                "bash",
                &["bash = 5.3-1"],
                &["libreadline.so.8()(64bit)", "libc.so.6", "libc.so.6(V2)"],
                &["/usr/bin/bash"],
            )],
        ),
        component(
            "readline",
            &["ncurses-devel"],
            vec![
                package("readline", &["libreadline.so.8()(64bit)"], &["libtinfo.so.6", "libc.so.6"], &[]),
                package("readline-devel", &["readline-devel = 8.3-1"], &["readline"], &[]),
            ],
        ),
        component(
            "ncurses",
            &[],
            vec![package("ncurses", &["libtinfo.so.6"], &["libc.so.6"], &[]), package("ncurses-devel", &[], &[], &[])],
        ),
        component("glibc", &["/usr/bin/bash"], vec![package("glibc", &["libc.so.6", "libc.so.6(V2)"], &[], &[])]),
        component("make", &[], vec![package("make", &[], &["libc.so.6"], &[])]),
        component("lonely", &[], vec![package("lonely", &[], &[], &[])]),
    ])
}

fn told(from: &str, to: &str) -> String {
    world().why(from, to).expect("an answer").to_string()
}

#[test]
fn each_step_names_the_capability_and_who_provides_it() {
    assert_eq!(
        told("bash", "ncurses"),
        "package bash\n  Requires libreadline.so.8()(64bit), which package readline provides\n  \
         Requires libtinfo.so.6, which package ncurses provides\n"
    );
    assert_eq!(told("bash", "make"), "component bash\n  BuildRequires (make or ninja), which package make provides\n");
}

#[test]
fn a_component_is_asked_about_its_build_and_its_main_package() {
    // The component makes what is asked for, but its main package leads there by a long way only.
    assert!(told("readline", "readline-devel").starts_with("package readline\n  Requires libc.so.6, "));
    assert_eq!(
        told("readline-devel", "readline"),
        "package readline-devel\n  Requires readline, which package readline provides\n"
    );
}

#[test]
fn capabilities_of_one_provider_are_one_step() {
    assert_eq!(told("bash", "glibc"), "package bash\n  Requires libc.so.6 and 1 more, which package glibc provides\n");
}

#[test]
fn all_shortest_chains_are_listed() {
    let answer = world().why("readline-devel", "libc.so.6").expect("an answer");
    assert_eq!(answer.chains.len(), 1);
    let two = World::new(&[
        component("a", &[], vec![package("a", &[], &["b", "c"], &[])]),
        component("b", &[], vec![package("b", &[], &["d"], &[])]),
        component("c", &[], vec![package("c", &[], &["d"], &[])]),
        component("d", &[], vec![package("d", &[], &[], &[])]),
    ]);
    let answer = two.why("a", "d").expect("an answer");
    let ways: Vec<&str> = answer.chains.iter().map(|chain| chain[0].to.as_str()).collect();
    assert_eq!(ways, ["package b", "package c"]);
    assert!(!answer.more);
}

#[test]
fn files_are_capabilities_too() {
    assert_eq!(told("glibc", "bash"), "component glibc\n  BuildRequires /usr/bin/bash, which package bash provides\n");
}

#[test]
fn what_a_package_is_built_from_is_followed_only_if_nothing_else_leads_there() {
    assert_eq!(
        told("readline-devel", "ncurses-devel"),
        "package readline-devel\n  is built from component readline\n  BuildRequires ncurses-devel, which package \
         ncurses-devel provides\n"
    );
}

#[test]
fn an_image_asks_for_packages_and_is_not_built_from_anything() {
    let wants = ["bash".to_owned()];
    let answer = world().why_image("core", &wants, "ncurses").expect("an answer");
    assert!(answer.to_string().starts_with("image core\n  wants bash, which package bash provides\n"), "{answer}");
    assert_eq!(answer.chains[0].len(), 3);
    assert!(world().why_image("core", &wants, "make").expect("an answer").chains.is_empty());
}

#[test]
fn no_chain_is_an_answer_and_an_unknown_name_is_a_mistake() {
    assert_eq!(told("bash", "lonely"), "nothing leads from bash to lonely\n");
    assert_eq!(told("bash", "bash"), "bash is bash or provides it\n");
    let Err(Failure::Configuration(found)) = world().why("bas", "make") else { panic!("it is unknown") };
    assert!(format!("{:?}", found[0]).contains("did you mean `bash`?"), "{found:?}");
}
