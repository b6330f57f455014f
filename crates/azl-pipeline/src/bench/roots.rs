//! How long a buildroot takes: composed of packages that the store has unpacked before, against dnf installing the same
//! packages into an empty directory.

use azl_action::ports::{BlobStore, RootComposer};
use azl_action::{Blob, Run};
use azl_exec::Roots;
use azl_host::clock::Stopwatch;
use azl_host::files;
use azl_plan::{Inputs, check};

use super::build::{Measure, Verdict, infrastructure, last_run, median, packages_of};
use crate::error::Failure;
use crate::session::Session;

const CLAIM: &str = "fast roots";
const PROMISE: &str = "a buildroot in at most 0.3 s, warm; at least 20 times faster than dnf";

/// How often a root is composed anew.
const TIMES: usize = 5;

/// Measures the buildroot of a component, and an image's packages against dnf.
pub(super) fn measure(
    inputs: &Inputs,
    component: &str,
    run: &Run<Vec<Blob>>,
    session: &Session,
) -> Result<Measure, Failure> {
    let buildroot = composed(&run.root, session)?;
    let Some((image, packages)) = inputs.images.keys().find_map(|name| Some((name, packages_of(session, name)?)))
    else {
        return Ok(Measure::absent(
            CLAIM,
            PROMISE,
            "no image was ever composed with this store: `cargo xtask release`",
        ));
    };
    let ours = composed(&packages, session)?;
    let seen = format!(
        "buildroot of {component}, {} packages: {buildroot:.2} s; {image}, {} packages: {ours:.3} s",
        run.root.len(),
        packages.len()
    );
    let dnf = match installed(&packages, session) {
        Ok(Some(dnf)) => dnf,
        Ok(None) => return Ok(Measure::absent(CLAIM, PROMISE, format!("{seen}; dnf never ran: `cargo xtask test`"))),
        Err(Failure::Build(message)) => {
            let why = message.lines().find(|line| line.starts_with("Error")).unwrap_or("dnf failed").to_owned();
            return Ok(Measure::absent(CLAIM, PROMISE, format!("{seen}; beside dnf: {why}")));
        }
        Err(error) => return Err(error),
    };
    Ok(Measure {
        claim: CLAIM,
        ours: seen,
        peer: format!("{dnf:.2} s for {image} with dnf --installroot, {:.0} times as long", dnf / ours),
        promise: PROMISE,
        verdict: Verdict::of(buildroot <= 0.3 && dnf >= 20.0 * ours),
    })
}

/// Seconds to compose a root that is not there yet, of packages that are unpacked.
fn composed(layers: &[Blob], session: &Session) -> Result<f64, Failure> {
    let store: &dyn BlobStore = &*session.ports.store;
    session.roots.compose(layers, store)?;
    let mut seconds = Vec::new();
    for _ in 0..TIMES {
        let directory = store.scratch("bench-roots")?;
        let roots = Roots::over(session.ports.store.root().join("trees"), directory.clone());
        let watch = Stopwatch::start();
        roots.compose(layers, store)?;
        seconds.push(watch.seconds());
        files::remove_dir_all(&directory)?;
    }
    Ok(median(seconds))
}

/// Seconds dnf takes for the same packages, which are on disk, in the sandbox; nothing if its root is not known.
fn installed(packages: &[Blob], session: &Session) -> Result<Option<f64>, Failure> {
    let store: &dyn BlobStore = &*session.ports.store;
    // The node that has dnf read the repository knows dnf's root and the index.
    let Some(mut run) = last_run(session, &check::node("repository-base")) else { return Ok(None) };
    let script = Blob { name: "install.sh".to_owned(), digest: store.put(include_bytes!("install.sh"))? };
    run.command = ["/usr/bin/bash", "/in/script/install.sh"].map(str::to_owned).to_vec();
    for package in packages {
        run.command.push(session.ports.header(package.digest)?.nevra.name.clone());
    }
    run.inputs.insert("script".to_owned(), vec![script]);
    run.inputs.insert("packages".to_owned(), packages.to_vec());
    let log = store.scratch("bench-install")?.join("log");
    let result = session.ports.executor.run(&run, store, &log)?;
    let digest =
        result.outputs.get("nanoseconds").copied().ok_or_else(|| infrastructure("dnf did not say its time"))?;
    let text = String::from_utf8_lossy(&store.read(digest)?).into_owned();
    let nanoseconds: f64 = text.trim().parse().map_err(infrastructure)?;
    Ok(Some(nanoseconds / 1e9))
}
