//! Renders a component: its packaging plus overlays plus build options gives the files of `specs/`.
//!
//! The order is azldev's: build macros (those that name upstream's version too), overlays, `%check` switched off, release
//! and changelog, header. Files the result does not name are left out.
//!
//! Not here: reading histories and locks.
//!
//! **Invariant:** a pure function of the resolved component, its packaging and the authored tree.

mod filter;
mod identity;
mod literal;
mod provenance;
mod release;
mod sources;

use std::collections::{BTreeMap, BTreeSet};

use azl_diagnostics::{Diagnostic, Severity};
use azl_digest::Sha512;
use azl_overlay::{Compat, FileEntry, FileSet, Sources, Target, archive, directory_of};
use azl_spec::{SectionId, SectionName, Spec};

use crate::resolve::{DistGit, ResolvedComponent, SpecSource, Upstream};
use crate::source_file::{HashType, SourceFile};
use crate::sources_file::{SourceEntry, SourceHash, parse_sources, write_sources};

pub use release::Past;

/// Name of the dist-git file that pins tarballs.
const SOURCES: &str = "sources";

/// Returns the directory of a component below the rendered specs: `b/bash`, `m/ModemManager`.
pub fn rendered_directory(name: &str) -> String {
    let letter: String = name.chars().take(1).flat_map(char::to_lowercase).collect();
    format!("{letter}/{name}")
}

/// Returns where a component's packaging is: the directory of the tree that holds it, or the address of its dist-git.
pub fn packaging_place(component: &ResolvedComponent) -> &str {
    match &component.spec {
        SpecSource::Local { path } => directory_of(path),
        SpecSource::Upstream(Upstream { dist_git: DistGit::Tree(place) | DistGit::Remote(place), .. }) => place,
    }
}

/// What a component is rendered from, besides its configuration.
#[derive(Debug, Clone, Copy)]
pub struct Material<'a> {
    /// The files of its packaging directory, with paths relative to it.
    pub packaging: &'a FileSet,
    /// The authored tree, which holds the files overlays add.
    pub authored: &'a FileSet,
    /// Whose results overlays have.
    pub compat: Compat,
    /// What the release is counted from.
    pub past: &'a Past,
    /// Names of sources that come into being at build time, such as the release's public key.
    pub supplied: &'a BTreeSet<String>,
}

/// A rendered component.
#[derive(Debug, Clone)]
pub struct Rendering {
    /// `<name>.spec`, `sources`, patches and other files, and `<name>.azl.macros` if there are macros.
    pub files: FileSet,
    /// Archives that overlays change from inside, by name.
    pub archives: BTreeMap<String, ChangedArchive>,
    /// What somebody should look at.
    pub warnings: Vec<Diagnostic>,
}

/// An archive that overlays change from inside; the build does so, since the archive need not be there to render.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedArchive {
    /// What upstream's `sources` pins.
    pub upstream: Sha512,
    /// The overlays in order, each as TOML.
    pub overlays: Vec<String>,
}

