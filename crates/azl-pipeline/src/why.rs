//! `why`: the chains of BuildRequires and Requires that lead from one thing to another.
//!
//! Not here: which packages a closure chooses (`azl_rpm::closure`). Where several packages provide what is asked for,
//! there is a chain through each.
//!
//! **Invariant:** every chain that is shown is as short as any, and each of its steps holds in the packages given.

mod gather;
mod search;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use azl_diagnostics::Diagnostic;
use azl_rpm::{Dependency, Rich};
use serde::Serialize;

use crate::error::Failure;
pub use gather::{gather, image};

/// Most chains that are listed; there may be very many of one length.
const CHAINS: usize = 20;

/// A package, as its header or else its spec says.
#[derive(Debug, Clone, Default)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// What it requires.
    pub requires: Vec<String>,
    /// What it provides, its name included.
    pub provides: Vec<Dependency>,
    /// Paths of its files.
    pub files: Vec<String>,
}

/// A component and its packages.
#[derive(Debug, Clone, Default)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// What is needed to build it.
    pub build_requires: Vec<String>,
    /// Its packages.
    pub packages: Vec<Package>,
}

/// How one thing needs another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum How {
    /// An image asks for it.
    #[serde(rename = "wants")]
    Wants,
    /// To be built.
    BuildRequires,
    /// To be installed.
    Requires,
    /// A package is made by its component.
    #[serde(rename = "built from")]
    BuiltFrom,
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wants => "wants",
            Self::BuildRequires => "BuildRequires",
            Self::Requires => "Requires",
            Self::BuiltFrom => "is built from",
        })
    }
}

/// One step of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Who needs it.
    pub from: String,
    /// How.
    pub how: How,
    /// What is asked for; several, if the same package provides more than one.
    pub capabilities: Vec<String>,
    /// Who provides it.
    pub to: String,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Where the chains begin.
    pub from: String,
    /// Where they end.
    pub to: String,
    /// The shortest chains, at most [`CHAINS`].
    pub chains: Vec<Vec<Step>>,
    /// Whether there are more.
    pub more: bool,
}

/// A point of the search.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Point {
    label: String,
    edges: BTreeMap<(usize, How), Vec<String>>,
}

/// Components, packages and what each needs of the others.
#[derive(Debug, Clone)]
pub struct World {
    points: Vec<Point>,
    components: BTreeMap<String, Vec<usize>>,
    packages: BTreeMap<String, Vec<usize>>,
    providers: BTreeMap<String, Vec<(usize, Dependency)>>,
}

impl World {
    /// Connects components and their packages.
    pub fn new(components: &[Component]) -> Self {
        let mut world = Self {
            points: Vec::new(),
            components: BTreeMap::new(),
            packages: BTreeMap::new(),
            providers: BTreeMap::new(),
        };
        for component in components {
            world.insert(component);
        }
        let wanted = asked_files(components);
        for package in components.iter().flat_map(|component| &component.packages) {
            for file in package.files.iter().filter(|file| wanted.contains(file.as_str())) {
                let holders = world.packages[&package.name].iter().map(|point| (*point, Dependency::any(file.clone())));
                world.providers.entry(file.clone()).or_default().extend(holders);
            }
        }
        for component in components {
            let own = world.components[&component.name].clone();
            world.connect(own[0], How::BuildRequires, &component.build_requires);
            for (package, point) in component.packages.iter().zip(&own[1..]) {
                world.connect(*point, How::Requires, &package.requires);
                world.points[*point].edges.insert((own[0], How::BuiltFrom), Vec::new());
            }
        }
        world
    }

    /// Adds a component's own point, then its packages'.
    fn insert(&mut self, component: &Component) {
        let mut own = vec![self.add(format!("component {}", component.name))];
        for package in &component.packages {
            let point = self.add(format!("package {}", package.name));
            own.push(point);
            self.packages.entry(package.name.clone()).or_default().push(point);
            for provide in package.provides.iter().cloned().chain([Dependency::any(package.name.clone())]) {
                self.providers.entry(provide.name.clone()).or_default().push((point, provide));
            }
        }
        self.components.insert(component.name.clone(), own);
    }

    fn add(&mut self, label: String) -> usize {
        self.points.push(Point { label, edges: BTreeMap::new() });
        self.points.len() - 1
    }

    fn connect(&mut self, from: usize, how: How, wants: &[String]) {
        for want in wants {
            for to in self.providing(want).into_iter().filter(|to| *to != from) {
                let capabilities = self.points[from].edges.entry((to, how)).or_default();
                if !capabilities.contains(want) {
                    capabilities.push(want.clone());
                }
            }
        }
    }

