//! What a Debian suite offers, asked of apt in a state directory of its own.
//!
//! ```text
//! <directory>/apt.conf  etc/sources.list  status (empty)  state/lists/  cache/
//! ```
//!
//! The host's apt configuration is read (proxies, credentials), never written; its update hooks are switched off.
//!
//! **Invariant:** a suite whose signature does not verify against the Debian archive's keys is not used.

mod answers;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use azl_digest::Digest;
use azl_host::{Cmd, CmdError, FileError, environment, files};

use crate::backends::apt_environment;
use crate::deb822;
use crate::mirrors;

/// Where Debian's `debian-archive-keyring` package puts its keys, old and new name.
const KEYRINGS: [&str; 2] =
    ["/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/debian-archive-keyring.pgp"];
/// Variable with the path of another keyring.
const KEYRING_VARIABLE: &str = "AZL_DEBIAN_KEYRING";
/// Time for one call of apt; the largest index is 10 MB.
const TIMEOUT: Duration = Duration::from_secs(600);

/// Which suites are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suites {
    /// Code names, e.g. `trixie`, `trixie-backports`.
    pub names: Vec<String>,
    /// Debian's name of the architecture, e.g. `amd64`.
    pub arch: String,
}

/// Which indexes are loaded; each suite's take some 10 MB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Indexes {
    /// Binary packages, for [`AptState::closure`].
    Binary,
    /// Source packages, for [`AptState::source_files`].
    Source,
}

/// A binary package at an exact version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LockedPackage {
    /// Name.
    pub name: String,
    /// Version, with its epoch.
    pub version: String,
    /// Architecture, or `all`.
    pub arch: String,
    /// Path in the pool, relative to the mirror.
    pub pool: String,
    /// Digest of the file.
    pub sha256: Digest,
    /// Bytes.
    pub size: u64,
}

/// A file of a source package at an exact version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LockedSource {
    /// Source package.
    pub package: String,
    /// Version, with its epoch.
    pub version: String,
    /// File name.
    pub file: String,
    /// Path in the pool, relative to the mirror.
    pub pool: String,
    /// Digest of the file.
    pub sha256: Digest,
    /// Bytes.
    pub size: u64,
}

/// Why apt could not be asked or gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// No mirror or no key is known on this host, or apt is absent.
    #[error("{0}")]
    Host(String),
    /// No mirror has the suite.
    #[error("no mirror has the suite `{suite}`:\n{tried}")]
    NoSuite {
        /// The suite.
        suite: String,
        /// The addresses tried.
        tried: String,
    },
    /// A suite's signature does not verify.
    #[error(
        "the suites {suites} cannot be verified with `{keyring}`:\n{said}\nhint: apt-get install debian-archive-keyring, or set AZL_DEBIAN_KEYRING to a keyring that has the suite's key"
    )]
    Unverified {
        /// The suites.
        suites: String,
        /// The keyring used.
        keyring: String,
        /// What apt said.
        said: String,
    },
    /// apt failed: packages that do not exist or cannot be installed together.
    #[error("apt cannot resolve this:\n{0}")]
    Apt(String),
    /// apt's answer lacks something.
    #[error("apt's answer is incomplete: {0}")]
    Answer(String),
    /// A file of the state directory could not be written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// An apt with its own state, loaded with the indexes of some suites.
#[derive(Debug)]
pub struct AptState {
    config: PathBuf,
    arch: String,
}

impl AptState {
    /// Sets up a state in `directory` (made empty) and downloads the indexes.
    ///
    /// # Errors
    /// [`ResolveError`] if a suite is nowhere, cannot be downloaded or cannot be verified.
    pub fn open(directory: &Path, suites: &Suites, indexes: Indexes) -> Result<Self, ResolveError> {
        let keyring = keyring()?;
        let mirrors = mirrors::debian_mirrors().map_err(ResolveError::Host)?;
        files::remove_dir_all(directory)?;
        for part in [
            "etc/apt.conf.d",
            "etc/preferences.d",
            "etc/sources.list.d",
            "state/lists/partial",
            "cache/archives/partial",
        ] {
            files::create_dir_all(directory.join(part))?;
        }
        files::write_atomic(directory.join("status"), b"")?;
        let config = directory.join("apt.conf");
        files::write_atomic(&config, configuration(directory, &suites.arch)?.as_bytes())?;
        let state = Self { config, arch: suites.arch.clone() };
        let mut sources = String::new();
        for suite in &suites.names {
            let mirror = state.locate(directory, suite, &mirrors)?;
            sources.push_str(&source_line(indexes, &keyring, mirror, suite));
        }
        files::write_atomic(directory.join("etc/sources.list"), sources.as_bytes())?;
        state.update(suites, &keyring)?;
        Ok(state)
    }

