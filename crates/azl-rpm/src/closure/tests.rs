//! Behaviour of [`Universe::closure`] on small package sets.

use azl_digest::Digest;

use super::*;
use crate::{FileEntry, Nevra, PackageHeader};

/// Makes a package from `name-version-release.arch` and lines `requires X`, `provides X`, `conflicts X`,
/// `obsoletes X`, `file X`.
pub(super) fn package(nevra: &str, lines: &[&str]) -> PackageHeader {
    let mut package = PackageHeader { nevra: nevra.parse::<Nevra>().expect("valid"), ..PackageHeader::default() };
    for line in lines {
        let (kind, value) = line.split_once(' ').expect("kind and value");
        let dependency = || value.parse().expect("valid dependency");
        match kind {
            "requires" => package.requires.push(dependency()),
            "provides" => package.provides.push(dependency()),
            "conflicts" => package.conflicts.push(dependency()),
            "obsoletes" => package.obsoletes.push(dependency()),
            "file" => package.files.push(FileEntry { path: value.into(), ..FileEntry::default() }),
            _ => panic!("unknown line {line}"),
        }
    }
    package
}

/// Adds packages, each with the digest of its own position in `packages`.
pub(super) fn universe(packages: &[PackageHeader]) -> Universe {
    let mut universe = Universe::default();
    for (at, package) in packages.iter().enumerate() {
        universe.add(package, Digest::of(&at.to_be_bytes()));
    }
    universe
}

/// Returns the chosen names, or the problems as text.
fn solve(wants: &[&str], packages: &[PackageHeader]) -> Result<Vec<String>, Vec<String>> {
    let wants: Vec<Dependency> = wants.iter().map(|want| want.parse().expect("valid")).collect();
    match universe(packages).closure(&wants, &|_| true, &|dependency| dependency.name == "assumed") {
        Ok(chosen) => Ok(chosen.into_iter().map(|at| packages[at].nevra.name.clone()).collect()),
        Err(problems) => Err(problems.iter().map(ToString::to_string).collect()),
    }
}

fn names(names: &[&str]) -> Result<Vec<String>, Vec<String>> {
    Ok(names.iter().map(|&name| name.to_owned()).collect())
}

#[test]
fn requirements_are_followed_and_unneeded_packages_left_out() {
    let packages = [
        package("bash-5.3-1.x86_64", &["requires libc.so.6()(64bit)", "requires rpmlib(X) <= 4", "requires assumed"]),
        package("glibc-2.42-1.x86_64", &["provides libc.so.6()(64bit)", "requires glibc-common = 2.42-1"]),
        package("glibc-common-2.42-1.x86_64", &["requires glibc"]),
        package("vim-9-1.x86_64", &[]),
    ];
    assert_eq!(solve(&["bash"], &packages), names(&["bash", "glibc", "glibc-common"]));
}

#[test]
fn missing_provider_names_the_chain() {
    let packages = [
        package("a-1-1.x86_64", &["requires b"]),
        package("b-1-1.noarch", &["requires c >= 2"]),
        package("c-1-1.noarch", &[]),
    ];
    assert_eq!(
        solve(&["a"], &packages),
        Err(vec![
            "nothing provides `c >= 2`, but `c-1-1.noarch` provides `c = 1-1` (needed by: a -> a-1-1.x86_64 -> b-1-1.noarch)"
                .into()
        ])
    );
    assert_eq!(solve(&["x"], &packages), Err(vec!["nothing provides `x` (needed by: x)".into()]));
}

#[test]
fn choice_prefers_chosen_then_name_then_evr_then_lexical() {
    let packages = [
        package("z-mta-9-1.noarch", &["provides mta"]),
        package("a-mta-9-1.noarch", &["provides mta"]),
        package("b-mta-1-1.noarch", &["provides mta"]),
        package("user-1-1.noarch", &["requires mta", "requires b-mta"]),
        package("mta2-1-1.noarch", &["provides thing"]),
        package("thing-0.1-1.noarch", &[]),
    ];
    assert_eq!(solve(&["mta"], &packages), names(&["a-mta"]));
    assert_eq!(solve(&["user"], &packages), names(&["b-mta", "user"]));
    assert_eq!(solve(&["thing"], &packages), names(&["thing"]));
    let two = [package("k-1-1.noarch", &[]), package("k-1:0-1.noarch", &[])];
    assert_eq!(universe(&two).closure(&["k".parse().expect("valid")], &|_| true, &|_| false), Ok(vec![1]));
}

