//! The closed list of what packages may ask to run at installation.
//!
//! Nothing is run. A scriptlet is recognised by its text and turned into an [`Effect`], a file that somebody must
//! derive; a text that is not recognised is an error with the whole body, so that a person decides. Sections that run
//! only at removal or verification never run for an image and have no effect.
//!
//! **Invariant:** a phase this file does not know counts as run at installation.

use std::collections::BTreeSet;

use azl_rpm::{PackageHeader, Scriptlet};

use super::{ComposeError, LD_SO_CACHE};

/// What a recognised scriptlet would have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Rebuilds the dynamic loader's cache.
    Ldconfig,
}

impl Effect {
    /// Returns the derived file that stands for the effect.
    pub fn derived_path(self) -> &'static str {
        match self {
            Self::Ldconfig => LD_SO_CACHE,
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

/// Returns what installing the package would do besides laying out files.
///
/// # Errors
/// Each scriptlet that is not on the list.
pub fn install_effects(header: &PackageHeader) -> Result<BTreeSet<Effect>, Vec<ComposeError>> {
    let mut effects = BTreeSet::new();
    let mut errors = Vec::new();
    for scriptlet in header.scriptlets.iter().filter(|one| !REMOVAL_PHASES.contains(&one.phase.as_str())) {
        match recognise(scriptlet) {
            Some(found) => effects.extend(found),
            None => errors.push(ComposeError::UnknownScriptlet {
                package: header.nevra.to_string(),
                phase: scriptlet.phase.clone(),
                interpreter: scriptlet.interpreter.join(" "),
                body: scriptlet.body.clone(),
            }),
        }
    }
    if errors.is_empty() { Ok(effects) } else { Err(errors) }
}

/// Returns the effects of a scriptlet, possibly none; `None` if it is not on the list.
fn recognise(scriptlet: &Scriptlet) -> Option<BTreeSet<Effect>> {
    let lines: Vec<&str> =
        scriptlet.body.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let interpreter: Vec<&str> = scriptlet.interpreter.iter().map(String::as_str).collect();
    match interpreter[..] {
        [ldconfig] if LDCONFIGS.contains(&ldconfig) && lines.is_empty() => Some(BTreeSet::from([Effect::Ldconfig])),
        [] | [_] if interpreter.iter().all(|shell| SHELLS.contains(shell)) => {
            lines.into_iter().map(command).try_fold(BTreeSet::new(), |mut effects, effect| {
                effects.extend(effect?);
                Some(effects)
            })
        }
        _ => None,
    }
}

/// Recognises one shell command.
fn command(line: &str) -> Option<Option<Effect>> {
    match line {
        ":" | "exit 0" | "true" => Some(None),
        "ldconfig" => Some(Some(Effect::Ldconfig)),
        line if LDCONFIGS.contains(&line) => Some(Some(Effect::Ldconfig)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{package, scriptlet};

    fn effects(phase: &str, interpreter: &str, body: &str) -> Result<Vec<Effect>, usize> {
        let mut package = package("glibc");
        package.header.scriptlets = vec![scriptlet(phase, interpreter, body)];
        install_effects(&package.header).map(|found| found.into_iter().collect()).map_err(|errors| errors.len())
    }

    #[test]
    fn ldconfig_is_known_in_its_usual_spellings() {
        let expected = Ok(vec![Effect::Ldconfig]);
        assert_eq!(effects("post", "/sbin/ldconfig", ""), expected);
        assert_eq!(effects("transfiletriggerin", "/usr/sbin/ldconfig", ""), expected);
        assert_eq!(effects("post", "/bin/sh", "# cache\n/sbin/ldconfig\nexit 0\n"), expected);
    }

    #[test]
    fn anything_else_at_installation_is_refused() {
        assert_eq!(effects("post", "/bin/sh", "ldconfig; rm -rf /"), Err(1));
        assert_eq!(effects("pretrans", "<lua>", "os.execute('true')"), Err(1));
        assert_eq!(effects("brand-new-phase", "/bin/sh", "useradd x"), Err(1));
        assert_eq!(effects("post", "/sbin/ldconfig", "--help"), Err(1));
    }

    #[test]
    fn removal_phases_do_nothing_to_an_image() {
        assert_eq!(effects("postun", "/bin/sh", "userdel x"), Ok(vec![]));
    }
}
