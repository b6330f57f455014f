//! The release number and changelog of a rendered spec, from upstream's history and our own changes.
//!
//! A spec that leaves both to rpmautospec gets what rpmautospec makes of that history with our changes in it. Any other
//! has its number raised by the count of our changes, and a changelog entry that names them.
//!
//! **Invariant:** a function of history, changes and spec; an uncommitted change has no time of its own.

use azl_autospec::{
    Commit, Entry, History, Macros, Tool, add_entry, check_changelog, process, read_version, static_release,
};
use azl_autospec::{EpochVersion, Reading};
use azl_diagnostics::{Diagnostic, Severity};
use azl_spec::Spec;

use crate::component::ReleaseCalculation;
use crate::lock::Change;
use crate::resolve::{ResolvedComponent, SpecSource};

/// The rpmautospec whose rules are followed.
const RPMAUTOSPEC: &str = "0.8.5";

/// What came before the state that is rendered.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// Upstream's commits up to the one that is rendered, newest first; empty where packaging has no history.
    pub commits: Vec<Commit>,
    /// Our changes since the import, oldest first; one that is not locked yet is the last.
    pub changes: Vec<Change>,
    /// How often the release was raised by hand.
    pub manual_bump: u32,
    /// Address that our changelog entries carry.
    pub author_email: String,
}

/// Name that our changelog entries carry.
const AUTHOR: &str = "Azure Linux";

/// Sets release and changelog of a spec; returns it with warnings.
pub(super) fn set(
    component: &ResolvedComponent,
    spec: Spec,
    past: &Past,
) -> Result<(Spec, Vec<Diagnostic>), Vec<Diagnostic>> {
    let automatic = calls_autospec(&spec);
    match component.release {
        ReleaseCalculation::Manual => Ok((spec, Vec::new())),
        ReleaseCalculation::Static if automatic => Err(vec![refusal(
            component,
            "`release.calculation` is `static`, but the spec leaves its release or changelog to rpmautospec",
        )]),
        _ if automatic => with_autospec(component, &spec, past),
        ReleaseCalculation::Autorelease => Ok((spec, Vec::new())),
        ReleaseCalculation::Auto | ReleaseCalculation::Static => raise(component, spec, past),
    }
}

/// Returns what is wrong with the changelog as rendered, or may be. Whether an entry is in the future is not judged: that
/// takes a clock.
pub(super) fn changelog_problems(component: &ResolvedComponent, spec: &Spec) -> Vec<Diagnostic> {
    let found = check_changelog(spec, &format!("{}.spec", component.name), i64::MAX);
    found.into_iter().map(|problem| in_component(component, problem)).collect()
}