/// Renders a component.
///
/// # Errors
/// All mistakes that can be told apart; an overlay that does not apply ends the run, since later ones build on it.
pub fn render(component: &ResolvedComponent, material: Material<'_>) -> Result<Rendering, Vec<Diagnostic>> {
    let mut sources = gather(component, material.packaging).map_err(|problem| vec![problem])?;
    let (upstream, pinned) = take_pinned(component, &mut sources)?;
    let archives = changed_archives(component, &upstream)?;
    let (macros, mut warnings) = provenance::with(component, &sources.spec, material.past);
    add_macros(component, &macros, &mut sources).map_err(|problem| vec![problem])?;
    let before: BTreeSet<String> = sources.files.iter().map(|(path, _)| path.to_owned()).collect();
    let found = apply_overlays(component, &mut sources, material.authored, material.compat);
    warnings.extend(found.map_err(|problem| vec![problem])?);
    skip_check(component, &mut sources.spec).map_err(|problem| vec![problem])?;
    let mut problems = identity::problems(component, &sources.spec);
    problems.extend(sources::problems(component, &sources.spec));
    problems.extend(weakly_pinned(component, &pinned));
    problems.extend(filter::missing_sources(component, &sources, &pinned, material.supplied));
    problems.extend(filter::apply(component, &mut sources, &before));
    if material.compat == Compat::Azldev {
        warnings.extend(problems.drain(..).map(|problem| Diagnostic { severity: Severity::Warning, ..problem }));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let (spec, found) = release::set(component, sources.spec, material.past)?;
    warnings.extend(found);
    let (wrong, doubtful): (Vec<_>, Vec<_>) = release::changelog_problems(component, &spec)
        .into_iter()
        .partition(|problem| problem.is_error() && material.compat == Compat::None);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    warnings.extend(doubtful);
    sources.spec = spec;
    sources.spec.prepend_lines(&header(component, material.past));
    Ok(Rendering { files: collect(component, sources, &pinned), archives, warnings })
}

/// Applies a component's overlays in order and returns the warnings.
///
/// # Errors
/// If one does not apply.
pub fn apply_overlays(
    component: &ResolvedComponent,
    sources: &mut Sources,
    authored: &FileSet,
    compat: Compat,
) -> Result<Vec<Diagnostic>, Diagnostic> {
    let mut warnings = Vec::new();
    for overlay in component.overlays.iter().filter(|overlay| overlay.target() == Target::Sources) {
        let applied = overlay.apply(sources, authored, compat);
        let applied = applied.map_err(|problem| in_component(component, problem))?;
        warnings.extend(applied.warnings.into_iter().map(|warning| in_component(component, warning)));
    }
    Ok(warnings)
}

/// Parts the packaging into spec and files; the spec takes the component's name.
///
/// # Errors
/// If there is no spec of that name.
pub fn gather(component: &ResolvedComponent, packaging: &FileSet) -> Result<Sources, Diagnostic> {
    let spec_name = match &component.spec {
        SpecSource::Local { path } => path.rsplit('/').next().unwrap_or(path).to_owned(),
        SpecSource::Upstream(upstream) => format!("{}.spec", upstream.package),
    };
    let Some(spec) = packaging.get(&spec_name) else {
        return Err(missing_spec(component, &spec_name, packaging));
    };
    let mut files = packaging.clone();
    files.retain(|path| !path.ends_with(".spec") && !path.starts_with(".git/"));
    Ok(Sources { spec: Spec::parse(spec.bytes.to_vec()), files })
}

fn missing_spec(component: &ResolvedComponent, name: &str, packaging: &FileSet) -> Diagnostic {
    let problem = Diagnostic::error("missing-spec", format!("no spec `{}/{name}`", packaging_place(component)));
    let problem = at_declaration(component, problem);
    let others = packaging.iter().filter(|(path, _)| path.ends_with(".spec")).map(|(path, _)| format!("`{path}`"));
    match others.collect::<Vec<_>>().join(", ") {
        others if others.is_empty() => problem,
        others => {
            problem.hint(format!("it has {others}; `spec.upstream-name` is the name of packaging and spec there"))
        }
    }
}

/// Reads `sources`; returns what upstream pins, and that with the component's own source files over it.
fn take_pinned(
    component: &ResolvedComponent,
    sources: &mut Sources,
) -> Result<(Vec<SourceEntry>, Vec<SourceEntry>), Vec<Diagnostic>> {
    let (upstream, mut problems) = match sources.files.remove(SOURCES) {
        Some(entry) => parse_sources(&format!("{}/{SOURCES}", packaging_place(component)), &entry.bytes),
        None => (Vec::new(), Vec::new()),
    };
    let mut pinned = upstream.clone();
    for file in &component.source_files {
        match source_entry(component, file, &pinned) {
            Ok(entry) => {
                pinned.retain(|other| other.file != entry.file);
                pinned.push(entry);
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok((upstream, pinned)) } else { Err(problems) }
}

/// Returns the archives overlays change, with what upstream pins for them.
fn changed_archives(
    component: &ResolvedComponent,
    upstream: &[SourceEntry],
) -> Result<BTreeMap<String, ChangedArchive>, Vec<Diagnostic>> {
    let mut archives = BTreeMap::new();
    let mut problems = Vec::new();
    for group in archive::groups(&component.overlays) {
        let overlays = group.overlays().map(azl_overlay::Overlay::to_toml).collect();
        let pinned = upstream.iter().find(|entry| entry.file == group.archive());
        match pinned.and_then(SourceEntry::sha512) {
            Some(upstream) => {
                let changed = ChangedArchive { upstream, overlays };
                archives.insert(group.archive().to_owned(), changed);
            }
            None => {
                let message = format!(
                    "overlays change files inside `{}`, which `sources` does not pin by SHA512",
                    group.archive()
                );
                problems.push(at_declaration(component, Diagnostic::error("archive-not-pinned", message)));
            }
        }
    }
    if problems.is_empty() { Ok(archives) } else { Err(problems) }
}

fn source_entry(
    component: &ResolvedComponent,
    file: &SourceFile,
    pinned: &[SourceEntry],
) -> Result<SourceEntry, Diagnostic> {
    let name = file.filename.get_ref().as_str();
    let refuse = |message: String| at_declaration(component, Diagnostic::error("source-file", message));
    let upstream_has = pinned.iter().any(|entry| entry.file == name);
    if upstream_has && !file.replace_upstream {
        return Err(refuse(format!("source file `{name}` is in upstream's `sources`; say `replace-upstream` and why")));
    }
    let wrong = |error: azl_digest::ParseDigestError| refuse(format!("source file `{name}`: {error}"));
    let hash = match (&file.hash, file.hash_type) {
        (Some(hash), Some(HashType::Sha512)) => SourceHash::Sha512(hash.get_ref().parse().map_err(wrong)?),
        (Some(hash), Some(HashType::Sha256)) => SourceHash::Sha256(hash.get_ref().parse().map_err(wrong)?),
        _ => return Err(refuse(format!("source file `{name}` needs a `hash`, which goes into `sources`"))),
    };
    Ok(SourceEntry { file: name.to_owned(), hash })
}

/// Returns a mistake for each tarball that is not pinned by SHA512.
fn weakly_pinned(component: &ResolvedComponent, pinned: &[SourceEntry]) -> Vec<Diagnostic> {
    let weak = pinned.iter().filter(|entry| entry.sha512().is_none()).map(|entry| {
        let message = format!("`{}`: `sources` does not pin `{}` by SHA512", component.name, entry.file);
        let problem = at_declaration(component, Diagnostic::error("weak-hash", message));
        problem.hint("add it to `source-files` with `replace-upstream`, a reason and its SHA512")
    });
    weak.collect()
}

/// Writes the macros file and makes the spec load and carry it.
fn add_macros(
    component: &ResolvedComponent,
    macros: &BTreeMap<String, String>,
    sources: &mut Sources,
) -> Result<(), Diagnostic> {
    if macros.is_empty() {
        return Ok(());
    }
    let name = format!("{}.azl.macros", component.name);
    let lines = macros.iter().map(|(name, value)| format!("%{name} {value}\n"));
    let text = format!(
        "# Build options of {}, rendered from its configuration.\n{}",
        component.name,
        lines.collect::<String>()
    );
    let load = [
        "# Build options that Azure Linux sets for this component.".to_owned(),
        format!("%{{load:%{{_sourcedir}}/{name}}}"),
        String::new(),
    ];
    sources.spec.prepend_lines(&load);
    let inserted = sources.spec.insert_tag(None, "Source9999", &name);
    inserted.map_err(|error| at_declaration(component, Diagnostic::error("overlay-refused", error.to_string())))?;
    sources.files.insert(name, FileEntry::new(text.into_bytes()));
    Ok(())
}

fn skip_check(component: &ResolvedComponent, spec: &mut Spec) -> Result<(), Diagnostic> {
    let Some(reason) = &component.check_skipped else { return Ok(()) };
    let Some(name) = SectionName::parse("%check") else { return Ok(()) };
    // `%%` keeps rpm from expanding macros that a reason mentions.
    let comment = format!("# Switched off: {}", reason.replace('%', "%%"));
    let skipped =
        spec.prepend_to_section(&SectionId { name, package: None }, &[comment, "exit 0".into(), String::new()]);
    skipped.map(drop).map_err(|error| {
        let message = format!("`check.skip` of `{}` does nothing: {error}", component.name);
        at_declaration(component, Diagnostic::error("overlay-no-effect", message))
    })
}

/// Says that the file is generated and from what; no line holds a `%`, which rpm would expand.
///
/// Dist-git is named by distribution and commit, not by address: from a mirror the same comes out.
fn header(component: &ResolvedComponent, past: &Past) -> Vec<String> {
    let mut from = origins(component);
    if matches!(&component.spec, SpecSource::Upstream(Upstream { dist_git: DistGit::Remote(_), .. }))
        && let Some(commit) = past.commits.first()
    {
        from[0].push_str(&format!(" at {}", commit.id));
    }
    vec![
        format!("# Rendered by `cargo xtask render` from {}.", from.join(", ")),
        "# Do not edit this file: edit those and render again.".to_owned(),
        String::new(),
    ]
}

/// Returns what the header of a rendered spec names: the upstream spec, then the files that declare overlays.
pub fn origins(component: &ResolvedComponent) -> Vec<String> {
    let spec = match &component.spec {
        SpecSource::Local { path } => path.clone(),
        SpecSource::Upstream(upstream) => match &upstream.dist_git {
            DistGit::Tree(directory) => format!("{directory}/{}.spec", upstream.package),
            DistGit::Remote(_) => format!("{}.spec of {} {}", upstream.package, upstream.distro, upstream.version),
        },
    };
    let overlays: BTreeSet<_> = component.overlays.iter().map(|overlay| overlay.file.clone()).collect();
    std::iter::once(spec).chain(overlays).collect()
}

fn collect(component: &ResolvedComponent, sources: Sources, pinned: &[SourceEntry]) -> FileSet {
    let mut files = sources.files;
    files.insert(format!("{}.spec", component.name), FileEntry::new(sources.spec.into_bytes()));
    if !pinned.is_empty() {
        files.insert(SOURCES, FileEntry::new(write_sources(pinned).into_bytes()));
    }
    files
}

/// Gives a mistake the place of the component's name.
fn at_declaration(component: &ResolvedComponent, problem: Diagnostic) -> Diagnostic {
    Diagnostic { span: Some(component.declared.clone()), ..problem }
}

/// Says which component an overlay's mistake was met in; one overlay may serve several.
fn in_component(component: &ResolvedComponent, problem: Diagnostic) -> Diagnostic {
    Diagnostic { message: format!("`{}`: {}", component.name, problem.message), ..problem }
}

#[cfg(test)]
mod tests;
