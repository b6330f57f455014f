//! The closed list of what packages may ask to run at installation.
//!
//! Nothing of a scriptlet is run. It is recognised by its text, line by line, and turned into [`Effect`]s; a line that is
//! not recognised is an error with the whole body, so that a person decides. Sections that run only at removal or
//! verification never run for an image and have no effect.
//!
//! | what a package runs | what stands for it in an image |
//! |---|---|
//! | `ldconfig` | [`Effect::Ldconfig`]: the cache, derived by the image's own ldconfig |
//! | `%systemd_post`, `systemctl preset` | [`Effect::Units`]: presets of the whole image, derived by its own systemctl |
//! | `%sysusers_create*`, `systemd-sysusers` | [`Effect::Accounts`]: `sysusers` here, since they number owners of files |
//! | `%tmpfiles_create*`, `systemd-tmpfiles --create` | [`Effect::TemporaryFiles`]: `tmpfiles` here, since they have owners |
//! | `systemd-hwdb update` | [`Effect::Hwdb`]: the database, derived by the image's own systemd-hwdb |
//! | `journalctl --update-catalog` | [`Effect::Catalog`]: the database, derived by the image's own journalctl |
//! | reload, restart, `systemd-sysctl`, `systemd-binfmt`, `udevadm` | nothing: they tell a running system what is new |
//!
//! Accounts and temporary files are not left to the image's own programs because a sandbox has one user: nothing in it
//! can be given to another owner.
//!
//! **Invariant:** a phase this file does not know counts as run at installation. A trigger on files counts if the image
//! holds a file that fires it.

mod shell;

use std::collections::BTreeSet;

use azl_rpm::{PackageHeader, Scriptlet};

use super::{CATALOG_DATABASE, ComposeError, HWDB, LD_SO_CACHE, UNIT_LINKS};
use shell::{Kind, Statement};

/// What a recognised scriptlet would have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Rebuilds the dynamic loader's cache.
    Ldconfig,
    /// Enables and disables units as presets say.
    Units,
    /// Makes the users and groups of sysusers.d.
    Accounts,
    /// Makes the files and directories of tmpfiles.d.
    TemporaryFiles,
    /// Rebuilds udev's hardware database.
    Hwdb,
    /// Rebuilds the journal's catalog of messages.
    Catalog,
}

impl Effect {
    /// Returns the derived file or directory that stands for the effect; without one, composition itself has it.
    pub fn derived_path(self) -> Option<&'static str> {
        match self {
            Self::Ldconfig => Some(LD_SO_CACHE),
            Self::Units => Some(UNIT_LINKS),
            Self::Hwdb => Some(HWDB),
            Self::Catalog => Some(CATALOG_DATABASE),
            Self::Accounts | Self::TemporaryFiles => None,
        }
    }
}

const REMOVAL_PHASES: &[&str] = &[
    "preun",
    "postun",
    "preuntrans",
    "postuntrans",
    "triggerun",
    "triggerpostun",
    "filetriggerun",
    "filetriggerpostun",
    "transfiletriggerun",
    "transfiletriggerpostun",
    "verify",
    "verifyscript",
];

const SHELLS: &[&str] = &["/bin/sh", "/usr/bin/sh", "/bin/bash", "/usr/bin/bash"];
const LDCONFIGS: &[&str] = &["/sbin/ldconfig", "/usr/sbin/ldconfig", "/usr/bin/ldconfig"];
/// Directories of programs that a scriptlet may name in full.
const PROGRAM_DIRECTORIES: &[&str] = &["/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/", "/usr/lib/systemd/"];

/// Returns what installing the package would do besides laying out files. `fires` tells whether the image holds a file
/// below a path.
///
/// # Errors
/// Each scriptlet that is not on the list.
pub fn install_effects(
    header: &PackageHeader,
    fires: &dyn Fn(&str) -> bool,
) -> Result<BTreeSet<Effect>, Vec<ComposeError>> {
    let mut effects = BTreeSet::new();
    let mut errors = Vec::new();
    for scriptlet in header.scriptlets.iter().filter(|one| !REMOVAL_PHASES.contains(&one.phase.as_str())) {
        match recognise(scriptlet) {
            Ok(found) if is_fired(scriptlet, fires) => effects.extend(found),
            Ok(_) => {}
            Err(line) => errors.push(ComposeError::UnknownScriptlet {
                package: header.nevra.to_string(),
                phase: scriptlet.phase.clone(),
                interpreter: scriptlet.interpreter.join(" "),
                line: line.to_owned(),
                body: scriptlet.body.clone(),
            }),
        }
    }
    if errors.is_empty() { Ok(effects) } else { Err(errors) }
}

fn is_fired(scriptlet: &Scriptlet, fires: &dyn Fn(&str) -> bool) -> bool {
    let mut paths = scriptlet.triggers.iter().filter_map(|trigger| trigger.split_whitespace().next());
    !scriptlet.phase.contains("filetrigger") || scriptlet.triggers.is_empty() || paths.any(fires)
}