#[test]
fn files_match_lists_and_provides_across_the_usr_merge() {
    let packages = [
        package("bash-5-1.x86_64", &["file /usr/bin/bash", "provides /bin/sh"]),
        package("glibc-2-1.x86_64", &["file /usr/sbin/ldconfig"]),
    ];
    assert_eq!(solve(&["/usr/bin/sh", "/bin/bash"], &packages), names(&["bash"]));
    assert_eq!(solve(&["/sbin/ldconfig"], &packages), names(&["glibc"]));
    assert!(solve(&["/opt/bin/bash"], &packages).is_err());
}

#[test]
fn conditions_hold_only_with_what_is_chosen() {
    let packages = [
        package("lang-1-1.noarch", &[]),
        package("langpacks-1-1.noarch", &[]),
        package("app-1-1.noarch", &["requires (lang if langpacks)"]),
        package("both-1-1.noarch", &["requires app", "requires langpacks"]),
        package("alt-1-1.noarch", &["requires (lang if missing else langpacks)"]),
    ];
    assert_eq!(solve(&["app"], &packages), names(&["app"]));
    assert_eq!(solve(&["both"], &packages), names(&["app", "both", "lang", "langpacks"]));
    assert_eq!(solve(&["alt"], &packages), names(&["alt", "langpacks"]));
}

#[test]
fn rich_operators_choose() {
    let packages = [
        package("a-1-1.noarch", &["provides x = 1", "provides y = 1"]),
        package("b-2-1.noarch", &["provides x = 2"]),
        package("c-3-1.noarch", &["provides x = 3", "provides bad"]),
    ];
    assert_eq!(solve(&["(x with y)"], &packages), names(&["a"]));
    assert_eq!(solve(&["(x >= 2 without bad)"], &packages), names(&["b"]));
    assert_eq!(solve(&["(missing or b)"], &packages), names(&["b"]));
    assert_eq!(solve(&["(c or b)"], &packages), names(&["c"]));
    assert_eq!(solve(&["(c or b)", "b"], &packages), names(&["b"]));
    assert_eq!(solve(&["(a and b)"], &packages), names(&["a", "b"]));
    assert_eq!(solve(&["(a unless b)"], &packages), names(&["a"]));
    assert_eq!(solve(&["(a unless b else c)", "b"], &packages), names(&["b", "c"]));
    assert_eq!(solve(&["((a and x >= 2) or (b and missing))"], &packages), names(&["a", "c"]));
    assert!(solve(&["(a with (b if c))"], &packages).expect_err("unsupported")[0].contains("cannot evaluate"));
    assert!(solve(&["(a xor b)"], &packages).expect_err("unsupported")[0].contains("cannot evaluate"));
}

#[test]
fn conflicts_between_needed_packages_are_errors() {
    let packages = [
        package("a-1-1.noarch", &["conflicts b < 2", "conflicts a"]),
        package("b-1-1.noarch", &[]),
        package("app-1-1.noarch", &["requires a", "requires b"]),
    ];
    assert_eq!(solve(&["a"], &packages), names(&["a"]));
    let problems = solve(&["app"], &packages).expect_err("conflict");
    assert_eq!(
        problems,
        ["`b-1-1.noarch` (needed by: app -> app-1-1.noarch) conflicts with `b < 2` \
          (needed by: app -> app-1-1.noarch -> a-1-1.noarch)"]
    );
}

#[test]
fn a_choice_that_leads_nowhere_is_taken_back() {
    // The best provider of `mta` conflicts with what is needed anyway, which shows only later.
    let packages = [
        package("a-mta-9-1.noarch", &["provides mta", "requires db"]),
        package("b-mta-1-1.noarch", &["provides mta"]),
        package("db-1-1.noarch", &["conflicts tool"]),
        package("tool-1-1.noarch", &[]),
        package("app-1-1.noarch", &["requires mta", "requires late"]),
        package("late-1-1.noarch", &["requires tool"]),
    ];
    assert_eq!(solve(&["app"], &packages), names(&["app", "b-mta", "late", "tool"]));
    // A missing requirement of the highest version leaves the next one.
    let packages =
        [package("k-2-1.noarch", &["requires missing"]), package("k-1-1.noarch", &[]), package("k-0-1.noarch", &[])];
    let wants = ["k".parse().expect("valid")];
    assert_eq!(universe(&packages).closure(&wants, &|_| true, &|_| false), Ok(vec![1]));
}

#[test]
fn what_a_later_choice_makes_superfluous_is_left_out() {
    let packages = [
        package("a-mta-9-1.noarch", &["provides mta"]),
        package("b-mta-1-1.noarch", &["provides mta"]),
        package("x-1-1.noarch", &["provides tool"]),
        package("y-0-1.noarch", &["provides tool", "requires b-mta"]),
        package("z-1-1.noarch", &["requires (y or x)"]),
    ];
    assert_eq!(solve(&["mta", "z"], &packages), names(&["b-mta", "y", "z"]));
}

