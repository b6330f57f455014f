//! What rpm said about each spec.
//!
//! Not here: asking rpm (`query`, `generated`), matching what one spec needs with what another gives (`capabilities`).
//!
//! **Invariant:** facts are values; two queries that left the same text give equal facts.

use std::collections::{BTreeMap, BTreeSet};

use azl_rpm::{Arch, Dependency, Evr, Nevra};

use crate::files::{self, FileEntry};

/// Facts by build: a component, or a bootstrap variant of one (see `builds`).
pub type Facts = BTreeMap<String, SpecFacts>;

/// What rpm says about one spec with all macros expanded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpecFacts {
    /// Identity of its source package.
    pub source: Nevra,
    /// BuildRequires, as the spec writes them.
    pub build_requires: Vec<String>,
    /// Architectures it is built for alone; all, if there is none.
    pub exclusive_arch: Vec<String>,
    /// Architectures it is not built for.
    pub exclude_arch: Vec<String>,
    /// Whether it has a `%generate_buildrequires` section.
    pub generates: bool,
    /// All BuildRequires that each round of that section reported so far.
    pub generated: Vec<BTreeSet<String>>,
    /// Its binary packages.
    pub packages: Vec<PackageFacts>,
}

/// What a spec says about one of its binary packages; what rpm finds in its files when it is built is not known yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackageFacts {
    /// Its identity.
    pub nevra: Nevra,
    /// What it provides, its own name with version included.
    pub provides: Vec<Dependency>,
    /// What it requires.
    pub requires: Vec<String>,
    /// What it conflicts with.
    pub conflicts: Vec<String>,
    /// What it replaces.
    pub obsoletes: Vec<Dependency>,
    /// Its `%files`, expanded.
    pub files: Vec<FileEntry>,
}

/// A line of an answer that is no fact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rpm's answer about the spec is not understood: `{0}`")]
pub struct FactsError(String);

/// Names of the files a query leaves.
pub const FILES: [&str; 4] = ["build-requires", "source", "packages", "files"];

impl SpecFacts {
    /// Reads what a query left, by file name.
    ///
    /// # Errors
    /// The first line that is no fact.
    pub fn parse(texts: &BTreeMap<String, String>) -> Result<Self, FactsError> {
        let text = |name: &str| texts.get(name).map_or("", String::as_str);
        let mut facts =
            Self { build_requires: requirements(text("build-requires")).into_iter().collect(), ..Self::default() };
        for line in text("source").lines().filter(|line| !line.is_empty()) {
            match words(line)? {
                ("source", rest) => facts.source = nevra(&format!("{rest} src"))?,
                ("exclusive-arch", arch) => facts.exclusive_arch.push(arch.to_owned()),
                ("exclude-arch", arch) => facts.exclude_arch.push(arch.to_owned()),
                _ => return Err(FactsError(line.to_owned())),
            }
        }
        facts.packages = packages(text("packages"))?;
        facts.generates = files::has_generator(text("files"));
        for (package, entries) in files::parse(text("files"), &facts.source.name) {
            if let Some(known) = facts.packages.iter_mut().find(|known| known.nevra.name == package) {
                known.files.extend(entries);
            }
        }
        Ok(facts)
    }

    /// Returns everything the build requires, as far as it is known.
    pub fn requirements(&self) -> impl Iterator<Item = &str> {
        let known: BTreeSet<&str> = self.build_requires.iter().map(String::as_str).collect();
        let found = self.generated.last().into_iter().flatten().map(String::as_str);
        let found: Vec<&str> = found.filter(|requirement| !known.contains(requirement)).collect();
        self.build_requires.iter().map(String::as_str).chain(found)
    }

    /// Returns whether the spec says that it is built for `arch`.
    pub fn is_for(&self, arch: Arch) -> bool {
        let names = |list: &[String]| list.iter().any(|name| name == arch.rpm() || name == "noarch");
        (self.exclusive_arch.is_empty() || names(&self.exclusive_arch)) && !names(&self.exclude_arch)
    }
}