/// Returns the effects of a scriptlet, possibly none; or the line that is not on the list.
fn recognise(scriptlet: &Scriptlet) -> Result<BTreeSet<Effect>, &str> {
    let interpreter: Vec<&str> = scriptlet.interpreter.iter().map(String::as_str).collect();
    let is_empty = scriptlet.body.trim().is_empty();
    match interpreter[..] {
        [ldconfig] if LDCONFIGS.contains(&ldconfig) && is_empty => Ok(BTreeSet::from([Effect::Ldconfig])),
        [] | [_] if interpreter.iter().all(|shell| SHELLS.contains(shell)) => {
            let mut effects = BTreeSet::new();
            collect(&shell::parse(&scriptlet.body)?, &mut effects)?;
            Ok(effects)
        }
        _ => Err(scriptlet.body.lines().next().unwrap_or_default()),
    }
}

fn collect<'s>(statements: &[Statement<'s>], effects: &mut BTreeSet<Effect>) -> Result<(), &'s str> {
    for Statement { line, kind } in statements {
        match kind {
            Kind::Command { guards, words, document } => {
                let effect = command(words, document).ok_or(*line)?;
                if holds(guards).ok_or(*line)? {
                    effects.extend(effect);
                }
            }
            Kind::If { guards, body } => {
                if holds(guards).ok_or(*line)? {
                    collect(body, effects)?;
                }
            }
        }
    }
    Ok(())
}

/// Returns whether conditions hold when a package is installed for the first time, with all others of the image.
fn holds(guards: &[Vec<&str>]) -> Option<bool> {
    guards.iter().try_fold(true, |all, guard| Some(all & condition(guard)?))
}

/// A running system is assumed: what only it could do has no effect, and the rest is what an image needs.
fn condition(words: &[&str]) -> Option<bool> {
    match words {
        // `$1` is how many of this package there will be.
        ["[", "$1", "-eq" | "=" | "==", count, "]"] => Some(*count == "1"),
        ["[", "$1", "-ge", count, "]"] => Some(count.parse::<u32>().ok()? <= 1),
        ["[", "$1", "-gt", count, "]"] => Some(count.parse::<u32>().ok()? < 1),
        ["test", "-d", path] | ["[", "-d", path, "]"] if *path == "/run/systemd/system" => Some(true),
        ["test", "-e", path] | ["[", "-e", path, "]"] if *path == "/run/udev/control" => Some(true),
        // A program that is not there does nothing; then the derived file is missing, which is an error of its own.
        ["[", "-x", _, "]"] | ["test", "-x", _] | ["command", "-v", _] => Some(true),
        _ => None,
    }
}

/// Recognises one command; `Some(None)` is one without effect on an image.
fn command(words: &[&str], document: &[&str]) -> Option<Option<Effect>> {
    let (program, arguments) = words.split_first()?;
    let named = PROGRAM_DIRECTORIES.iter().find_map(|directory| program.strip_prefix(directory)).unwrap_or(program);
    let effect = match (named, arguments) {
        (":" | "true", []) | ("exit", ["0"]) => None,
        ("ldconfig", []) => Some(Effect::Ldconfig),
        ("systemctl", _) => systemctl(arguments)?,
        ("systemd-update-helper", ["install-system-units" | "install-user-units", _, ..]) => Some(Effect::Units),
        ("systemd-update-helper", [word, ..]) if is_news(word) => None,
        ("systemd-sysusers", _) => accounts(arguments, document)?,
        ("systemd-tmpfiles", _) => temporary_files(arguments)?,
        ("systemd-hwdb", ["update"]) | ("udevadm", ["hwdb", "--update"]) => Some(Effect::Hwdb),
        ("journalctl", ["--update-catalog"]) => Some(Effect::Catalog),
        ("systemd-sysctl" | "systemd-binfmt", _) | ("udevadm", ["control" | "trigger" | "settle", ..]) => None,
        _ => return None,
    };
    let takes_document = matches!(named, "systemd-sysusers" | "systemd-tmpfiles");
    (document.is_empty() || takes_document).then_some(effect)
}

/// Words of systemd-update-helper that tell a running manager what is new.
fn is_news(word: &str) -> bool {
    word.starts_with("mark-") || ["reload", "restart", "reexec"].iter().any(|end| word.ends_with(end))
}

fn systemctl(arguments: &[&str]) -> Option<Option<Effect>> {
    let verb: Vec<&str> =
        arguments.iter().copied().filter(|word| !matches!(*word, "--no-reload" | "--global")).collect();
    match verb[..] {
        ["preset", _, ..] | ["preset-all"] => Some(Some(Effect::Units)),
        ["daemon-reload"] | ["daemon-reexec"] => Some(None),
        _ => None,
    }
}

/// Lines of a here document stand for a file of the package, which is read where it lies; others would be lost.
fn accounts(arguments: &[&str], document: &[&str]) -> Option<Option<Effect>> {
    let replaces = arguments.iter().any(|word| word.starts_with("--replace=/usr/lib/sysusers.d/"));
    (replaces || document.is_empty()).then_some(Some(Effect::Accounts))
}

fn temporary_files(arguments: &[&str]) -> Option<Option<Effect>> {
    let only = |word: &&str| {
        *word == "--create" || !word.starts_with("--") || word.starts_with("--replace=/usr/lib/tmpfiles.d/")
    };
    (arguments.contains(&"--create") && arguments.iter().all(only)).then_some(Some(Effect::TemporaryFiles))
}

#[cfg(test)]
mod tests;