fn calls_autospec(spec: &Spec) -> bool {
    let calls = |text: &[u8]| contains(text, b"%autorelease") || contains(text, b"%{autorelease");
    let changelog = |text: &[u8]| contains(text, b"%autochangelog") || contains(text, b"%{?autochangelog");
    let release = spec.tags().filter(|tag| tag.is("Release")).any(|tag| calls(tag.value.as_bytes()));
    let lines = (0..spec.lines().len()).map(|line| spec.line(line).trim_ascii_start());
    release || lines.into_iter().any(|line| line.starts_with(b"%") && changelog(line))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

fn with_autospec(
    component: &ResolvedComponent,
    spec: &Spec,
    past: &Past,
) -> Result<(Spec, Vec<Diagnostic>), Vec<Diagnostic>> {
    let Ok(history) = History::new(commits(past, spec)) else {
        let problem =
            refusal(component, "the spec leaves its release to rpmautospec, but its packaging has no history");
        return Err(vec![problem.hint("take it from dist-git, or set a number with `spec-update-tag`")]);
    };
    let tool = Tool { version: RPMAUTOSPEC.to_owned(), macros: macros(component), versions: Default::default() };
    let (processed, found) = process(spec, &format!("{}.spec", component.name), &history, &tool);
    let found: Vec<_> = found.into_iter().map(|problem| in_component(component, problem)).collect();
    match processed {
        Some(bytes) => Ok((Spec::parse(bytes), found)),
        None => Err(found),
    }
}

/// Returns upstream's commits with ours among them, newest first.
///
/// A change stands on the commit it was made on; if that is gone, because upstream's branch was rewritten, on the newest
/// one that is not younger. Changes on the newest commit have the spec that is rendered, so that an overlay on `Version`
/// does not start the count anew with each change.
fn commits(past: &Past, spec: &Spec) -> Vec<Commit> {
    let rendered: std::sync::Arc<[u8]> = spec.as_bytes().into();
    let mut result = bumps(past, &rendered);
    for (index, commit) in past.commits.iter().enumerate() {
        let mine = past.changes.iter().rev().filter(|change| base_of(past, change) == index);
        result.extend(mine.map(|change| Commit {
            id: format!("change of {}", change.time),
            author: AUTHOR.to_owned(),
            email: past.author_email.clone(),
            time: change.time,
            message: change.message.clone(),
            spec: if index == 0 { Some(rendered.clone()) } else { commit.spec.clone() },
            changelog: commit.changelog.clone(),
        }));
        result.push(commit.clone());
    }
    result
}

/// Returns a silent commit for each time the release was raised by hand without a change that says so.
fn bumps(past: &Past, spec: &std::sync::Arc<[u8]>) -> Vec<Commit> {
    let Some(newest) = past.commits.first() else { return Vec::new() };
    let bump = Commit {
        id: "release raised by hand".to_owned(),
        author: AUTHOR.to_owned(),
        email: past.author_email.clone(),
        time: past.changes.last().map_or(newest.time, |change| change.time.max(newest.time)),
        message: "Raise the release\n\n[skip changelog]".to_owned(),
        spec: Some(spec.clone()),
        changelog: newest.changelog.clone(),
    };
    vec![bump; past.manual_bump as usize]
}

fn base_of(past: &Past, change: &Change) -> usize {
    let by_id = past.commits.iter().position(|commit| change.upstream_commit.as_deref() == Some(&*commit.id));
    let by_time = || past.commits.iter().position(|commit| commit.time <= change.time);
    by_id.or_else(by_time).unwrap_or(0)
}

/// Raises the number and says so in the changelog.
fn raise(component: &ResolvedComponent, spec: Spec, past: &Past) -> Result<(Spec, Vec<Diagnostic>), Vec<Diagnostic>> {
    let by = past.changes.len() as u64 + u64::from(past.manual_bump);
    if by == 0 {
        return Ok((spec, Vec::new()));
    }
    let file = format!("{}.spec", component.name);
    let raised = static_release(&spec, &file, by).map_err(|problem| vec![in_component(component, problem)])?;
    let Some(last) = past.changes.last() else { return Ok((raised, Vec::new())) };
    match changelog(component, &raised, past, last) {
        Ok(spec) => Ok((spec, Vec::new())),
        // The number is right without the entry; a package is not refused for what its changelog cannot say.
        Err(problem) => {
            let warning = Diagnostic { severity: Severity::Warning, ..in_component(component, problem) };
            Ok((raised, vec![warning]))
        }
    }
}

fn changelog(component: &ResolvedComponent, spec: &Spec, past: &Past, last: &Change) -> Result<Spec, Diagnostic> {
    let file = format!("{}.spec", component.name);
    let release = spec.preamble_value("Release").unwrap_or_default();
    let number: String = release.chars().take_while(char::is_ascii_digit).collect();
    let Ok(Reading { epoch_version: EpochVersion::Known(version), .. }) = read_version(spec, &macros(component)) else {
        return Err(refusal(
            component,
            "no changelog entry is written, because the version cannot be told without rpm",
        ));
    };
    let entry = Entry {
        author: AUTHOR.to_owned(),
        email: past.author_email.clone(),
        time: last.time,
        evr: format!("{version}-{number}"),
        items: past.changes.iter().map(|change| change.message.clone()).collect(),
    };
    add_entry(spec, &file, &entry)
}

/// Returns the macros that upstream's own tools knew when they named versions.
pub(super) fn macros(component: &ResolvedComponent) -> Macros {
    match &component.spec {
        SpecSource::Upstream(upstream) => Macros::new().with(&upstream.distro, &upstream.version),
        SpecSource::Local { .. } => Macros::new(),
    }
}

fn refusal(component: &ResolvedComponent, message: &str) -> Diagnostic {
    super::at_declaration(component, Diagnostic::error("release", format!("`{}`: {message}", component.name)))
}

fn in_component(component: &ResolvedComponent, problem: Diagnostic) -> Diagnostic {
    // The place is in the rendered spec, which nobody wrote; the component's name is what can be gone to.
    let message = format!("`{}`: {}", component.name, problem.message);
    super::at_declaration(component, Diagnostic { message, ..problem })
}

#[cfg(test)]
mod tests;