    /// Returns the packages named and all that they depend on, sorted by name; recommended ones are left out.
    ///
    /// # Errors
    /// [`ResolveError::Apt`] if a package does not exist or cannot be installed.
    pub fn closure(&self, packages: &[String]) -> Result<Vec<LockedPackage>, ResolveError> {
        let plan = self
            .run("apt-get", &["install", "--print-uris", "--no-install-recommends", "-y"], packages)
            .map_err(ResolveError::Apt)?;
        let chosen = answers::chosen(&plan)?;
        let exact: Vec<String> = chosen.iter().map(|(name, version)| format!("{name}={version}")).collect();
        let shown = self.run("apt-cache", &["show"], &exact).map_err(ResolveError::Apt)?;
        let mut locked = BTreeMap::new();
        for stanza in deb822::stanzas(&shown) {
            let package = answers::binary(&stanza)?;
            // Other architectures' stanzas cannot be here: the state knows this one and `all` only.
            locked.insert((package.name.clone(), package.version.clone()), package);
        }
        let missing: Vec<_> = chosen.iter().filter(|key| !locked.contains_key(key)).map(|key| key.0.as_str()).collect();
        if !missing.is_empty() {
            return Err(ResolveError::Answer(format!("nothing is said of {} for {}", missing.join(", "), self.arch)));
        }
        Ok(locked
            .into_values()
            .filter(|package| chosen.contains(&(package.name.clone(), package.version.clone())))
            .collect())
    }

    /// Returns the files of all versions of a source package in the suites.
    ///
    /// # Errors
    /// [`ResolveError::Apt`] if there is no such source package.
    pub fn source_files(&self, package: &str) -> Result<Vec<LockedSource>, ResolveError> {
        let shown =
            self.run("apt-cache", &["showsrc", "--only-source"], &[package.to_owned()]).map_err(ResolveError::Apt)?;
        let mut all = Vec::new();
        for stanza in deb822::stanzas(&shown) {
            all.extend(answers::source(&stanza)?);
        }
        all.sort();
        all.dedup();
        Ok(all)
    }

