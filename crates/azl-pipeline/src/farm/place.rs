//! Where a farm lives, and the sandboxes its processes run in.
//!
//! ```text
//! farm                  in the store
//!   farm.json         what runs
//!   log/<name>.log    what each process printed
//!   state/<name>/     what a process keeps; `/state` in its sandbox
//!   python/<digest>/  BuildGrid's Python packages, by the digest of the list that pins them
//! ```

use std::path::{Path, PathBuf};

use azl_action::ports::{BlobStore, RootComposer};
use azl_action::{Blob, Fetch, Graph, Node, Work};
use azl_diagnostics::Diagnostic;
use azl_exec::LayerFiles;
use azl_host::{Cmd, environment, files};

use super::state::{Member, State};
use crate::checkout::Checkout;
use crate::definition::LockedDeb;
use crate::error::Failure;
use crate::events::{Event, Reporter};
use crate::realise::realise;
use crate::session::Session;

/// The seed's set.
const SET: &str = "farm";
/// Where Python packages are in a sandbox.
pub(super) const PYTHON: &str = "/opt/buildgrid";

/// Nobody is root in here: PostgreSQL would refuse. The network stays the host's.
const NAMESPACES: [&str; 10] = [
    "--unshare-user",
    "--uid",
    "1000",
    "--gid",
    "1000",
    "--unshare-ipc",
    "--unshare-uts",
    "--hostname",
    "farm",
    "--clearenv",
];
/// The host's `/proc`, unmasked: the kernel lets [`OWN_PROCESSES`], and the sandboxes of our program on a worker, mount
/// one of their own only then.
const MOUNTS: [&str; 11] =
    ["--bind", "/proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/run", "--tmpfs", "/var/tmp"];
/// A process namespace with its own full `/proc`, which bubblewrap would mask; all in it ends with its first process.
const OWN_PROCESSES: [&str; 8] = [
    "/usr/bin/unshare",
    "--user",
    "--map-user=1000",
    "--map-group=1000",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
];
const ENVIRONMENT: [(&str, &str); 5] = [
    ("PATH", "/usr/bin:/usr/sbin"),
    ("HOME", "/state"),
    ("LC_ALL", "C.UTF-8"),
    ("PYTHONPATH", PYTHON),
    ("PYTHONDONTWRITEBYTECODE", "1"),
];

/// A farm's directory and root.
#[derive(Debug, Clone)]
pub(super) struct Place {
    directory: PathBuf,
    root: PathBuf,
}

/// A process to be started in a sandbox of its own.
#[derive(Debug, Clone)]
pub(super) struct Recruit<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// Name of the directory that it keeps things in, which others may share.
    pub(super) keeps: &'a str,
    /// The worker it belongs to.
    pub(super) worker: Option<&'a str>,
    /// Program and arguments.
    pub(super) command: Vec<String>,
}

impl Place {
    pub(super) fn of(store: &Path) -> Self {
        Self { directory: store.join("farm"), root: PathBuf::new() }
    }

    pub(super) fn with_root(self, root: PathBuf) -> Self {
        Self { root, ..self }
    }

