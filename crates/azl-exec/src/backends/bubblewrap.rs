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
//! | environment | the action's, and what the [`Conditions`] set, which must change no byte |
//! | permission bits of new files, processors | as the [`Conditions`] say, never as this process has them |

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use azl_action::ports::{BlobStore, Executor, PortError, RootComposer};
use azl_action::{ActionResult, Blob, Run};
use azl_host::clock::Stopwatch;
use azl_host::{Cmd, CmdError, environment, files};

use crate::conditions::Conditions;
use crate::trees::file_error;

/// Writable directories that nobody reads afterwards: their name beside the outputs, and in the sandbox.
const SCRATCH: [(&str, &str); 3] = [("builddir", "/builddir"), ("tmp", "/tmp"), ("vartmp", "/var/tmp")];

/// The user of a build, where the action does not ask for user 0.
pub const BUILD_USER: u32 = 1000;
/// Where a build begins.
pub const BUILD_PATH: &str = "/builddir";

/// Where rpm keeps the database of installed packages.
const RPM_DATABASE: &str = "/var/lib/rpm";

/// Runs actions with the host's `bwrap`.
pub struct Bubblewrap {
    program: PathBuf,
    composer: Arc<dyn RootComposer>,
    conditions: Conditions,
}

impl Bubblewrap {
    /// Finds `bwrap`; each action runs under the given conditions.
    ///
    /// # Errors
    /// If bubblewrap is not installed, with the line that installs it; if the conditions cannot be had.
    pub fn new(composer: Arc<dyn RootComposer>, conditions: Conditions) -> Result<Self, PortError> {
        conditions.check().map_err(PortError::Input)?;
        let program = environment::find_program("bwrap").ok_or_else(|| {
            PortError::Infrastructure(
                "bubblewrap is not installed\n  hint: apt-get install bubblewrap, or `cargo xtask doctor`".to_owned(),
            )
        })?;
        Ok(Self { program, composer, conditions })
    }

    fn command(&self, run: &Run<Vec<Blob>>, root: &Path, work: &Path) -> Cmd {
        let user = if run.as_root { "0".to_owned() } else { BUILD_USER.to_string() };
        let mut cmd = Cmd::new(&self.program, "/")
            .args(["--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--clearenv"])
            .args(["--uid", &user, "--gid", &user, "--hostname", &self.conditions.host_name])
            .arg("--ro-bind")
            .arg(root)
            .arg("/")
            .args(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/run"]);
        cmd = cmd.arg("--ro-bind").arg(work.join("in")).arg("/in");
        cmd = cmd.arg("--bind").arg(work.join("out")).arg("/out");
        let in_memory = self.conditions.in_memory();
        for (directory, target) in SCRATCH {
            cmd = match in_memory {
                true => cmd.args(["--tmpfs", target]),
                false => cmd.arg("--bind").arg(work.join(directory)).arg(target),
            };
        }
        if files::is_dir(root.join(RPM_DATABASE.trim_start_matches('/'))) {
            cmd = cmd.args(["--tmpfs", RPM_DATABASE]);
        }
        if let Some((library, target)) = self.conditions.preloaded() {
            cmd = cmd.arg("--ro-bind").arg(library).arg(target);
        }
        for (name, value) in run.env.clone().into_iter().chain(self.conditions.environment()) {
            cmd = cmd.args(["--setenv".to_owned(), name, value]);
        }
        cmd.args(["--chdir", BUILD_PATH, "--"])
            .args(&run.command)
            .timeout(Duration::from_secs(run.timeout))
            .umask(self.conditions.umask)
            .processors(self.conditions.processors)
    }
}

impl Bubblewrap {
    /// Lays out the writable directories and the inputs; returns the root to use.
    fn lay_out(
        &self,
        run: &Run<Vec<Blob>>,
        store: &dyn BlobStore,
        root: PathBuf,
        work: &Path,
    ) -> Result<PathBuf, PortError> {
        for directory in self.conditions.order(&["in", "out", "builddir", "tmp", "vartmp"]) {
            files::create_dir_all(work.join(directory)).map_err(file_error)?;
        }
        for (directory, blobs) in self.conditions.order(&run.inputs.iter().collect::<Vec<_>>()) {
            let directory = work.join("in").join(directory);
            files::create_dir_all(&directory).map_err(file_error)?;
            for blob in self.conditions.order(blobs) {
                files::link_or_copy(store.path(blob.digest)?, directory.join(&blob.name)).map_err(file_error)?;
            }
        }
        if !self.conditions.shuffle_directories {
            return Ok(root);
        }
        let other = work.join("root");
        self.conditions.link_tree(&root, &other).map_err(file_error)?;
        Ok(other)
    }
}

impl Executor for Bubblewrap {
    fn run(&self, run: &Run<Vec<Blob>>, store: &dyn BlobStore, log: &Path) -> Result<ActionResult, PortError> {
        let root = self.composer.compose(&run.root, store)?;
        let work = store.scratch(self.conditions.scratch_label())?;
        let root = self.lay_out(run, store, root, &work)?;
        let watch = Stopwatch::start();
        self.command(run, &root, &work).run_logged(log).map_err(|error| failed(error, log))?;
        let outputs = collect(&work.join("out"), store)?;
        files::remove_dir_all(&work).map_err(file_error)?;
        let millis = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
        let log = files::read(log).ok().map(|bytes| store.put(&bytes)).transpose()?;
        Ok(ActionResult { outputs, log, millis, usage: azl_action::Usage::default() })
    }
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
