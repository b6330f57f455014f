//! The lock of the seed: foreign packages that supply the first tools.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use azl_diagnostics::Diagnostic;
use azl_fetch::{AptState, Indexes, Suites};
use azl_host::files;
use azl_plan::seed::tool_set;
use azl_rpm::Arch;
use serde::Serialize;

use crate::checkout::Checkout;
use crate::definition::{LockedDeb, SeedLock, SeedSetToml, SeedToml};
use crate::error::Failure;
use crate::session::Settings;

/// Returns where the seed of an architecture lies in a checkout; the first one's file names none.
pub fn seed_file(arch: Arch) -> String {
    format!("overlays/distro/seed{}.toml", infix(arch))
}

/// Returns where the lock of that seed lies.
pub fn seed_lock_file(arch: Arch) -> String {
    format!("overlays/distro/seed{}.lock.toml", infix(arch))
}

fn infix(arch: Arch) -> String {
    match arch {
        Arch::X86_64 => String::new(),
        other => format!(".{other}"),
    }
}

const HEADER: &str = "# Written by `cargo xtask update seed` from seed.toml; not edited by hand.\n\n";

/// What an update of the seed changed.
#[derive(Debug, Serialize)]
pub struct SeedReport {
    /// Packages in the lock, by set.
    pub packages: BTreeMap<String, usize>,
    /// Packages that are new or have another version, by set and name.
    pub changed: Vec<String>,
}

/// Resolves sets of the seed through apt and writes their lock; without names, all sets.
///
/// # Errors
/// If a set is unknown, apt cannot resolve one, or the lock cannot be written.
pub fn seed(root: &Path, checkout: &Checkout, names: &[String], settings: &Settings) -> Result<SeedReport, Failure> {
    let known = known(&checkout.seed);
    let chosen = chosen(&known, names)?;
    let mut lock = checkout.seed_lock.clone();
    lock.sets.retain(|name, _| known.contains_key(name));
    for (suite, sets) in by_suite(&checkout.seed, &chosen) {
        let packages = resolve(&checkout.seed, suite, &sets, settings)?;
        lock.sets.extend(packages);
    }
    subtract_base(&checkout.seed, &chosen, &mut lock)?;
    let text = toml::to_string(&lock).map_err(|error| Failure::Infrastructure(error.to_string()))?;
    files::write_atomic(root.join(seed_lock_file(checkout.arch)), format!("{HEADER}{text}").as_bytes())?;
    Ok(report(&checkout.seed_lock, &lock))
}

type Sets<'a> = BTreeMap<String, &'a SeedSetToml>;

/// Returns sets and tools by the names they are locked under.
fn known(seed: &SeedToml) -> Sets<'_> {
    let tools = seed.tools.iter().map(|(name, tool)| (tool_set(name), tool));
    seed.sets.iter().map(|(name, set)| (name.clone(), set)).chain(tools).collect()
}

fn chosen<'a>(known: &Sets<'a>, names: &[String]) -> Result<Sets<'a>, Failure> {
    let unknown: Vec<Diagnostic> = names.iter().filter(|name| !known.contains_key(*name)).map(unknown_set).collect();
    if !unknown.is_empty() {
        return Err(Failure::Configuration(unknown));
    }
    let wanted = |name: &String| names.is_empty() || names.contains(name);
    Ok(known.iter().filter(|(name, _)| wanted(name)).map(|(name, set)| (name.clone(), *set)).collect())
}

fn unknown_set(name: &String) -> Diagnostic {
    Diagnostic::error("unknown-set", format!("`overlays/distro/seed.toml` has no set `{name}`"))
}

/// One apt state serves all sets of a suite.
fn by_suite<'a>(seed: &'a SeedToml, sets: &Sets<'a>) -> BTreeMap<&'a str, Sets<'a>> {
    let mut suites: BTreeMap<&str, Sets<'_>> = BTreeMap::new();
    for (name, set) in sets {
        suites.entry(set.suite.as_deref().unwrap_or(&seed.suite)).or_default().insert(name.clone(), set);
    }
    suites
}

/// Resolves the sets of one suite; a tool together with what it is added to, so that both fit.
fn resolve(
    seed: &SeedToml,
    suite: &str,
    sets: &Sets<'_>,
    settings: &Settings,
) -> Result<BTreeMap<String, Vec<LockedDeb>>, Failure> {
    let failed = |error: azl_fetch::ResolveError| Failure::Infrastructure(error.to_string());
    let directory = settings.store.join("apt");
    files::create_dir_all(&directory)?;
    let suites = Suites { names: vec![suite.to_owned()], arch: seed.arch.clone() };
    let apt = AptState::open(&directory, &suites, Indexes::Binary).map_err(failed)?;
    let mut resolved = BTreeMap::new();
    for (name, set) in sets {
        let base = if is_tool(name) { &seed.sets[BASE].packages[..] } else { &[] };
        let wanted: Vec<String> = base.iter().chain(&set.packages).cloned().collect();
        let closure = apt.closure(&wanted).map_err(failed)?.into_iter();
        let mut packages: Vec<LockedDeb> =
            closure.filter(|package| !set.without.contains(&package.name)).map(locked).collect();
        packages.sort();
        resolved.insert(name.clone(), packages);
    }
    Ok(resolved)
}

/// The set that tools are added to.
const BASE: &str = "build";

fn is_tool(set: &str) -> bool {
    set.strip_prefix(BASE).is_some_and(|rest| rest.starts_with('+'))
}

/// Leaves of each chosen tool what it adds to the base; what is in both must be the same.
fn subtract_base(seed: &SeedToml, chosen: &Sets<'_>, lock: &mut SeedLock) -> Result<(), Failure> {
    let base = lock.sets.get(BASE).cloned().unwrap_or_default();
    let mut mistakes = Vec::new();
    for name in chosen.keys().filter(|name| is_tool(name)) {
        let packages = lock.sets.entry(name.clone()).or_default();
        for package in &*packages {
            let other = base.iter().find(|locked| locked.name == package.name);
            if let Some(other) = other.filter(|other| other.version != package.version) {
                let message =
                    format!("`{name}` needs {} {}, `{BASE}` has {}", package.name, package.version, other.version);
                mistakes.push(Diagnostic::error("other-version", message).hint("cargo xtask update seed"));
            }
        }
        let left_out = &seed.sets[BASE].without;
        packages.retain(|package| !base.contains(package) && !left_out.contains(&package.name));
    }
    if mistakes.is_empty() { Ok(()) } else { Err(Failure::Configuration(mistakes)) }
}

fn locked(package: azl_fetch::LockedPackage) -> LockedDeb {
    let azl_fetch::LockedPackage { name, version, pool, size, sha256, .. } = package;
    LockedDeb { name, version, pool, size, sha256 }
}

fn report(old: &SeedLock, new: &SeedLock) -> SeedReport {
    let mut changed = Vec::new();
    for (set, packages) in &new.sets {
        let before = old.sets.get(set).map_or(&[][..], Vec::as_slice);
        for package in packages.iter().filter(|package| !before.contains(package)) {
            changed.push(format!("{set}: {} {}", package.name, package.version));
        }
    }
    let packages = new.sets.iter().map(|(set, packages)| (set.clone(), packages.len())).collect();
    SeedReport { packages, changed }
}

impl fmt::Display for SeedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (set, count) in &self.packages {
            writeln!(f, "{set}: {count} packages locked")?;
        }
        for package in &self.changed {
            writeln!(f, "  {package}")?;
        }
        Ok(())
    }
}