    pub(super) fn state_file(&self) -> PathBuf {
        self.directory.join("farm.json")
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns what a process keeps things in, on the host.
    pub(super) fn state(&self, name: &str) -> PathBuf {
        self.directory.join("state").join(name)
    }

    fn log(&self, name: &str) -> PathBuf {
        self.directory.join("log").join(format!("{name}.log"))
    }

    /// Removes what a farm kept that is no more.
    pub(super) fn empty(&self) -> Result<(), Failure> {
        files::remove_dir_all(self.directory.join("state"))?;
        if files::exists(self.state_file()) {
            files::remove_file(self.state_file())?;
        }
        Ok(())
    }

    /// Returns whether our program runs an action on a worker: its scratch is there.
    pub(super) fn is_busy(&self, worker: &str) -> bool {
        let work = self.state(worker).join(".cache/azl-agent/work");
        files::list(work).is_ok_and(|names| names.iter().any(|name| name.ends_with(".lock")))
    }

    /// Returns a command in a sandbox on the farm's root, with the host's loopback interface.
    pub(super) fn sandbox(&self, keeps: &str, command: &[String]) -> Result<Cmd, Failure> {
        let bwrap = environment::find_program("bwrap").ok_or_else(|| {
            Failure::Infrastructure("bubblewrap is not installed\n  hint: cargo xtask doctor".to_owned())
        })?;
        let state = self.state(keeps);
        files::create_dir_all(&state)?;
        let mut cmd = Cmd::new(bwrap, "/").args(NAMESPACES);
        for (name, value) in ENVIRONMENT {
            cmd = cmd.args(["--setenv", name, value]);
        }
        cmd = cmd.arg("--ro-bind").arg(&self.root).arg("/").args(MOUNTS).arg("--bind").arg(state).arg("/state");
        let python = self.directory.join("python/current");
        if files::exists(&python) {
            cmd = cmd.arg("--ro-bind").arg(python).arg(PYTHON);
        }
        Ok(cmd.args(["--chdir", "/state", "--"]).args(OWN_PROCESSES).args(command))
    }

    /// Starts a process that goes on after this program.
    pub(super) fn start(&self, recruit: &Recruit<'_>, state: &mut State) -> Result<Member, Failure> {
        let log = self.log(recruit.name);
        files::create_dir_all(self.directory.join("log"))?;
        let left = self.sandbox(recruit.keeps, &recruit.command)?.leave_running(&log)?;
        let member = Member {
            name: recruit.name.to_owned(),
            worker: recruit.worker.map(str::to_owned),
            process: left.process,
            started: left.started,
            log,
        };
        state.members.push(member.clone());
        Ok(member)
    }
}

/// Turns words into a command.
pub(super) fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Returns a port of the loopback interface that nobody listens on.
pub(super) fn free_port() -> Result<u16, Failure> {
    azl_host::socket::free_port().map_err(|error| Failure::Infrastructure(format!("no port is free: {error}")))
}

/// Fetches the packages of the farm's set and composes its root.
pub(super) fn compose_root(
    checkout: &Checkout,
    session: &Session,
    reporter: &dyn Reporter,
) -> Result<PathBuf, Failure> {
    let (Some(set), Some(locked)) = (checkout.seed.sets.get(SET), checkout.seed_lock.sets.get(SET)) else {
        let error = Diagnostic::error("not-locked", format!("the set `{SET}` of the seed is not there or not locked"));
        return Err(error.hint(format!("cargo xtask update seed {SET}")).into());
    };
    let store = &*session.ports.store;
    let node = azl_plan::seed::node(SET);
    let fetch = Work::Fetch(Fetch { files: locked.iter().map(LockedDeb::wanted).collect() });
    let graph = Graph::new([(node.clone(), Node::new(fetch, 1))].into());
    let graph = graph.map_err(|error| Failure::Infrastructure(error.to_string()))?;
    reporter.report(&Event::Stage { name: "farm".to_owned(), nodes: 1 });
    let realised = realise(&graph, &session.ports, reporter, &session.settings.policy)?;
    let layer = LayerFiles { links: set.links.clone(), files: set.files.clone(), directories: set.directories.clone() };
    let json = serde_json::to_vec(&layer).map_err(|error| Failure::Infrastructure(error.to_string()))?;
    let blob = |(name, digest): (&String, &azl_digest::Digest)| Blob { name: name.clone(), digest: *digest };
    let mut layers: Vec<Blob> = realised.outputs(&node).iter().map(blob).collect();
    layers.push(Blob { name: format!("{SET}.layer.json"), digest: store.put(&json)? });
    Ok(session.roots.compose(&layers, store)?)
}
