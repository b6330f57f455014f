//! [`Universe::closure`] against trying every set of packages, over random small universes.

use proptest::prelude::*;

use super::tests::{package, universe};
use super::*;
use crate::{Compare, PackageHeader};

/// Returns every set of packages that satisfies the wants and all its members, as a bit mask.
fn answers(wants: &[Dependency], packages: &[PackageHeader]) -> Vec<u32> {
    (0..1u32 << packages.len()).filter(|set| is_answer(*set, wants, packages)).collect()
}

fn is_answer(set: u32, wants: &[Dependency], packages: &[PackageHeader]) -> bool {
    let world = World { set, packages };
    let chosen = || (0..packages.len()).filter(|at| set & (1 << at) != 0);
    let twins = chosen().any(|at| chosen().any(|other| other > at && world.name(at) == world.name(other)));
    !twins
        && wants.iter().all(|want| world.holds(&Rich::parse(&want.to_string()).expect("valid"), None))
        && chosen().all(|at| {
            let own = &packages[at];
            own.requires.iter().all(|d| world.holds(&Rich::parse(&d.to_string()).expect("valid"), None))
                && own.conflicts.iter().all(|d| !world.holds(&Rich::parse(&d.to_string()).expect("valid"), Some(at)))
                && own.obsoletes.iter().all(|d| !chosen().any(|other| other != at && world.is_named(other, d)))
        })
}

struct World<'a> {
    set: u32,
    packages: &'a [PackageHeader],
}

impl World<'_> {
    fn name(&self, at: usize) -> &str {
        &self.packages[at].nevra.name
    }

    fn is_named(&self, at: usize, dependency: &Dependency) -> bool {
        let nevra = &self.packages[at].nevra;
        dependency.satisfied_by(&Dependency::versioned(&nevra.name, Compare::Equal, nevra.evr.clone()))
    }

    fn satisfies(&self, at: usize, rich: &Rich) -> bool {
        match rich {
            Rich::Atom(d) => self.is_named(at, d) || self.packages[at].provides.iter().any(|p| d.satisfied_by(p)),
            Rich::With(parts) => parts.iter().all(|part| self.satisfies(at, part)),
            Rich::Without(wanted, unwanted) => self.satisfies(at, wanted) && !self.satisfies(at, unwanted),
            _ => unreachable!("the universes have no other sets"),
        }
    }

    fn holds(&self, rich: &Rich, except: Option<usize>) -> bool {
        let holds = |rich: &Rich| self.holds(rich, except);
        match rich {
            Rich::Atom(_) | Rich::With(_) | Rich::Without(..) => (0..self.packages.len())
                .any(|at| self.set & (1 << at) != 0 && Some(at) != except && self.satisfies(at, rich)),
            Rich::And(parts) => parts.iter().all(holds),
            Rich::Or(parts) => parts.iter().any(holds),
            Rich::If { then, condition, otherwise } => match holds(condition) {
                true => holds(then),
                false => otherwise.as_deref().is_none_or(holds),
            },
            Rich::Unless { then, condition, otherwise } => match holds(condition) {
                true => otherwise.as_deref().is_some_and(holds),
                false => holds(then),
            },
        }
    }
}

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

fn atom() -> impl Strategy<Value = String> {
    let capability = prop_oneof![4 => prop::sample::select(NAMES.to_vec()), 2 => prop::sample::select(vec!["v", "w"])];
    (capability, prop::sample::select(vec!["", "", "", " = 1", " < 2", " >= 2"]))
        .prop_map(|(name, range)| format!("{name}{range}"))
}

fn expression() -> impl Strategy<Value = String> {
    let two = |operator: &'static str| (atom(), atom()).prop_map(move |(a, b)| format!("({a} {operator} {b})"));
    let leaf = prop_oneof![8 => atom(), 1 => two("with"), 1 => two("without")];
    leaf.prop_recursive(3, 8, 3, |inner| {
        let two = |operator: &'static str| {
            (inner.clone(), inner.clone()).prop_map(move |(a, b)| format!("({a} {operator} {b})"))
        };
        let three = |operator: &'static str| {
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(move |(a, b, c)| format!("({a} {operator} {b} else {c})"))
        };
        prop_oneof![two("and"), two("or"), two("if"), two("unless"), three("if"), three("unless")]
    })
}

fn packages() -> impl Strategy<Value = Vec<PackageHeader>> {
    let line = prop_oneof![
        5 => prop_oneof![3 => atom(), 1 => expression()].prop_map(|text| format!("requires {text}")),
        2 => prop::sample::select(vec!["v", "w", "v = 1", "v = 2", "w = 2"]).prop_map(|text| format!("provides {text}")),
        1 => prop_oneof![3 => atom(), 1 => expression()].prop_map(|text| format!("conflicts {text}")),
        1 => atom().prop_map(|text| format!("obsoletes {text}")),
    ];
    let one = (prop::sample::select(NAMES.to_vec()), 1..3u32, prop::collection::vec(line, 0..4));
    prop::collection::vec(one, 1..8).prop_map(|many| {
        let make = |(name, version, lines): &(&str, u32, Vec<String>)| {
            package(&format!("{name}-{version}-1.noarch"), &lines.iter().map(String::as_str).collect::<Vec<_>>())
        };
        many.iter().map(make).collect()
    })
}

fn wants() -> impl Strategy<Value = Vec<Dependency>> {
    let want = prop_oneof![3 => atom(), 1 => expression()].prop_map(|text| text.parse().expect("valid"));
    prop::collection::vec(want, 1..4)
}

/// What the packages of an answer are, whatever their order was.
fn described(chosen: &[usize], packages: &[PackageHeader]) -> Vec<String> {
    chosen.iter().map(|&at| format!("{:?}", packages[at])).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn an_answer_is_found_exactly_if_there_is_one_and_it_is_right(packages in packages(), wants in wants()) {
        let answers = answers(&wants, &packages);
        match universe(&packages).closure(&wants, &|_| true, &|_| false) {
            Ok(chosen) => {
                let set = chosen.iter().fold(0u32, |set, at| set | 1 << at);
                prop_assert!(answers.contains(&set), "{set} is none of {answers:?}");
            }
            Err(problems) => {
                prop_assert!(answers.is_empty(), "{problems:?} though there are {answers:?}");
                prop_assert!(!problems.is_empty());
            }
        }
    }

    #[test]
    fn the_order_of_packages_and_wants_does_not_matter(packages in packages(), wants in wants()) {
        let forwards = universe(&packages).closure(&wants, &|_| true, &|_| false);
        let (mut turned, mut wanted) = (packages.clone(), wants.clone());
        turned.reverse();
        wanted.reverse();
        let mut universe = Universe::default();
        for (at, package) in turned.iter().enumerate() {
            universe.add(package, azl_digest::Digest::of(&(turned.len() - 1 - at).to_be_bytes()));
        }
        let backwards = universe.closure(&wanted, &|_| true, &|_| false);
        match (forwards, backwards) {
            (Ok(forwards), Ok(backwards)) => {
                prop_assert_eq!(described(&forwards, &packages), described(&backwards, &turned));
            }
            (forwards, backwards) => prop_assert_eq!(forwards.err(), backwards.err()),
        }
    }
}
