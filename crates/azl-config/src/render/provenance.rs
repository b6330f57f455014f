//! `emit-upstream-provenance`: macros that tell the build what Fedora calls the version it is made from.
//!
//! Not here: other distributions, for which the format has no macros, and specs of our own.
//!
//! **Invariant:** what was written by hand under these names wins.

use std::collections::BTreeMap;

use azl_autospec::{EpochVersion, History, Macros, Reading, read_version, releases};
use azl_diagnostics::Diagnostic;
use azl_spec::Spec;

use super::{Past, at_declaration, release};
use crate::resolve::{ResolvedComponent, SpecSource};

/// The distribution the macros are about.
const DISTRO: &str = "fedora";
/// Its version of the package, without epoch.
const VERSION: &str = "fedora_upstream_version";
/// Its release of the package, with its `%{dist}`.
const RELEASE: &str = "fedora_upstream_release";

/// Returns a component's macros and those of its provenance, if it asks for them; `pristine` is upstream's own spec.
/// What cannot be told without rpm is left out with a warning.
pub(super) fn with(
    component: &ResolvedComponent,
    pristine: &Spec,
    past: &Past,
) -> (BTreeMap<String, String>, Vec<Diagnostic>) {
    let (mut macros, mut warnings) = (component.macros.clone(), Vec::new());
    let Some(dist) = dist(component) else { return (macros, warnings) };
    let known = release::macros(component).with("dist", &*dist);
    let told = match read_version(pristine, &known) {
        Ok(reading) => [(VERSION, version(&reading)), (RELEASE, release_of(reading, pristine, past, &known, &dist))],
        Err(error) => {
            let reason = format!("upstream's spec cannot be read: {error}");
            [(VERSION, Err(reason.clone())), (RELEASE, Err(reason))]
        }
    };
    for (name, value) in told.into_iter().filter(|(name, _)| !component.macros.contains_key(*name)) {
        match value {
            Ok(value) => drop(macros.insert(name.to_owned(), value)),
            Err(reason) => warnings.push(untold(component, name, &reason)),
        }
    }
    (macros, warnings)
}

/// Returns the `%{dist}` of the Fedora version a component is from; only numbered ones have one that is known.
fn dist(component: &ResolvedComponent) -> Option<String> {
    match &component.spec {
        SpecSource::Upstream(upstream) if component.emit_upstream_provenance && upstream.distro == DISTRO => {
            let version = upstream.version.as_str();
            let numbered = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
            numbered.then(|| format!(".fc{version}"))
        }
        _ => None,
    }
}

fn version(reading: &Reading) -> Result<String, String> {
    match &reading.epoch_version {
        EpochVersion::Known(text) => Ok(text.rsplit(':').next().unwrap_or(text).to_owned()),
        EpochVersion::Symbolic(text) => Err(format!("only rpm can tell `{text}`")),
    }
}

fn release_of(reading: Reading, pristine: &Spec, past: &Past, macros: &Macros, dist: &str) -> Result<String, String> {
    if let Some(release) = reading.release {
        return Ok(release);
    }
    let written = pristine.preamble_value("Release").unwrap_or_default();
    let counted = ["%autorelease", "%{autorelease", "%{?autorelease"].iter().any(|call| written.starts_with(call));
    if !counted || reading.flags.is_none() {
        return Err(format!("only rpm can tell `{written}`"));
    }
    let history = History::new(past.commits.clone()).map_err(|_| "its packaging has no history".to_owned())?;
    match releases(&history, macros).first() {
        Some(newest) => Ok(format!("{}{dist}", newest.complete())),
        None => Err("its packaging has no history".to_owned()),
    }
}

fn untold(component: &ResolvedComponent, name: &str, reason: &str) -> Diagnostic {
    let message = format!("`{}`: `%{name}` is not emitted: {reason}", component.name);
    let warning = at_declaration(component, Diagnostic::warning("upstream-provenance", message));
    warning.hint(format!("set it by hand: `build.defines.{name}`"))
}

#[cfg(test)]
mod tests;
