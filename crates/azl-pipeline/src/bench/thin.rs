//! How much the engine adds to `rpmbuild`: the whole program building one package whose buildroot is warm, and the same
//! command in the same root with nothing around it but bubblewrap.

use std::path::Path;

use azl_action::ports::{BlobStore, RootComposer};
use azl_action::{Blob, Run, Work};
use azl_host::clock::Stopwatch;
use azl_host::{Cmd, environment, files};

use super::build::{Measure, Verdict, infrastructure, median};
use crate::error::Failure;
use crate::session::Session;

const CLAIM: &str = "thin";
const PROMISE: &str = "at most 5 % or 0.5 s more than rpmbuild alone";

/// How often each is measured, in turn.
const TIMES: usize = 5;

/// Measures both, in turn, and compares the middle ones.
pub(super) fn measure(component: &str, run: &Run<Vec<Blob>>, session: &Session) -> Result<Measure, Failure> {
    let Some(program) = environment::current_exe() else {
        return Ok(Measure::absent(CLAIM, PROMISE, "this program does not know its own path"));
    };
    let root = session.roots.compose(&run.root, &*session.ports.store)?;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        bare.push(alone(run, &root, session)?);
        ours.push(through_us(&program, component, run, session)?);
    }
    let (ours, bare) = (median(ours), median(bare));
    let added = ours - bare;
    Ok(Measure {
        claim: CLAIM,
        ours: format!("{component}: {ours:.2} s through the engine, {added:+.2} s or {:+.1} %", 100.0 * added / bare),
        peer: format!("{bare:.2} s, rpmbuild in the same root; middle of {TIMES}, in turn"),
        promise: PROMISE,
        verdict: Verdict::of(added <= (0.05 * bare).max(0.5)),
    })
}

/// The same command, root and inputs, with nobody watching, collecting or hashing.
fn alone(run: &Run<Vec<Blob>>, root: &Path, session: &Session) -> Result<f64, Failure> {
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
    let bwrap = environment::find_program("bwrap").ok_or_else(|| infrastructure("bubblewrap is not installed"))?;
    let mut cmd = Cmd::new(bwrap, "/")
        .args(["--unshare-all", "--unshare-user", "--die-with-parent", "--clearenv", "--uid", "1000", "--gid", "1000"])
        .args(["--hostname", "azl-build", "--ro-bind"])
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
    let cmd = cmd.args(["--chdir", "/builddir", "--"]).args(&run.command);
    let watch = Stopwatch::start();
    cmd.run_logged(&work.join("log")).map_err(infrastructure)?;
    let seconds = watch.seconds();
    files::remove_dir_all(&work)?;
    Ok(seconds)
}

/// The whole program as somebody would start it, with all known but this one result.
fn through_us(program: &Path, component: &str, run: &Run<Vec<Blob>>, session: &Session) -> Result<f64, Failure> {
    session.ports.store.forget(Work::Run(run.clone()).digest())?;
    let settings = &session.settings;
    let cmd = Cmd::new(program, &settings.root)
        .inherit("HOME")
        .env("AZL_KEY", settings.keys.display().to_string())
        .arg("--store")
        .arg(&settings.store)
        .args(["build", component]);
    let watch = Stopwatch::start();
    cmd.output().map_err(infrastructure)?;
    Ok(watch.seconds())
}