/// Reads a list of requirements, one on a line; those on features of rpm itself are left out.
pub fn requirements(text: &str) -> BTreeSet<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("rpmlib("));
    lines.map(str::to_owned).collect()
}

fn packages(text: &str) -> Result<Vec<PackageFacts>, FactsError> {
    let mut packages: Vec<PackageFacts> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let error = || FactsError(line.to_owned());
        let (kind, rest) = words(line)?;
        if kind == "package" {
            packages.push(PackageFacts { nevra: nevra(rest)?, ..PackageFacts::default() });
            continue;
        }
        let package = packages.last_mut().ok_or_else(error)?;
        match kind {
            "provides" => package.provides.push(rest.parse().map_err(|_| error())?),
            "requires" => package.requires.push(rest.to_owned()),
            "conflicts" => package.conflicts.push(rest.to_owned()),
            "obsoletes" => package.obsoletes.push(rest.parse().map_err(|_| error())?),
            _ => return Err(error()),
        }
    }
    Ok(packages)
}

fn words(line: &str) -> Result<(&str, &str), FactsError> {
    line.split_once(' ').ok_or_else(|| FactsError(line.to_owned()))
}

/// Reads `name evr arch`.
fn nevra(text: &str) -> Result<Nevra, FactsError> {
    let mut words = text.split(' ');
    let (Some(name), Some(evr), Some(arch), None) = (words.next(), words.next(), words.next(), words.next()) else {
        return Err(FactsError(text.to_owned()));
    };
    Ok(Nevra::new(name, Evr::from(evr.to_owned()), arch))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(source: &str, packages: &str, files: &str) -> Result<SpecFacts, FactsError> {
        let texts = [
            ("source", source),
            ("packages", packages),
            ("files", files),
            ("build-requires", "gcc\n\ngcc\n(a or b)\n"),
        ];
        SpecFacts::parse(&texts.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect())
    }

    #[test]
    fn an_answer_becomes_packages_with_versions_and_files() {
        let packages = "package toy 2:1.0-1 x86_64\nprovides toy = 2:1.0-1\nrequires (u if v)\npackage toy-libs 1-1 noarch\nobsoletes old < 3\n";
        let facts = parse("source toy 2:1.0-1\n", packages, "%files\n/usr/bin/toy\n%files libs\n/usr/lib64/x\n")
            .expect("facts");
        assert_eq!(facts.source.to_string(), "toy-2:1.0-1.src");
        assert_eq!(facts.build_requires, ["(a or b)", "gcc"]);
        assert_eq!(facts.packages[0].provides[0].to_string(), "toy = 2:1.0-1");
        assert_eq!(facts.packages[0].files[0].path, "/usr/bin/toy");
        assert_eq!((facts.packages[1].nevra.arch.as_str(), facts.packages[1].files.len()), ("noarch", 1));
        assert!(!facts.generates);
    }

    #[test]
    fn a_line_that_is_no_fact_is_shown() {
        let error = parse("source toy 1-1\n", "provides toy = 1\n", "").expect_err("a capability of no package");
        assert!(error.to_string().contains("`provides toy = 1`"), "{error}");
    }

    #[test]
    fn architectures_are_chosen_and_left_out() {
        let facts = |text: &str| parse(&format!("source toy 1-1\n{text}"), "", "").expect("facts");
        assert!(facts("").is_for(Arch::X86_64));
        assert!(!facts("exclusive-arch aarch64\nexclusive-arch ppc64le\n").is_for(Arch::X86_64));
        assert!(facts("exclusive-arch aarch64\n").is_for(Arch::Aarch64));
        assert!(!facts("exclude-arch x86_64\n").is_for(Arch::X86_64));
    }

    #[test]
    fn found_requirements_come_after_the_written_ones_and_once() {
        let mut facts = parse("source toy 1-1\n", "", "%generate_buildrequires\n").expect("facts");
        assert!(facts.generates);
        facts.generated.push(requirements("gcc\nlater\nrpmlib(X) <= 1\n"));
        assert_eq!(facts.requirements().collect::<Vec<_>>(), ["(a or b)", "gcc", "later"]);
    }
}
