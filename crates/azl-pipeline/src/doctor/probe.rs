//! Looks at the host. Every function answers a question of [`super::rows`] and judges nothing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use azl_host::cgroup::{self, Place};
use azl_host::{Cmd, CmdError, environment, files};

/// What was seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Probes {
    /// `/etc/os-release`, empty if there is none.
    pub(super) os_release: String,
    /// Whether this process is root.
    pub(super) root: bool,
    /// Whether this is a container, where namespaces are the container runtime's to allow.
    pub(super) container: bool,
    /// `AZL_DEBIAN_MIRROR`.
    pub(super) mirror: Option<String>,
    /// Whether apt's download helper is there.
    pub(super) apt_helper: bool,
    /// The first line of `bwrap --version`, if it is there.
    pub(super) bubblewrap: Option<String>,
    /// The first line of `prlimit --version`, if it is there.
    pub(super) prlimit: Option<String>,
    /// What bubblewrap said if it is there and could not enter a sandbox.
    pub(super) refusal: Option<String>,
    /// Where control groups can be made.
    pub(super) groups: Option<Place>,
    /// Why they cannot.
    pub(super) no_groups: Option<String>,
    /// Whether systemd manages this host.
    pub(super) systemd: bool,
    /// Kernel switches that concern user namespaces, by name under `/proc/sys`.
    pub(super) switches: Vec<(&'static str, String)>,
    /// The first line of `git --version`, if it is there.
    pub(super) git: Option<String>,
    /// Whether git can fetch over HTTPS.
    pub(super) git_https: bool,
    /// Whether cargo-nextest is there.
    pub(super) nextest: bool,
    /// Where the store is.
    pub(super) store: PathBuf,
    /// Bytes free there.
    pub(super) free: Option<u64>,
    /// `/proc/meminfo`.
    pub(super) meminfo: String,
    /// Processors this process may use.
    pub(super) processors: usize,
    /// Whether `/dev/kvm` exists, and whether this user may open it.
    pub(super) kvm: Option<bool>,
}

const SWITCHES: [&str; 3] =
    ["kernel/unprivileged_userns_clone", "kernel/apparmor_restrict_unprivileged_userns", "user/max_user_namespaces"];

pub(super) fn probe(store: &Path) -> Probes {
    let text = |path: &str| files::read_to_string(path).unwrap_or_default();
    let switch = |name| Some((name, files::read_to_string(format!("/proc/sys/{name}")).ok()?.trim().to_owned()));
    Probes {
        os_release: text("/etc/os-release"),
        root: environment::is_root(),
        container: ["/.dockerenv", "/run/.containerenv"].iter().any(files::exists),
        mirror: environment::var("AZL_DEBIAN_MIRROR"),
        apt_helper: files::exists("/usr/lib/apt/apt-helper"),
        bubblewrap: version("bwrap"),
        prlimit: version("prlimit"),
        refusal: sandbox_refusal(),
        groups: cgroup::place().ok().cloned(),
        no_groups: cgroup::place().err().map(str::to_owned),
        systemd: files::exists("/run/systemd/system"),
        switches: SWITCHES.into_iter().filter_map(switch).collect(),
        git: version("git"),
        git_https: git_https(),
        nextest: environment::find_program("cargo-nextest").is_some(),
        store: store.to_owned(),
        free: free_space(store),
        meminfo: text("/proc/meminfo"),
        processors: environment::processors(),
        kvm: files::exists("/dev/kvm").then(|| files::open("/dev/kvm").is_ok()),
    }
}

fn version(program: &str) -> Option<String> {
    let path = environment::find_program(program)?;
    let output = Cmd::new(path, "/").arg("--version").timeout(Duration::from_secs(10)).output().ok()?;
    String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned)
}

/// Looks for the helper that some distributions package by itself.
fn git_https() -> bool {
    let Some(git) = environment::find_program("git") else { return false };
    let said = Cmd::new(git, "/").arg("--exec-path").timeout(Duration::from_secs(10)).output();
    said.is_ok_and(|said| {
        let directory = String::from_utf8_lossy(&said.stdout).trim_end().to_owned();
        files::exists(Path::new(&directory).join("git-remote-https"))
    })
}

/// Enters a sandbox with the same namespaces and mounts as a build's.
fn sandbox_refusal() -> Option<String> {
    let sandbox = Cmd::new(environment::find_program("bwrap")?, "/")
        .args(["--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--clearenv"])
        .args(["--uid", "1000", "--gid", "1000", "--hostname", "azl-build", "--ro-bind", "/", "/"])
        .args(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/run", "--", "/bin/true"]);
    match sandbox.timeout(Duration::from_secs(20)).output() {
        Ok(_) => None,
        Err(CmdError::Failed { cause, tail, .. }) => Some(tail.lines().last().map_or(cause, str::to_owned)),
        Err(error) => Some(error.to_string()),
    }
}

/// The store may not exist yet: what counts is the file system it will be made on.
fn free_space(store: &Path) -> Option<u64> {
    let existing = store.ancestors().find(|path| files::is_dir(path))?;
    files::free_space(existing).ok()
}
