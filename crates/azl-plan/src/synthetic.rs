//! Distributions that do not exist, of any size: what planning, lowering and scheduling are measured with.
//!
//! They have the shape of real ones: a few packages that nearly all need, libraries in layers, requirements by name, version,
//! file and expression. No action of such a plan can be done.
//!
//! **Invariant:** the same [`Shape`] gives the same distribution, everywhere and always, and it can be planned.

use std::collections::{BTreeMap, BTreeSet};

use azl_action::{Blob, Origin, Wanted};
use azl_digest::{Digest, Sha512};
use azl_rpm::{Arch, Compare, Dependency, Evr, Nevra};

use crate::MACROS;
use crate::facts::{Facts, PackageFacts, SpecFacts};
use crate::files::{EntryKind, FileEntry};
use crate::inputs::{ComponentInput, Conditionals, ImageInput, ImageKind, Inputs, SeedSet, Signing};

/// What to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Number of components, the macros component included.
    pub components: usize,
    /// Number of BuildRequires of all components together that are met by components; each has some of the seed, too.
    pub edges: usize,
    /// Another number gives another distribution of the same size.
    pub seed: u64,
}

impl Shape {
    /// As many components and edges as Azure Linux 4.0 has.
    pub const AZURE_LINUX: Self = Self { components: 7_600, edges: 60_000, seed: 4 };
}

/// Makes a distribution.
pub fn distribution(shape: Shape) -> (Inputs, Facts) {
    let mut random = Random(shape.seed);
    let mut facts = Facts::new();
    facts.insert(MACROS.to_owned(), spec(MACROS, Vec::new()));
    let others = shape.components.saturating_sub(1);
    for number in 0..others {
        // The first component has nothing below it; the others share the edges out evenly.
        let share = shape.edges * (number + 1) / others.max(1) - shape.edges * number / others.max(1);
        let mut requires = vec!["gcc".to_owned(), "make".to_owned()];
        requires.extend(
            (0..share).filter(|_| number > 0).map(|_| requirement(random.below_often_low(number), &mut random)),
        );
        facts.insert(name(number), spec(&name(number), requires));
    }
    let components = facts.keys().map(|name| (name.clone(), component(name))).collect();
    (inputs(components), facts)
}

fn name(number: usize) -> String {
    format!("component-{number:05}")
}

/// Asks for a package of a component in one of the ways specs do.
fn requirement(number: usize, random: &mut Random) -> String {
    let name = name(number);
    match random.below(20) {
        0 => format!("/usr/bin/{name}"),
        1 => format!("({name}-devel or {name}-compat)"),
        2 => format!("({name}-devel with {name}-headers)"),
        3..=6 => format!("{name}-devel >= 1.{}", random.below(3)),
        _ => format!("{name}-devel"),
    }
}

fn spec(name: &str, build_requires: Vec<String>) -> SpecFacts {
    let build_requires: BTreeSet<String> = build_requires.into_iter().collect();
    let package = |suffix: &str, provides: &[String], requires: &[String]| {
        let evr = Evr::new(0, "1.3", "1.azl4");
        let full = format!("{name}{suffix}");
        let own = Dependency::versioned(full.clone(), Compare::Equal, evr.clone());
        let others = provides.iter().map(|provide| Dependency::versioned(provide.clone(), Compare::Equal, evr.clone()));
        PackageFacts {
            provides: std::iter::once(own).chain(others).collect(),
            nevra: Nevra::new(full, evr, "x86_64"),
            requires: requires.to_vec(),
            ..PackageFacts::default()
        }
    };
    let mut program = package("", &[], &[format!("{name}-libs = 1.3-1.azl4")]);
    let paths = [format!("/usr/bin/{name}"), format!("/usr/share/{name}"), format!("/usr/share/man/man1/{name}.1*")];
    program.files = paths.into_iter().map(|path| FileEntry { path, kind: EntryKind::Listed }).collect();
    let headers = [format!("{name}-headers")];
    // A library's headers need those of what it was built with, as far as its spec says so.
    let public = build_requires.iter().filter(|text| text.ends_with("-devel")).take(2).cloned();
    let requires: Vec<String> = std::iter::once(format!("{name}-libs = 1.3-1.azl4")).chain(public).collect();
    let packages = vec![program, package("-libs", &[], &[]), package("-devel", &headers, &requires)];
    let source = Nevra::new(name, Evr::new(0, "1.3", "1.azl4"), "src");
    SpecFacts { source, build_requires: build_requires.into_iter().collect(), packages, ..SpecFacts::default() }
}

fn component(name: &str) -> ComponentInput {
    let archive = Wanted {
        sha256: None,
        sha512: Some(Sha512::of(name.as_bytes())),
        size: Some(1_000_000),
        origins: vec![Origin::Url(format!("file:///{name}.tar.xz"))],
    };
    ComponentInput {
        spec: format!("{name}.spec"),
        files: vec![blob(&format!("{name}.spec"))],
        sources: BTreeMap::from([(format!("{name}.tar.xz"), archive)]),
        repacked: BTreeMap::new(),
        expensive: false,
        seed_derived: false,
        conditionals: Conditionals::default(),
    }
}

fn inputs(components: BTreeMap<String, ComponentInput>) -> Inputs {
    let set = SeedSet {
        packages: BTreeMap::new(),
        fixups: blob("seed.layer.json"),
        environment: BTreeMap::new(),
        provides: ["gcc", "glibc", "make"].map(str::to_owned).into(),
    };
    let image = ImageInput {
        kind: ImageKind::Oci,
        model: serde_json::Value::Null,
        packages: vec![MACROS.to_owned()],
        derive: Vec::new(),
        scenarios: BTreeMap::new(),
    };
    Inputs {
        version: "0".to_owned(),
        epoch: 0,
        arch: Arch::X86_64,
        seed: ["boot", "build", "check"].map(|name| (name.to_owned(), set.clone())).into(),
        tools: BTreeMap::new(),
        components,
        bootstrap: BTreeMap::new(),
        stage2: None,
        images: BTreeMap::from([("image".to_owned(), image)]),
        assumed: Vec::new(),
        signing: Signing { fingerprint: String::new(), certificate: blob("certificate"), secure_boot: None },
    }
}

fn blob(name: &str) -> Blob {
    Blob { name: name.to_owned(), digest: Digest::of(name.as_bytes()) }
}

/// Numbers that look random and are the same each time (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.next() % limit).unwrap_or(0)
    }

    /// A few low numbers often, the others now and then: few components are needed by many.
    fn below_often_low(&mut self, limit: usize) -> usize {
        match self.below(3) {
            0 => self.below(limit.min(100)),
            1 => self.below(limit.min(1_000)),
            _ => self.below(limit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan;
    use crate::release::Goal;

    const SMALL: Shape = Shape { components: 300, edges: 2_000, seed: 1 };

    #[test]
    fn a_shape_gives_one_distribution_and_a_seed_another() {
        let (_, facts) = distribution(SMALL);
        assert_eq!(facts, distribution(SMALL).1);
        assert_ne!(facts, distribution(Shape { seed: 2, ..SMALL }).1);
        assert_eq!(facts.len(), SMALL.components);
    }

    #[test]
    fn it_can_be_planned_to_its_release() {
        let (inputs, facts) = distribution(SMALL);
        let graph = plan(&inputs, &facts, &Goal::Release).expect("a graph");
        let built = graph.nodes().keys().filter(|id| id.stage() == "rpm").count();
        assert_eq!(built, SMALL.components);
    }
}
