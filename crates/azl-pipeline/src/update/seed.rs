//! The lock of the seed: foreign packages that supply the first tools.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use azl_diagnostics::Diagnostic;
use azl_fetch::{AptState, Indexes, Suites};
use azl_host::files;
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
    let chosen = chosen(checkout, names)?;
    let mut lock = checkout.seed_lock.clone();
    lock.sets.retain(|name, _| checkout.seed.sets.contains_key(name));
    for (suite, sets) in by_suite(&checkout.seed, &chosen) {
        let packages = resolve(&checkout.seed.arch, suite, &sets, settings)?;
        lock.sets.extend(packages);
    }
    let text = toml::to_string(&lock).map_err(|error| Failure::Infrastructure(error.to_string()))?;
    files::write_atomic(root.join(seed_lock_file(checkout.arch)), format!("{HEADER}{text}").as_bytes())?;
    Ok(report(&checkout.seed_lock, &lock))
}

type Sets<'a> = BTreeMap<&'a str, &'a SeedSetToml>;

fn chosen<'a>(checkout: &'a Checkout, names: &[String]) -> Result<Sets<'a>, Failure> {
    let sets = &checkout.seed.sets;
    let unknown: Vec<Diagnostic> = names.iter().filter(|name| !sets.contains_key(*name)).map(unknown_set).collect();
    if !unknown.is_empty() {
        return Err(Failure::Configuration(unknown));
    }
    let wanted = |name: &String| names.is_empty() || names.contains(name);
    Ok(sets.iter().filter(|(name, _)| wanted(name)).map(|(name, set)| (name.as_str(), set)).collect())
}

fn unknown_set(name: &String) -> Diagnostic {
    Diagnostic::error("unknown-set", format!("`overlays/distro/seed.toml` has no set `{name}`"))
}

/// One apt state serves all sets of a suite.
fn by_suite<'a>(seed: &'a SeedToml, sets: &Sets<'a>) -> BTreeMap<&'a str, Sets<'a>> {
    let mut suites: BTreeMap<&str, Sets<'_>> = BTreeMap::new();
    for (name, set) in sets {
        suites.entry(set.suite.as_deref().unwrap_or(&seed.suite)).or_default().insert(name, set);
    }
    suites
}

fn resolve(
    arch: &str,
    suite: &str,
    sets: &Sets<'_>,
    settings: &Settings,
) -> Result<BTreeMap<String, Vec<LockedDeb>>, Failure> {
    let failed = |error: azl_fetch::ResolveError| Failure::Infrastructure(error.to_string());
    let directory = settings.store.join("apt");
    files::create_dir_all(&directory)?;
    let suites = Suites { names: vec![suite.to_owned()], arch: arch.to_owned() };
    let apt = AptState::open(&directory, &suites, Indexes::Binary).map_err(failed)?;
    let mut resolved = BTreeMap::new();
    for (name, set) in sets {
        let mut packages: Vec<LockedDeb> =
            apt.closure(&set.packages).map_err(failed)?.into_iter().map(locked).collect();
        packages.sort();
        resolved.insert((*name).to_owned(), packages);
    }
    Ok(resolved)
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
