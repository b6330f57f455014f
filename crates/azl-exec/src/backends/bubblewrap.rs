//! The local executor: bubblewrap.
//!
//! | of the sandbox | is |
//! |---|---|
//! | root | composed from packages, read-only |
//! | network, ipc, pid, uts, cgroup, user | private; no interface but loopback |
//! | user | 1000 `builder` without capabilities, or 0 where the action says so, with those over files; never the host's |
//! | `/in` | inputs, read-only |
//! | system calls | all but those that reach past namespaces (`filter.rs`) |
//! | `/out`, `/builddir`, `/tmp`, `/var/tmp` | fresh, writable |
//! | `/var/lib/rpm` | empty, writable: nothing is installed in a composed root, and rpm must not stumble over that |
//! | environment | the action's, and what the [`Conditions`] set, which must change no byte |
//! | permission bits of new files, processors | as the [`Conditions`] say, never as this process has them |

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use azl_action::ports::{BlobStore, Executor, PortError, RootComposer};
use azl_action::{ActionResult, Blob, Run, Usage};
use azl_host::clock::Stopwatch;
use azl_host::{Cmd, CmdError, environment, files};

use crate::conditions::Conditions;
use crate::filter;
use crate::jobs::{self, Jobs};
use crate::limits::{self, Limits};
use crate::work::Work;

/// Writable directories that nobody reads afterwards: their name beside the outputs, and in the sandbox.
const SCRATCH: [(&str, &str); 3] = [("builddir", "/builddir"), ("tmp", "/tmp"), ("vartmp", "/var/tmp")];

/// The user of a build, where the action does not ask for user 0.
pub const BUILD_USER: u32 = 1000;
/// Where a build begins.
pub const BUILD_PATH: &str = "/builddir";

/// Where rpm keeps the database of installed packages.
const RPM_DATABASE: &str = "/var/lib/rpm";

/// What root in a sandbox may do besides owning everything. bubblewrap would give all capabilities to one who calls it
/// as root, and none to others; a result must not depend on who builds.
const ROOT_CAPABILITIES: [&str; 8] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
];

/// What a shell in a sandbox begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// A prompt, with nothing done.
    Prompt,
    /// The command of the action; a prompt when it has ended, in what it left.
    Command,
}

impl Begin {
    fn command(self, command: &[String]) -> Vec<String> {
        let shell = "/usr/bin/bash".to_owned();
        match self {
            Self::Prompt => vec![shell],
            Self::Command => {
                let script = "\"$@\"; echo \"it ended with status $?\"; exec bash";
                let words = [shell, "-c".to_owned(), script.to_owned(), "shell".to_owned()];
                words.into_iter().chain(command.iter().cloned()).collect()
            }
        }
    }
}

/// Whether a sandbox has a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Terminal {
    /// None: what runs inside must not write into the terminal of whoever builds.
    None,
    /// This process's.
    Ours,
}

impl Terminal {
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::None => &["--new-session"],
            Self::Ours => &[],
        }
    }
}

/// Runs actions with the host's `bwrap`.
pub struct Bubblewrap {
    bwrap: PathBuf,
    prlimit: PathBuf,
    composer: Arc<dyn RootComposer>,
    conditions: Conditions,
    limits: Limits,
    filter: Vec<u8>,
    /// Made with the first action, when there is a store to keep it in.
    jobs: OnceLock<Jobs>,
}

impl Bubblewrap {
    /// Finds `bwrap` and `prlimit`; each action runs under the given conditions, and within the machine's limits.
    ///
    /// # Errors
    /// If one of them is not installed, with the line that installs it; if the conditions cannot be had.
    pub fn new(composer: Arc<dyn RootComposer>, conditions: Conditions) -> Result<Self, PortError> {
        conditions.check().map_err(PortError::Input)?;
        let (bwrap, prlimit) = (find("bwrap", "bubblewrap")?, find("prlimit", "util-linux")?);
        let filter = filter::filter(std::env::consts::ARCH)
            .ok_or_else(|| PortError::Infrastructure(format!("no sandbox for {} machines", std::env::consts::ARCH)))?;
        Ok(Self { bwrap, prlimit, composer, conditions, limits: Limits::default(), filter, jobs: OnceLock::new() })
    }

