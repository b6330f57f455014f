//! What the toolchain needs of this host, what the host has, and how to get what is missing.
//!
//! The list is short because nearly every tool comes from the locked seed: rpmbuild, QEMU, its firmware
//! and the file system tools are unpacked in the store and run there. The host supplies a kernel with user
//! namespaces, bubblewrap, and a way to Debian packages.
//!
//! Not here: whether KVM really runs a guest (the boot adapter tries one) and whether a mirror answers
//! (the fetch adapter says so, with the address it tried).
//!
//! **Invariant:** looking changes nothing; only [`ensure`] installs, and only what [`Install`] allows.

mod probe;
mod rows;

use std::fmt;
use std::path::Path;

use azl_host::{Cmd, CmdError, environment};
use serde::Serialize;

use crate::remote::Answer;
use crate::tree::{Tree, remote};

/// When missing packages may be installed through the host's package manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Install {
    /// Only if this process is root already.
    #[default]
    WhenRoot,
    /// Also through `sudo`, as long as it asks for no password.
    Always,
    /// Never; the line to run is printed instead.
    Never,
}

/// How a need is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Met.
    Fine,
    /// Nothing is lost without it, or it is for information.
    Optional,
    /// Work can start, but may not reach its end.
    Doubtful,
    /// Nothing can be built without it.
    Missing,
}

/// One need, one row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What is needed.
    pub name: &'static str,
    /// How it is met.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to do about it, where something is to be done.
    pub remedy: Option<String>,
    /// The Debian package that would supply it, where one would.
    pub package: Option<&'static str>,
}

/// What this host needs and has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoctorReport {
    /// One row per need, in a fixed order.
    pub rows: Vec<Row>,
}

/// Why the host is not ready.
#[derive(Debug, thiserror::Error)]
pub enum DoctorError {
    /// Something is missing that was not, or could not be, installed.
    #[error("this host is not ready:\n{}", missing(.0))]
    NotReady(DoctorReport),
    /// The package manager failed.
    #[error("cannot install missing packages: {source}\n  hint: {line}")]
    Install {
        /// The line a person could run instead.
        line: String,
        /// What went wrong.
        source: CmdError,
    },
}

/// What the work is for, as far as the needs depend on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Work {
    /// A component whose packaging is in dist-git, if there is one.
    pub from_dist_git: Option<String>,
    /// Other machines that were asked whether they can take part.
    pub servers: Vec<Answer>,
}

impl Work {
    /// Returns what working on a tree needs.
    pub fn on(tree: &Tree) -> Self {
        let components = tree.config().components.keys().filter_map(|name| tree.config().resolve(name).ok());
        let mut remote = components.filter(|component| remote(component).is_some());
        Self { from_dist_git: remote.next().map(|component| component.name), servers: Vec::new() }
    }
}

/// Looks at this host; `store` is the directory whose file system will hold the store.
pub fn doctor(store: &Path, work: &Work) -> DoctorReport {
    DoctorReport { rows: rows::rows(&probe::probe(store), work) }
}

/// Makes sure that `work` can start: installs missing packages as far as `install` allows.
///
/// # Errors
/// [`DoctorError::NotReady`] with what to do if something is still missing, [`DoctorError::Install`] if
/// the package manager fails.
pub fn ensure(store: &Path, work: &Work, install: Install) -> Result<DoctorReport, DoctorError> {
    let report = doctor(store, work);
    let packages = report.missing_packages();
    if packages.is_empty() || !may_install(install, environment::is_root()) {
        return ready(report);
    }
    install_packages(&packages)?;
    ready(doctor(store, work))
}

fn ready(report: DoctorReport) -> Result<DoctorReport, DoctorError> {
    if report.is_ready() { Ok(report) } else { Err(DoctorError::NotReady(report)) }
}

fn may_install(install: Install, root: bool) -> bool {
    match install {
        Install::WhenRoot => root,
        Install::Always => true,
        Install::Never => false,
    }
}

fn install_packages(packages: &[&str]) -> Result<(), DoctorError> {
    let install = apt(&["install", "--yes", "--no-install-recommends"]).args(packages);
    // A fresh container has no package lists; a host that has them need not wait for new ones.
    if install.output().is_ok() {
        return Ok(());
    }
    let failed = |source| DoctorError::Install { line: rows::install_line(packages, environment::is_root()), source };
    apt(&["update"]).output().map_err(failed)?;
    install.output().map(drop).map_err(failed)
}

/// `sudo` must not ask: the command has no terminal of its own.
fn apt(args: &[&str]) -> Cmd {
    let command = if environment::is_root() {
        Cmd::new("apt-get", "/")
    } else {
        Cmd::new("sudo", "/").args(["--non-interactive", "apt-get"])
    };
    let command = command.args(args).env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C.UTF-8");
    ["http_proxy", "https_proxy", "no_proxy"].iter().fold(command, |command, name| command.inherit(name))
}

impl DoctorReport {
    /// Returns whether work can start.
    pub fn is_ready(&self) -> bool {
        self.rows.iter().all(|row| row.state != State::Missing)
    }

    /// Returns the packages that would meet what is missing.
    pub fn missing_packages(&self) -> Vec<&'static str> {
        self.rows.iter().filter(|row| row.state == State::Missing).filter_map(|row| row.package).collect()
    }
}

/// The table, with a hint under each row that needs something done.
impl fmt::Display for DoctorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
        for row in &self.rows {
            writeln!(f, "{:8}  {:width$}  {}", row.state.word(), row.name, row.found)?;
            if let Some(remedy) = &row.remedy {
                writeln!(f, "{:8}  {:width$}  hint: {remedy}", "", "")?;
            }
        }
        Ok(())
    }
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Optional => "optional",
            Self::Doubtful => "doubtful",
            Self::Missing => "missing",
        }
    }
}

fn missing(report: &DoctorReport) -> String {
    let rows = report.rows.iter().filter(|row| row.state == State::Missing).cloned().collect();
    DoctorReport { rows }.to_string().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(state: State) -> DoctorReport {
        let remedy = Some("apt-get install --yes bubblewrap".to_owned());
        let found = "not found".to_owned();
        DoctorReport { rows: vec![Row { name: "bubblewrap", state, found, remedy, package: Some("bubblewrap") }] }
    }

    #[test]
    fn only_what_is_missing_stops_work_and_is_installed() {
        assert!(!report(State::Missing).is_ready());
        assert_eq!(report(State::Missing).missing_packages(), ["bubblewrap"]);
        for state in [State::Fine, State::Optional, State::Doubtful] {
            assert!(report(state).is_ready() && report(state).missing_packages().is_empty(), "{state:?}");
        }
    }

    #[test]
    fn the_error_names_what_is_missing_and_the_line_to_run() {
        let text = ready(report(State::Missing)).expect_err("not ready").to_string();
        assert!(text.contains("missing   bubblewrap  not found"), "{text}");
        assert!(text.contains("hint: apt-get install --yes bubblewrap"), "{text}");
    }

    #[test]
    fn packages_are_installed_without_asking_by_root_alone() {
        assert!(may_install(Install::WhenRoot, true) && !may_install(Install::WhenRoot, false));
        assert!(may_install(Install::Always, false) && !may_install(Install::Never, true));
    }
}
