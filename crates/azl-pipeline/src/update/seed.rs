//! The lock of the seed: foreign packages that supply the first tools.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use azl_fetch::{AptState, Indexes, Suites};
use azl_host::files;
use azl_rpm::Arch;
use serde::Serialize;

use crate::checkout::Checkout;
use crate::definition::{LockedDeb, SeedLock};
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

/// Resolves the seed's sets through apt and writes their lock.
///
/// # Errors
/// If apt cannot resolve a set or the lock cannot be written.
pub fn seed(root: &Path, checkout: &Checkout, settings: &Settings) -> Result<SeedReport, Failure> {
    let suites = Suites { names: vec![checkout.seed.suite.clone()], arch: checkout.seed.arch.clone() };
    let failed = |error: azl_fetch::ResolveError| Failure::Infrastructure(error.to_string());
    let directory = settings.store.join("apt");
    files::create_dir_all(&directory)?;
    let apt = AptState::open(&directory, &suites, Indexes::Binary).map_err(failed)?;
    let mut lock = SeedLock::default();
    for (name, set) in &checkout.seed.sets {
        let mut packages: Vec<LockedDeb> =
            apt.closure(&set.packages).map_err(failed)?.into_iter().map(locked).collect();
        packages.sort();
        lock.sets.insert(name.clone(), packages);
    }
    let text = toml::to_string(&lock).map_err(|error| Failure::Infrastructure(error.to_string()))?;
    files::write_atomic(root.join(seed_lock_file(checkout.arch)), format!("{HEADER}{text}").as_bytes())?;
    Ok(report(&checkout.seed_lock, &lock))
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
