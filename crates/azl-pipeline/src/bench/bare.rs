//! A command in a composed root with nothing around it but bubblewrap: nobody limits, watches, collects or hashes.

use std::path::Path;

use azl_action::ports::BlobStore;
use azl_action::{Blob, Run};
use azl_host::clock::Stopwatch;
use azl_host::{Cmd, environment, files};

use super::build::infrastructure;
use crate::error::Failure;
use crate::session::Session;

/// As whom a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rights {
    /// As the user that packages are built by.
    Builder,
    /// As the host's root with all its rights but the network, as somebody who installs packages; only root can give them.
    Root,
}

impl Rights {
    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Builder => &["--unshare-all", "--unshare-user", "--uid", "1000", "--gid", "1000"],
            Self::Root => &["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--cap-add", "ALL"],
        }
    }
}

/// Runs the command of `run`, and returns how many seconds it took and what it wrote to each of `outputs`.
pub(super) fn run(
    run: &Run<Vec<Blob>>,
    root: &Path,
    rights: Rights,
    outputs: &[&str],
    session: &Session,
) -> Result<(f64, Vec<String>), Failure> {
    let store: &dyn BlobStore = &*session.ports.store;
    let work = store.scratch("bench")?;
    files::create_dir_all(work.join("out"))?;
    for (directory, blobs) in &run.inputs {
        let directory = work.join("in").join(directory);
        files::create_dir_all(&directory)?;
        for blob in blobs {
            files::link_or_copy(store.path(blob.digest)?, directory.join(&blob.name))?;
        }
    }
    let cmd = command(run, root, rights, &work)?;
    let watch = Stopwatch::start();
    cmd.run_logged(&work.join("log")).map_err(infrastructure)?;
    let seconds = watch.seconds();
    let read = outputs.iter().map(|name| files::read_to_string(work.join("out").join(name)));
    let written = read.collect::<Result<_, _>>()?;
    files::remove_dir_all(&work)?;
    Ok((seconds, written))
}

fn command(run: &Run<Vec<Blob>>, root: &Path, rights: Rights, work: &Path) -> Result<Cmd, Failure> {
    let bwrap = environment::find_program("bwrap").ok_or_else(|| infrastructure("bubblewrap is not installed"))?;
    let mut cmd = Cmd::new(bwrap, "/")
        .args(rights.options().iter().copied())
        .args(["--die-with-parent", "--clearenv", "--hostname", "azl-build", "--ro-bind"])
        .arg(root)
        .args(["/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/run", "--ro-bind"])
        .arg(work.join("in"))
        .args(["/in", "--bind"])
        .arg(work.join("out"))
        .args(["/out", "--tmpfs", "/builddir", "--tmpfs", "/tmp", "--tmpfs", "/var/tmp", "--tmpfs", "/var/lib/rpm"])
        .args(["--setenv", "RPM_BUILD_NCPUS", &environment::processors().to_string()]);
    for (name, value) in &run.env {
        cmd = cmd.args(["--setenv", name, value]);
    }
    Ok(cmd.args(["--chdir", "/builddir", "--"]).args(&run.command))
}
