//! A spec's way through its overlays: as packaged, after each overlay in turn and, of a component, as rendered.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use azl_config::render::gather;
use azl_config::{FileEntry, FileSet};
use azl_diagnostics::Diagnostic;
use azl_overlay::fixture::Fixture;
use azl_overlay::{Sources, Target};

use crate::checkout::Checkout;
use crate::error::Failure;
use crate::render::Rendered;
use crate::tree::{Tree, read_directory};

/// Where the overlay engine keeps its fixtures.
const FIXTURES: &str = "crates/azl-overlay/fixtures";

/// What made a step of a spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Maker {
    /// Whoever packaged it; no overlay yet.
    Packager,
    /// An overlay of this kind.
    Overlay(&'static str),
    /// The renderer: macros, release, changelog and header.
    Renderer,
}

impl fmt::Display for Maker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Packager => "packaged",
            Self::Overlay(kind) => kind,
            Self::Renderer => "rendered",
        })
    }
}

/// A spec and the files beside it at one moment.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// What made it.
    pub(super) maker: Maker,
    /// The files, the spec among them.
    pub(super) files: FileSet,
}

/// One spec on its way.
#[derive(Debug, Clone)]
pub(super) struct Passage {
    /// Name of the component or fixture.
    pub(super) name: String,
    /// Its steps; the first is the packager's.
    pub(super) steps: Vec<Step>,
}

impl Passage {
    fn new(name: &str, spec: &str, packaged: &Sources) -> Self {
        let mut passage = Self { name: name.to_owned(), steps: Vec::new() };
        passage.push(Maker::Packager, spec, packaged);
        passage
    }

    fn push(&mut self, maker: Maker, spec: &str, sources: &Sources) {
        let mut files = sources.files.clone();
        files.insert(spec, FileEntry::new(sources.spec.as_bytes().to_vec()));
        self.steps.push(Step { maker, files });
    }

    /// Returns the steps with the directory each is judged in.
    pub(super) fn directories(&self) -> impl Iterator<Item = (String, &Step)> {
        let numbered = self.steps.iter().enumerate();
        numbered.map(|(number, step)| (format!("{}/{number:02}-{}", self.name, step.maker), step))
    }
}

/// Returns the passage of every fixture, in order.
///
/// # Errors
/// If there are none, one cannot be read or an overlay does not apply.
pub(super) fn fixtures(root: &Path) -> Result<Vec<Passage>, Failure> {
    let files = read_directory(&root.join(FIXTURES))?;
    let names: BTreeSet<String> = files.iter().filter_map(|(path, _)| fixture_name(path)).collect();
    names.iter().map(|name| fixture(name, files.below(name))).collect()
}

/// Returns `<kind>/<case>` of a file that is in a fixture.
fn fixture_name(path: &str) -> Option<String> {
    let (kind, rest) = path.split_once('/')?;
    let (case, _) = rest.split_once('/')?;
    Some(format!("{kind}/{case}"))
}

fn fixture(name: &str, files: FileSet) -> Result<Passage, Failure> {
    let named = |problem: Diagnostic| Diagnostic { message: format!("`{name}`: {}", problem.message), ..problem };
    let fixture = Fixture::read(files);
    let fixture = fixture.map_err(|found| Failure::Configuration(found.into_iter().map(named).collect()))?;
    let mut passage = Passage::new(name, "case.spec", &fixture.before);
    for (overlay, after) in fixture.overlays.iter().zip(fixture.apply().map_err(named)?) {
        passage.push(Maker::Overlay(overlay.kind.name()), "case.spec", &after);
    }
    Ok(passage)
}

/// Returns the passage of every component of the tree, in order.
///
/// # Errors
/// Every mistake of every component.
pub(super) fn components(checkout: &Checkout) -> Result<Vec<Passage>, Failure> {
    let names: BTreeSet<String> = checkout.tree.config().components.keys().cloned().collect();
    let rendered = checkout.render(&names)?;
    names.iter().map(|name| component(&checkout.tree, name, &rendered)).collect()
}

fn component(tree: &Tree, name: &str, rendered: &BTreeMap<String, Rendered>) -> Result<Passage, Failure> {
    let component = tree.config().resolve(name)?;
    let spec = format!("{name}.spec");
    let mut sources = gather(&component, &tree.packaging(&component)?)?;
    let mut passage = Passage::new(name, &spec, &sources);
    for overlay in component.overlays.iter().filter(|overlay| overlay.target() == Target::Sources) {
        overlay.apply(&mut sources, tree.authored(), tree.compat())?;
        passage.push(Maker::Overlay(overlay.kind.name()), &spec, &sources);
    }
    let files = rendered[name].files.iter().map(|(path, bytes)| (path.clone(), FileEntry::new(bytes.clone())));
    passage.steps.push(Step { maker: Maker::Renderer, files: files.collect() });
    Ok(passage)
}