#[test]
fn two_versions_of_a_name_are_not_chosen_together() {
    let packages = [
        package("k-1-1.noarch", &[]),
        package("k-2-1.noarch", &[]),
        package("app-1-1.noarch", &["requires k = 1", "requires k = 2"]),
    ];
    let problems = solve(&["app"], &packages).expect_err("both");
    assert!(problems[0].contains("`k-2-1.noarch` (needed by: app -> app-1-1.noarch) is another `k`"), "{problems:?}");
    assert_eq!(solve(&["k", "k < 2"], &packages), names(&["k"]));
}

#[test]
fn an_obsolete_package_is_not_chosen_with_its_obsoleter() {
    let packages = [
        package("old-1-1.noarch", &["provides thing"]),
        package("new-1-1.noarch", &["obsoletes old < 2", "provides old = 2", "provides thing"]),
        package("app-1-1.noarch", &["requires old", "requires new"]),
        package("both-1-1.noarch", &["requires old < 2", "requires new"]),
        package("virtual-1-1.noarch", &["obsoletes thing"]),
    ];
    // Nobody asked for `new`.
    assert_eq!(solve(&["old"], &packages), names(&["old"]));
    assert_eq!(solve(&["app"], &packages), names(&["app", "new"]));
    // Only names become obsolete, not what packages provide.
    assert_eq!(solve(&["virtual", "thing"], &packages), names(&["new", "virtual"]));
    assert_eq!(
        solve(&["both"], &packages).expect_err("obsolete"),
        ["`old-1-1.noarch` (needed by: both -> both-1-1.noarch) is obsoleted by `old < 2` \
          (needed by: both -> both-1-1.noarch -> new-1-1.noarch)"]
    );
}

#[test]
fn rich_conflicts_forbid_what_they_say() {
    let packages = [
        package("a-1-1.noarch", &["conflicts (b and c)"]),
        package("d-1-1.noarch", &["conflicts (b unless c)"]),
        package("b-1-1.noarch", &[]),
        package("c-1-1.noarch", &[]),
    ];
    assert_eq!(solve(&["a", "b"], &packages), names(&["a", "b"]));
    assert_eq!(solve(&["d", "b"], &packages), names(&["b", "c", "d"]));
    assert!(solve(&["a", "b", "c"], &packages).is_err());
    assert!(solve(&["a", "b", "d"], &packages).is_err());
}

#[test]
fn every_missing_provider_is_told_at_once_and_dead_ends_are_not_blamed() {
    let packages = [
        package("a-1-1.noarch", &["requires x", "requires y"]),
        package("b-2-1.noarch", &["provides tool", "requires gone"]),
        package("c-1-1.noarch", &["provides tool"]),
    ];
    let problems = solve(&["a", "tool", "z"], &packages).expect_err("missing");
    let missing: Vec<&str> = problems.iter().filter_map(|text| text.split('`').nth(1)).collect();
    assert_eq!(missing, ["x", "y", "z"]);
}

#[test]
fn packages_that_are_no_candidates_are_not_chosen_but_named() {
    let packages = [package("a-1-1.noarch", &["requires b"]), package("b-1-1.noarch", &[])];
    let wants = ["a".parse().expect("valid")];
    let problems = universe(&packages).closure(&wants, &|at| at != 1, &|_| false).expect_err("missing");
    assert_eq!(
        problems[0].to_string(),
        "nothing provides `b`, but `b-1-1.noarch` does and may not be chosen (needed by: a -> a-1-1.noarch)"
    );
}

#[test]
fn source_packages_provide_nothing() {
    assert!(solve(&["bash"], &[package("bash-5-1.src", &[])]).is_err());
}

#[test]
fn repository_is_asked_package_by_package() {
    let packages = [
        package("a-1-1.noarch", &["requires x", "requires assumed", "requires rpmlib(X) <= 1", "conflicts b"]),
        package("b-1-1.noarch", &["requires (x or a)", "requires (x if y)", "requires a"]),
        package("b-1-1.src", &["requires gcc"]),
    ];
    let missing: Vec<String> =
        universe(&packages).unprovided(&|d| d.name == "assumed").iter().map(ToString::to_string).collect();
    assert_eq!(missing, ["nothing provides `x` (needed by: a-1-1.noarch)"]);
}

#[test]
fn a_condition_that_holds_from_the_start_is_heeded() {
    // resolvo 0.12.2 overlooks such a condition if it is told as one.
    let packages = [
        package("a-1-1.noarch", &[]),
        package("b-1-1.noarch", &["provides w"]),
        package("b-1-2.noarch", &["provides v"]),
    ];
    assert!(solve(&["(a unless v else w)", "v"], &packages).is_err());
    assert!(solve(&["(w if v)", "v"], &packages).is_err());
    assert_eq!(solve(&["(a if v)", "v"], &packages), names(&["a", "b"]));
}