    /// Keeps each action within other limits.
    #[must_use]
    pub fn limited(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Opens a shell where `run` would run: the same root, inputs, user and environment, on this process's terminal.
    /// What is done there changes nothing outside.
    ///
    /// # Errors
    /// As [`Executor::run`], but for how the shell ends.
    pub fn enter(&self, run: &Run<Vec<Blob>>, begin: Begin, store: &dyn BlobStore) -> Result<(), PortError> {
        let root = self.composer.compose(&run.root, store)?;
        let work = Work::lay_out(run, store, &self.conditions)?;
        let root = work.root(root, &self.conditions)?;
        let shell = Run { command: begin.command(&run.command), ..run.clone() };
        self.command(&shell, &root, &work, Terminal::Ours)?.run_interactive().map_err(|error| match error {
            CmdError::Interrupted => PortError::Interrupted,
            other => PortError::Infrastructure(other.to_string()),
        })
    }

    fn command(&self, run: &Run<Vec<Blob>>, root: &Path, work: &Work, terminal: Terminal) -> Result<Cmd, PortError> {
        let user = if run.as_root { "0".to_owned() } else { BUILD_USER.to_string() };
        // The first process inside is bubblewrap's, and what is in its environment can be read there.
        let mut cmd = Cmd::new(&self.prlimit, "/")
            .env("PATH", "/usr/bin:/usr/sbin")
            .args(self.limits.prlimit())
            .arg(&self.bwrap)
            .args(["--unshare-all", "--unshare-user", "--die-with-parent", "--clearenv"])
            .args(terminal.arguments())
            .args(["--uid", &user, "--gid", &user, "--hostname", &self.conditions.host_name, "--cap-drop", "ALL"])
            .args(ROOT_CAPABILITIES.iter().filter(|_| run.as_root).flat_map(|name| ["--cap-add", name]))
            .arg("--ro-bind")
            .arg(root)
            .args([
                "/",
                "--proc",
                "/proc",
                "--dev",
                "/dev",
                "--tmpfs",
                "/dev/shm",
                "--remount-ro",
                "/dev",
                "--tmpfs",
                "/run",
            ]);
        cmd = cmd.arg("--ro-bind").arg(work.path.join("in")).arg("/in");
        cmd = cmd.arg("--bind").arg(work.path.join("out")).arg("/out");
        let mut bounds = self.limits.bounds(run.timeout);
        bounds.in_memory.extend(["/dev/shm", "/run"].map(PathBuf::from));
        let in_memory = self.conditions.in_memory();
        for (directory, target) in SCRATCH {
            if in_memory {
                bounds.in_memory.push(target.into());
                cmd = cmd.args(["--tmpfs", target]);
            } else {
                cmd = cmd.arg("--bind").arg(work.path.join(directory)).arg(target);
            }
        }
        if files::is_dir(root.join(RPM_DATABASE.trim_start_matches('/'))) {
            bounds.in_memory.push(RPM_DATABASE.into());
            cmd = cmd.args(["--tmpfs", RPM_DATABASE]);
        }
        let (cmd, filter) = self.surround(cmd, run).file(work.filter(&self.filter)?);
        let cmd = cmd.args(["--seccomp", &filter.to_string(), "--chdir", BUILD_PATH, "--"]);
        Ok(cmd.args(&run.command).bounds(bounds))
    }

    fn jobs(&self, store: &dyn BlobStore) -> Result<&Jobs, PortError> {
        if let Some(jobs) = self.jobs.get() {
            return Ok(jobs);
        }
        let jobs = Jobs::new(self.conditions.processors, store)?;
        Ok(self.jobs.get_or_init(|| jobs))
    }

    /// Adds what the action and the conditions say about surroundings.
    fn surround(&self, mut cmd: Cmd, run: &Run<Vec<Blob>>) -> Cmd {
        if let Some(jobs) = self.jobs.get() {
            cmd = cmd.arg("--bind").arg(jobs.pipe()).arg(jobs::PIPE);
            cmd = cmd.args(["--setenv", jobs::VARIABLE, &format!("--jobserver-auth=fifo:{}", jobs::PIPE)]);
        }
        if let Some((library, target)) = self.conditions.preloaded() {
            cmd = cmd.arg("--ro-bind").arg(library).arg(target);
        }
        for (name, value) in run.env.clone().into_iter().chain(self.conditions.environment()) {
            cmd = cmd.args(["--setenv".to_owned(), name, value]);
        }
        cmd.umask(self.conditions.umask).processors(self.conditions.processors)
    }
}

fn find(program: &str, package: &str) -> Result<PathBuf, PortError> {
    environment::find_program(program).ok_or_else(|| {
        PortError::Infrastructure(format!(
            "{package} is not installed\n  hint: apt-get install {package}, or `cargo xtask doctor`"
        ))
    })
}

impl Executor for Bubblewrap {
    fn run(&self, run: &Run<Vec<Blob>>, store: &dyn BlobStore, log: &Path) -> Result<ActionResult, PortError> {
        let root = self.composer.compose(&run.root, store)?;
        let work = Work::lay_out(run, store, &self.conditions)?;
        let root = work.root(root, &self.conditions)?;
        let _slot = self.jobs(store)?.begin();
        let watch = Stopwatch::start();
        let command = self.command(run, &root, &work, Terminal::None)?.group_in(limits::place(run.timeout));
        let ended = command.run_logged(log);
        let used = ended.map_err(|error| failed(error, log, &self.limits))?;
        let outputs = work.collect(store)?;
        work.remove()?;
        let log = files::read(log).ok().map(|bytes| store.put(&bytes)).transpose()?;
        let usage = Usage { cpu_millis: millis(used.cpu), peak_memory: used.peak_memory };
        Ok(ActionResult { outputs, log, millis: millis(watch.elapsed()), usage })
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn failed(error: CmdError, log: &Path, limits: &Limits) -> PortError {
    match error {
        CmdError::Interrupted => PortError::Interrupted,
        CmdError::Failed { .. } if is_namespace_failure(&error) => PortError::Infrastructure(format!(
            "{error}\n  hint: this kernel refuses user namespaces; as root: sysctl kernel.unprivileged_userns_clone=1, \
             on Ubuntu: sysctl kernel.apparmor_restrict_unprivileged_userns=0; then `cargo xtask doctor`"
        )),
        CmdError::Failed { ref cause, ref tail, .. } => {
            let hint = if is_file_limit(cause, tail) { limits.file_hint() } else { String::new() };
            PortError::Work { message: format!("{error}{hint}"), log: Some(log.to_owned()) }
        }
        other => PortError::Infrastructure(other.to_string()),
    }
}

/// What a shell returns for a command that SIGXFSZ ended (128 and 25), and what programs say that ignore the signal.
fn is_file_limit(cause: &str, tail: &str) -> bool {
    cause == "exit status 153" || tail.contains("File size limit exceeded") || tail.contains("File too large")
}

/// bubblewrap's own failures start with its name; the command's do not.
fn is_namespace_failure(error: &CmdError) -> bool {
    matches!(error, CmdError::Failed { tail, .. } if tail.starts_with("bwrap: ") && tail.contains("namespace"))
}