    /// Returns the packages that provide a capability, or a part of an expression.
    fn providing(&self, want: &str) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        for atom in atoms(want) {
            for (point, provide) in self.providers.get(&atom.name).into_iter().flatten() {
                if atom.satisfied_by(provide) {
                    found.insert(*point);
                }
            }
        }
        found
    }

    /// Returns the shortest chains between two things, each a component, a package or (the second) a capability.
    /// What packages are built from is followed only if nothing else leads there.
    ///
    /// # Errors
    /// If one of them is unknown.
    pub fn why(&self, from: &str, to: &str) -> Result<Answer, Failure> {
        let starts: BTreeSet<usize> = match (self.components.get(from), self.packages.get(from)) {
            (None, None) => return Err(self.unknown(from)),
            (None, Some(packages)) => packages.iter().copied().collect(),
            // A component is asked what it needs to be built, and what its main package needs.
            (Some(own), Some(packages)) => own.iter().take(1).chain(packages).copied().collect(),
            (Some(own), None) => own.iter().copied().collect(),
        };
        self.answer(from, &starts, to)
    }

    /// Returns the shortest chains from what an image asks for.
    ///
    /// # Errors
    /// If `to` is unknown.
    pub fn why_image(mut self, image: &str, wants: &[String], to: &str) -> Result<Answer, Failure> {
        let start = self.add(format!("image {image}"));
        self.connect(start, How::Wants, wants);
        for point in &mut self.points {
            point.edges.retain(|(_, how), _| !matches!(how, How::BuildRequires | How::BuiltFrom));
        }
        self.answer(image, &BTreeSet::from([start]), to)
    }

    fn answer(&self, from: &str, starts: &BTreeSet<usize>, to: &str) -> Result<Answer, Failure> {
        let all = self.goals(to)?;
        // A package of the component that is asked for is asked about the others.
        let others: BTreeSet<usize> = all.difference(starts).copied().collect();
        let goals = if others.is_empty() { all } else { others };
        let direct = search::shortest(&self.points, starts, &goals, &|how| how != How::BuiltFrom);
        let found = if direct.is_empty() { search::shortest(&self.points, starts, &goals, &|_| true) } else { direct };
        let chains: Vec<Vec<Step>> = found.iter().take(CHAINS).map(|chain| self.steps(chain)).collect();
        Ok(Answer { from: from.to_owned(), to: to.to_owned(), chains, more: found.len() > CHAINS })
    }

    fn goals(&self, to: &str) -> Result<BTreeSet<usize>, Failure> {
        let mut goals = self.providing(to);
        goals.extend(self.components.get(to).into_iter().chain(self.packages.get(to)).flatten());
        if goals.is_empty() { Err(self.unknown(to)) } else { Ok(goals) }
    }

    fn unknown(&self, name: &str) -> Failure {
        let known = self.components.keys().chain(self.packages.keys()).map(String::as_str);
        let error = Diagnostic::error("unknown-name", format!("no component or package is, or provides, `{name}`"));
        match azl_diagnostics::closest(name, known) {
            Some(near) => error.hint(format!("did you mean `{near}`?")).into(),
            None => error.hint("`cargo xtask list` lists components").into(),
        }
    }

    fn steps(&self, chain: &[(usize, How, usize)]) -> Vec<Step> {
        let step = |(from, how, to): &(usize, How, usize)| Step {
            from: self.points[*from].label.clone(),
            how: *how,
            capabilities: self.points[*from].edges[&(*to, *how)].clone(),
            to: self.points[*to].label.clone(),
        };
        chain.iter().map(step).collect()
    }
}

/// Returns the ordinary dependencies in one that may be an expression; nothing if it does not parse.
fn atoms(want: &str) -> Vec<Dependency> {
    let mut atoms = Vec::new();
    let mut open: Vec<Rich> = Rich::parse(want).into_iter().collect();
    while let Some(rich) = open.pop() {
        match rich {
            Rich::Atom(dependency) => atoms.push(dependency),
            Rich::And(parts) | Rich::Or(parts) | Rich::With(parts) => open.extend(parts),
            Rich::Without(part, _) => open.push(*part),
            Rich::If { then, otherwise, .. } | Rich::Unless { then, otherwise, .. } => {
                open.push(*then);
                open.extend(otherwise.map(|part| *part));
            }
        }
    }
    atoms
}

/// Returns the paths that anything asks for.
fn asked_files(components: &[Component]) -> BTreeSet<String> {
    let of_packages = components.iter().flat_map(|component| &component.packages).flat_map(|package| &package.requires);
    let wants = components.iter().flat_map(|component| &component.build_requires).chain(of_packages);
    let files = wants.flat_map(|want| atoms(want)).filter(Dependency::is_file);
    files.map(|dependency| dependency.name).collect()
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.chains.is_empty() {
            return writeln!(f, "nothing leads from {} to {}", self.from, self.to);
        }
        for (number, chain) in self.chains.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            match chain.first() {
                Some(first) => writeln!(f, "{}", first.from)?,
                None => writeln!(f, "{} is {} or provides it", self.from, self.to)?,
            }
            for Step { how, capabilities, to, .. } in chain {
                let more = match capabilities.len() {
                    0 | 1 => String::new(),
                    more => format!(" and {} more", more - 1),
                };
                match capabilities.first() {
                    Some(first) => writeln!(f, "  {how} {first}{more}, which {to} provides")?,
                    None => writeln!(f, "  {how} {to}")?,
                }
            }
        }
        if self.more { writeln!(f, "\nand more chains of this length") } else { Ok(()) }
    }
}