    /// Returns the first mirror that has the suite.
    fn locate<'m>(&self, directory: &Path, suite: &str, mirrors: &'m [String]) -> Result<&'m str, ResolveError> {
        let mut tried = Vec::new();
        for mirror in mirrors {
            let url = format!("{mirror}/dists/{suite}/InRelease");
            let to = directory.join("InRelease");
            let got = self.run("/usr/lib/apt/apt-helper", &["download-file"], &[url.clone(), to.display().to_string()]);
            files::remove_file(&to)?;
            match got {
                Ok(_) => return Ok(mirror),
                Err(said) => tried.push(format!("  {url}: {}", said.lines().next().unwrap_or("no answer"))),
            }
        }
        Err(ResolveError::NoSuite { suite: suite.to_owned(), tried: tried.join("\n") })
    }

    fn update(&self, suites: &Suites, keyring: &str) -> Result<(), ResolveError> {
        let said = match self.run("apt-get", &["update", "-oAPT::Update::Error-Mode=any"], &[]) {
            Ok(_) => return Ok(()),
            Err(said) => said,
        };
        let signs =
            ["NO_PUBKEY", "not signed", "EXPKEYSIG", "REVKEYSIG", "BADSIG", "KEYEXPIRED", "Sub-process /usr/bin/sqv"];
        if signs.iter().any(|sign| said.contains(sign)) {
            let suites = suites.names.join(", ");
            return Err(ResolveError::Unverified { suites, keyring: keyring.to_owned(), said });
        }
        Err(ResolveError::Apt(said))
    }

    /// Runs a program of apt on this state; an error is what it said.
    fn run(&self, program: &str, args: &[&str], more: &[String]) -> Result<String, String> {
        let cmd = apt_environment(Cmd::new(program, "/")).arg("-c").arg(self.config.as_os_str());
        match cmd.args(args.iter().copied()).args(more.iter().map(String::as_str)).timeout(TIMEOUT).output() {
            Ok(output) => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            Err(CmdError::Failed { tail, cause, .. }) => Err(complaints(&tail).unwrap_or(cause)),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Returns the lines that say what is wrong, without the progress around them.
fn complaints(said: &str) -> Option<String> {
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| line.starts_with("E: ") || line.starts_with("W: ") || line.contains("Depends:"))
        .collect();
    match lines.is_empty() {
        true => Some(said.trim().to_owned()).filter(|said| !said.is_empty()),
        false => Some(lines.join("\n")),
    }
}

fn keyring() -> Result<String, ResolveError> {
    let candidates =
        environment::var(KEYRING_VARIABLE).map_or_else(|| KEYRINGS.map(str::to_owned).to_vec(), |path| vec![path]);
    candidates.iter().find(|path| files::exists(path)).cloned().ok_or_else(|| {
        ResolveError::Host(format!(
            "the keys of the Debian archive are not at {}\nhint: apt-get install debian-archive-keyring",
            candidates.join(" or ")
        ))
    })
}

fn source_line(indexes: Indexes, keyring: &str, mirror: &str, suite: &str) -> String {
    let kind = match indexes {
        Indexes::Binary => "deb",
        Indexes::Source => "deb-src",
    };
    format!("{kind} [signed-by={keyring}] {mirror} {suite} main\n")
}

/// The settings that separate this state from the host's; the file is read after the host's own.
fn configuration(directory: &Path, arch: &str) -> Result<String, ResolveError> {
    let directory = directory.display().to_string();
    if directory.contains(['"', '\\', '\n']) || !directory.starts_with('/') {
        return Err(ResolveError::Host(format!("apt cannot work in a directory called `{directory}`")));
    }
    Ok(format!(
        "Dir \"{directory}\";\nDir::State \"state\";\nDir::State::lists \"lists\";\nDir::State::status \"{directory}/status\";\n\
         Dir::Cache \"cache\";\nDir::Etc \"etc\";\nDir::Log \"{directory}/log\";\n\
         Dir::Etc::sourcelist \"sources.list\";\nDir::Etc::sourceparts \"sources.list.d\";\n\
         Dir::Etc::preferences \"preferences\";\nDir::Etc::preferencesparts \"preferences.d\";\n\
         #clear APT::Architectures;\nAPT::Architecture \"{arch}\";\nAPT::Architectures {{ \"{arch}\"; }};\n\
         APT::Default-Release \"\";\nAPT::Install-Recommends \"false\";\nAPT::Install-Suggests \"false\";\n\
         APT::Sandbox::User \"root\";\nAPT::Get::AllowUnauthenticated \"false\";\n\
         Acquire::AllowInsecureRepositories \"false\";\nAcquire::AllowWeakRepositories \"false\";\n\
         Acquire::Check-Valid-Until \"false\";\nAcquire::Check-Date \"false\";\nAcquire::Languages \"none\";\n\
         Acquire::Retries \"2\";\n\
         #clear Acquire::IndexTargets;\n\
         Acquire::IndexTargets::deb::Packages {{ MetaKey \"$(COMPONENT)/binary-$(ARCHITECTURE)/Packages\"; \
         flatMetaKey \"Packages\"; ShortDescription \"Packages\"; \
         Description \"$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Packages\"; Optional \"no\"; }};\n\
         Acquire::IndexTargets::deb-src::Sources {{ MetaKey \"$(COMPONENT)/source/Sources\"; \
         flatMetaKey \"Sources\"; ShortDescription \"Sources\"; \
         Description \"$(RELEASE)/$(COMPONENT) Sources\"; Optional \"no\"; }};\n\
         #clear APT::Update::Pre-Invoke;\n#clear APT::Update::Post-Invoke;\n#clear APT::Update::Post-Invoke-Success;\n\
         #clear DPkg::Pre-Install-Pkgs;\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_kept_and_progress_is_dropped() {
        let said = "Reading package lists...\nE: Unable to locate package nosuch\n";
        assert_eq!(complaints(said).as_deref(), Some("E: Unable to locate package nosuch"));
        assert_eq!(complaints(""), None);
    }
}
