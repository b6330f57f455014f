//! Toy specs and inputs for the tests of this crate.

use std::collections::{BTreeMap, BTreeSet};

use azl_action::Blob;
use azl_digest::Digest;
use azl_rpm::{Arch, Nevra};

use crate::facts::{Facts, PackageFacts, SpecFacts};
use crate::files;
use crate::inputs::{Bootstrap, ComponentInput, Conditionals, Inputs, SeedSet, Signing, Tool};

/// A spec that is being written.
#[derive(Debug, Clone)]
pub(crate) struct Toy {
    name: String,
    facts: SpecFacts,
}

/// Starts a spec.
pub(crate) fn spec(name: &str) -> Toy {
    let source = format!("{name}-1-1.src").parse().expect("a source package");
    Toy { name: name.to_owned(), facts: SpecFacts { source, ..SpecFacts::default() } }
}

impl Toy {
    /// Adds a package, `name version-release`, and what it provides besides its name.
    pub(crate) fn package(mut self, package: &str, provides: &[&str]) -> Self {
        let (name, evr) = package.split_once(' ').unwrap_or((package, "1-1"));
        let own = format!("{name} = {evr}");
        let provides = provides.iter().copied().chain([own.as_str()]).map(|text| text.parse().expect("a capability"));
        let nevra = Nevra::new(name, evr.to_owned().into(), "x86_64");
        self.facts.packages.push(PackageFacts { nevra, provides: provides.collect(), ..PackageFacts::default() });
        self
    }

    /// Adds what the last package requires.
    pub(crate) fn requires(mut self, requires: &[&str]) -> Self {
        self.last().requires.extend(requires.iter().map(|text| (*text).to_owned()));
        self
    }

    /// Adds what the last package replaces.
    pub(crate) fn obsoletes(mut self, obsoletes: &str) -> Self {
        self.last().obsoletes.push(obsoletes.parse().expect("a capability"));
        self
    }

    /// Adds lines of `%files` to the last package.
    pub(crate) fn files(mut self, lines: &str) -> Self {
        let (_, entries) = files::parse(&format!("%files\n{lines}"), "x").remove(0);
        self.last().files.extend(entries);
        self
    }

    /// Adds BuildRequires.
    pub(crate) fn needs(mut self, requires: &[&str]) -> Self {
        self.facts.build_requires.extend(requires.iter().map(|text| (*text).to_owned()));
        self
    }

    /// Says what it is built for.
    pub(crate) fn only_for(mut self, arch: &str) -> Self {
        self.facts.exclusive_arch.push(arch.to_owned());
        self
    }

    /// Has it find BuildRequires by running.
    pub(crate) fn generates(mut self) -> Self {
        self.facts.generates = true;
        self
    }

    fn last(&mut self) -> &mut PackageFacts {
        self.facts.packages.last_mut().expect("a package")
    }

    /// Returns what rpm would say.
    pub(crate) fn facts(self) -> SpecFacts {
        self.facts
    }
}

/// Returns a release of these specs; a name with `~bootstrap` is a variant's, to be declared with [`bootstrap`].
/// The seed gives `gcc`.
pub(crate) fn release(specs: &[Toy]) -> (Inputs, Facts) {
    let facts: Facts = specs.iter().map(|toy| (toy.name.clone(), toy.facts.clone())).collect();
    let components = facts.keys().filter(|name| !name.contains('~'));
    let inputs = Inputs {
        version: "1".to_owned(),
        epoch: 1,
        arch: Arch::X86_64,
        seed: BTreeMap::from([("build".to_owned(), seed(&["gcc"]))]),
        tools: BTreeMap::new(),
        components: components.map(|name| (name.clone(), component(name))).collect(),
        bootstrap: BTreeMap::new(),
        stage2: None,
        images: BTreeMap::new(),
        assumed: vec![],
        signing: Signing { fingerprint: "F".to_owned(), certificate: blob("key"), secure_boot: None },
    };
    (inputs, facts)
}

/// Declares a bootstrap variant.
pub(crate) fn bootstrap(inputs: &mut Inputs, component: &str, users: &[&str]) {
    let users = users.iter().map(|name| (*name).to_owned()).collect();
    let conditionals = Conditionals { without: BTreeSet::from(["tests".to_owned()]), ..Conditionals::default() };
    let variant = Bootstrap { conditionals, users };
    inputs.bootstrap.insert(component.to_owned(), variant);
}

/// Declares a tool of the seed; without users it is for everybody.
pub(crate) fn tool(inputs: &mut Inputs, name: &str, provides: &[&str], users: &[&str]) {
    let users = users.iter().map(|name| (*name).to_owned()).collect();
    inputs.tools.insert(name.to_owned(), Tool { set: seed(provides), users });
}

/// Returns a blob that holds its own name.
pub(crate) fn blob(name: &str) -> Blob {
    Blob { name: name.to_owned(), digest: Digest::of(name.as_bytes()) }
}

fn seed(provides: &[&str]) -> SeedSet {
    SeedSet {
        packages: BTreeMap::new(),
        fixups: blob("seed.layer.json"),
        environment: BTreeMap::from([("SEED".to_owned(), "1".to_owned())]),
        provides: provides.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn component(name: &str) -> ComponentInput {
    let spec = format!("{name}.spec");
    ComponentInput {
        files: vec![blob(&spec)],
        spec,
        sources: BTreeMap::new(),
        repacked: BTreeMap::new(),
        expensive: false,
        seed_derived: false,
        conditionals: Conditionals::default(),
    }
}
