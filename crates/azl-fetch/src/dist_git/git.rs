//! How git is called: with every setting said, and nothing else read.
//!
//! **Invariant:** no configuration, credentials, hooks or home of the host reach git; only its proxies do.
//! **Invariant:** only [`Git::online`] configures a remote, for that one call; the store's own configuration never grows.

use std::path::{Path, PathBuf};
use std::time::Duration;

use azl_host::{Cmd, CmdError, files};

use super::error::DistGitError;
use super::name::Address;

/// The remote's name within one call.
pub(super) const REMOTE: &str = "upstream";
/// The oldest git with all that is used here.
const OLDEST: (u32, u32) = (2, 39);
/// Longest network operation; the largest package's whole history takes a few minutes.
const TIME_LIMIT: Duration = Duration::from_secs(60 * 60);

/// Settings of every call.
const ALWAYS: [&str; 8] = [
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.fsmonitor=false",
    "core.useReplaceRefs=false",
    "core.filesRefLockTimeout=5000",
    "core.packedRefsTimeout=5000",
    // Housekeeping would not know that absent blobs are promised.
    "gc.auto=0",
    "maintenance.auto=false",
];

/// Settings of calls that use the network.
const ONLINE: [&str; 17] = [
    "protocol.allow=never",
    "protocol.https.allow=always",
    "protocol.http.allow=always",
    "protocol.version=2",
    "transfer.fsckObjects=true",
    "fetch.fsckObjects=true",
    "fetch.recurseSubmodules=false",
    "fetch.writeCommitGraph=false",
    "fetch.unpackLimit=1",
    "fetch.prune=false",
    "transfer.bundleURI=false",
    "credential.helper=",
    "core.askPass=",
    "http.cookieFile=",
    "http.followRedirects=initial",
    // Less than this for a minute is a server that hangs.
    "http.lowSpeedLimit=100",
    "http.lowSpeedTime=60",
];

/// Settings of calls that leave file contents out; the remote promises to have them.
const PARTIAL: [&str; 2] = ["remote.upstream.promisor=true", "remote.upstream.partialclonefilter=blob:none"];

/// What git's check complains of although it is harmless: old tools wrote it, and everyone reads it the same.
pub(super) const ODDITIES: [&str; 6] = [
    "zeroPaddedFilemode",
    "badTimezone",
    "missingSpaceBeforeDate",
    "missingNameBeforeEmail",
    "missingSpaceBeforeEmail",
    "nullSha1",
];

/// A bare repository and how to call git on it.
#[derive(Debug, Clone)]
pub(super) struct Git {
    directory: PathBuf,
}

impl Git {
    /// Opens a repository, making it in one step if it is absent.
    pub(super) fn open(directory: &Path) -> Result<Self, DistGitError> {
        let parent = directory.parent().unwrap_or(Path::new("/"));
        files::create_dir_all(parent)?;
        check_version(parent)?;
        if !files::is_dir(directory) {
            create(directory, parent)?;
        }
        Ok(Self { directory: files::canonicalize(directory)? })
    }

    /// Starts a command that cannot use the network: it knows no remote.
    pub(super) fn offline(&self) -> Cmd {
        settings(self.base(), &ALWAYS)
    }

    /// Starts a command for which `url` is the remote [`REMOTE`], promising the blobs that are left out.
    pub(super) fn online(&self, url: &Address) -> Cmd {
        settings(self.online_whole(url), &PARTIAL)
    }

    /// Starts a command for which `url` is the remote [`REMOTE`], with everything, which may have [`ODDITIES`].
    pub(super) fn online_whole(&self, url: &Address) -> Cmd {
        let cmd = settings(settings(self.base(), &ALWAYS), &ONLINE);
        let cmd = settings(cmd, &[&format!("remote.{REMOTE}.url={url}")]);
        let cmd = ODDITIES.iter().fold(cmd, |cmd, oddity| settings(cmd, &[&format!("fetch.fsck.{oddity}=warn")]));
        let proxies = ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"];
        let passed = proxies.iter().chain(&["SSL_CERT_FILE", "SSL_CERT_DIR"]);
        passed.fold(cmd.timeout(TIME_LIMIT), |cmd, name| cmd.inherit(name))
    }

    /// Returns the repository's directory.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    fn base(&self) -> Cmd {
        plain(&self.directory).arg("--git-dir").arg(self.directory.as_os_str())
    }
}

/// Makes a call whose environment keeps the host's settings, prompts and fetches on demand away.
fn plain(directory: &Path) -> Cmd {
    Cmd::new("git", directory)
        .env("LC_ALL", "C")
        // No home is not enough: the user data base would tell one, with a `.netrc` in it.
        .env("HOME", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_ATTR_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_OPTIONAL_LOCKS", "0")
}

fn settings(cmd: Cmd, settings: &[&str]) -> Cmd {
    settings.iter().fold(cmd, |cmd, setting| cmd.arg("-c").arg(*setting))
}

fn create(directory: &Path, parent: &Path) -> Result<(), DistGitError> {
    let temporary = files::sibling(directory);
    let init = plain(parent).args(["init", "--quiet", "--bare", "--template=", "--object-format=sha1"]);
    init.arg("--initial-branch=none").arg("--").arg(temporary.as_os_str()).output()?;
    let moved = files::rename(&temporary, directory);
    if files::is_dir(directory) {
        // Another run may have been first; then its repository is as good.
        files::remove_dir_all(&temporary)?;
        return Ok(());
    }
    Ok(moved?)
}

fn check_version(directory: &Path) -> Result<(), DistGitError> {
    let said = match plain(directory).arg("version").output() {
        Ok(output) => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        Err(CmdError::Start { source, .. }) => return Err(DistGitError::NoGit { reason: source.to_string() }),
        Err(error) => return Err(error.into()),
    };
    match version(&said) {
        Some(found) if found >= OLDEST => Ok(()),
        _ => Err(DistGitError::NoGit { reason: format!("this host has `{said}`") }),
    }
}

/// Reads `git version 2.39.5 (…)`.
fn version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.strip_prefix("git version ")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_sees_the_settings_of_the_call_and_of_the_store_only() {
        let directory = tempfile::tempdir().expect("a directory");
        let git = match Git::open(&directory.path().join("x.git")) {
            Err(error @ DistGitError::NoGit { .. }) => {
                let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("not run: {error}\n"));
                return;
            }
            other => other.expect("a store"),
        };
        let url = "https://host.example/rpms/x".parse().expect("an address");
        let listed = |cmd: Cmd| {
            let output = cmd.args(["config", "--list", "--show-scope"]).output().expect("listed").stdout;
            String::from_utf8_lossy(&output).into_owned()
        };
        for text in [listed(git.offline()), listed(git.online(&url))] {
            let ours = |line: &str| line.starts_with("command\t") || line.starts_with("local\tcore.");
            assert!(text.lines().all(ours), "{text}");
        }
        assert!(!listed(git.offline()).contains("remote."), "no remote, so nothing to fetch from");
        assert!(listed(git.online(&url)).contains("remote.upstream.url=https://host.example/rpms/x"));
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version("git version 2.39.5 (Apple Git-154)"), Some((2, 39)));
        assert!(version("git version 2.100.0") > Some(OLDEST) && version("git version 2.9.1") < Some(OLDEST));
        assert_eq!(version("hub version 2"), None);
    }
}
