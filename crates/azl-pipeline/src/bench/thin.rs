//! How much the engine adds to `rpmbuild`: the whole program building one package whose buildroot is warm, and the same
//! command in the same root with nothing around it but bubblewrap.

use std::path::Path;

use azl_action::ports::RootComposer;
use azl_action::{Blob, Run, Work};
use azl_host::clock::Stopwatch;
use azl_host::{Cmd, environment};

use super::bare::{self, Rights};
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
    let (mut ours, mut alone) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        alone.push(bare::run(run, &root, Rights::Builder, &[], session)?.0);
        ours.push(through_us(&program, component, run, session)?);
    }
    let (ours, alone) = (median(ours), median(alone));
    let added = ours - alone;
    Ok(Measure {
        claim: CLAIM,
        ours: format!("{component}: {ours:.2} s through the engine, {added:+.2} s or {:+.1} %", 100.0 * added / alone),
        peer: format!("{alone:.2} s, rpmbuild in the same root; middle of {TIMES}, in turn"),
        promise: PROMISE,
        verdict: Verdict::of(added <= (0.05 * alone).max(0.5)),
    })
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
