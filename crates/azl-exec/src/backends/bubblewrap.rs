//! The local executor: bubblewrap.
//!
//! | of the sandbox | is |
//! |---|---|
//! | root | composed from packages, read-only |
//! | network, ipc, pid, uts, cgroup, user | private; no interface but loopback |
//! | user | 1000 `builder`, or 0 where the action says so; never the host's |
//! | `/in` | inputs, read-only |
//! | `/out`, `/builddir`, `/tmp`, `/var/tmp` | fresh, writable |
//! | `/var/lib/rpm` | empty, writable: nothing is installed in a composed root, and rpm must not stumble over that |
//! | environment | the action's, and `RPM_BUILD_NCPUS`, which must change no byte |

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use azl_action::ports::{BlobStore, Executor, PortError, RootComposer};
use azl_action::{ActionResult, Blob, Run};
use azl_host::clock::Stopwatch;
use azl_host::{Cmd, CmdError, environment, files};

use crate::trees::file_error;

/// Writable directories that nobody reads afterwards: their name beside the outputs, and in the sandbox.
const SCRATCH: [(&str, &str); 3] = [("builddir", "/builddir"), ("tmp", "/tmp"), ("vartmp", "/var/tmp")];

/// With this much memory to spare, builds happen in memory: unpacking and removing a kernel's 90,000 files on a disk
/// takes minutes. The largest build of the set needs 4 GiB.
const MEMORY_FOR_BUILDS: u64 = 12 << 30;

/// Where rpm keeps the database of installed packages.
const RPM_DATABASE: &str = "/var/lib/rpm";

/// Runs actions with the host's `bwrap`.
pub struct Bubblewrap {
    program: PathBuf,
    composer: Arc<dyn RootComposer>,
    processors: usize,
}

impl Bubblewrap {
    /// Finds `bwrap`; each action may use `processors`.
    ///
    /// # Errors
    /// If bubblewrap is not installed, with the line that installs it.
    pub fn new(composer: Arc<dyn RootComposer>, processors: usize) -> Result<Self, PortError> {
        let program = environment::find_program("bwrap").ok_or_else(|| {
            PortError::Infrastructure(
                "bubblewrap is not installed\n  hint: apt-get install bubblewrap, or `cargo xtask doctor`".to_owned(),
            )
        })?;
        Ok(Self { program, composer, processors })
    }

    fn command(&self, run: &Run<Vec<Blob>>, root: &Path, work: &Path) -> Cmd {
        let user = if run.as_root { "0" } else { "1000" };
        let mut cmd = Cmd::new(&self.program, "/")
            .args(["--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--clearenv"])
            .args(["--uid", user, "--gid", user, "--hostname", "azl-build"])
            .arg("--ro-bind")
            .arg(root)
            .arg("/")
            .args(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/run"]);
        cmd = cmd.arg("--ro-bind").arg(work.join("in")).arg("/in");
        cmd = cmd.arg("--bind").arg(work.join("out")).arg("/out");
        let in_memory = environment::available_memory() >= MEMORY_FOR_BUILDS;
        for (directory, target) in SCRATCH {
            cmd = match in_memory {
                true => cmd.args(["--tmpfs", target]),
                false => cmd.arg("--bind").arg(work.join(directory)).arg(target),
            };
        }
        if files::is_dir(root.join(RPM_DATABASE.trim_start_matches('/'))) {
            cmd = cmd.args(["--tmpfs", RPM_DATABASE]);
        }
        let processors = self.processors.to_string();
        let host = [("RPM_BUILD_NCPUS", processors.as_str())];
        for (name, value) in run.env.iter().map(|(n, v)| (n.as_str(), v.as_str())).chain(host) {
            cmd = cmd.args(["--setenv", name, value]);
        }
        cmd.args(["--chdir", "/builddir", "--"]).args(&run.command).timeout(Duration::from_secs(run.timeout))
    }
}

impl Executor for Bubblewrap {
    fn run(&self, run: &Run<Vec<Blob>>, store: &dyn BlobStore, log: &Path) -> Result<ActionResult, PortError> {
        let root = self.composer.compose(&run.root, store)?;
        let work = prepare(run, store)?;
        let watch = Stopwatch::start();
        self.command(run, &root, &work).run_logged(log).map_err(|error| failed(error, log))?;
        let outputs = collect(&work.join("out"), store)?;
        files::remove_dir_all(&work).map_err(file_error)?;
        let millis = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
        let log = files::read(log).ok().map(|bytes| store.put(&bytes)).transpose()?;
        Ok(ActionResult { outputs, log, millis, usage: azl_action::Usage::default() })
    }
}

/// Lays out the writable directories and the inputs.
fn prepare(run: &Run<Vec<Blob>>, store: &dyn BlobStore) -> Result<PathBuf, PortError> {
    let work = store.scratch("run")?;
    for directory in ["in", "out", "builddir", "tmp", "vartmp"] {
        files::create_dir_all(work.join(directory)).map_err(file_error)?;
    }
    for (directory, blobs) in &run.inputs {
        let directory = work.join("in").join(directory);
        files::create_dir_all(&directory).map_err(file_error)?;
        for blob in blobs {
            files::link_or_copy(store.path(blob.digest)?, directory.join(&blob.name)).map_err(file_error)?;
        }
    }
    Ok(work)
}

fn collect(out: &Path, store: &dyn BlobStore) -> Result<BTreeMap<String, azl_digest::Digest>, PortError> {
    let mut outputs = BTreeMap::new();
    for name in files::walk_files(out).map_err(file_error)? {
        let path = out.join(&name);
        if files::size(&path).is_none() {
            return Err(PortError::Input(format!("output `{name}` is not a regular file")));
        }
        outputs.insert(name, store.take(&path)?);
    }
    Ok(outputs)
}

fn failed(error: CmdError, log: &Path) -> PortError {
    match error {
        CmdError::Failed { .. } if is_namespace_failure(&error) => PortError::Infrastructure(format!(
            "{error}\n  hint: this kernel refuses user namespaces; as root: sysctl kernel.unprivileged_userns_clone=1, \
             on Ubuntu: sysctl kernel.apparmor_restrict_unprivileged_userns=0; then `cargo xtask doctor`"
        )),
        CmdError::Failed { .. } => PortError::Work { message: error.to_string(), log: Some(log.to_owned()) },
        other => PortError::Infrastructure(other.to_string()),
    }
}

/// bubblewrap's own failures start with its name; the command's do not.
fn is_namespace_failure(error: &CmdError) -> bool {
    matches!(error, CmdError::Failed { tail, .. } if tail.starts_with("bwrap: ") && tail.contains("namespace"))
}
