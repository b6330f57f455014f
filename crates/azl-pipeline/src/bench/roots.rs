//! How long a buildroot takes: composed of packages that the store has unpacked before, against dnf installing the same
//! packages into an empty directory.

use azl_action::ports::{BlobStore, RootComposer};
use azl_action::{Blob, Run};
use azl_exec::Roots;
use azl_host::clock::Stopwatch;
use azl_host::{environment, files};
use azl_plan::{Inputs, check};

use super::bare::{self, Rights};
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
    let composed_before = inputs.images.keys().filter_map(|name| Some((name, packages_of(session, name)?)));
    let Some((image, packages)) = composed_before.max_by_key(|(_, packages)| packages.len()) else {
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
    if !environment::is_root() {
        return Ok(Measure::absent(CLAIM, PROMISE, format!("{seen}; only root can run dnf beside it")));
    }
    let Some(dnf) = installed(&packages, session)? else {
        return Ok(Measure::absent(CLAIM, PROMISE, format!("{seen}; dnf never ran: `cargo xtask test`")));
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
    let directory = store.scratch("bench-roots")?;
    let mut seconds = Vec::new();
    for time in 0..TIMES {
        let roots = Roots::over(session.ports.store.root().join("trees"), directory.join(time.to_string()));
        files::create_dir_all(directory.join(time.to_string()))?;
        let watch = Stopwatch::start();
        roots.compose(layers, store)?;
        seconds.push(watch.seconds());
    }
    // Not in between: ext4 is slow to make files for some seconds after it removed many.
    files::remove_dir_all(&directory)?;
    Ok(median(seconds))
}

/// Seconds dnf takes for the same packages, which are on disk; nothing if its root is not known.
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
    let root = session.roots.compose(&run.root, store)?;
    let (_, written) = bare::run(&run, &root, Rights::Root, &["nanoseconds"], session)?;
    let nanoseconds: f64 = written[0].trim().parse().map_err(infrastructure)?;
    Ok(Some(nanoseconds / 1e9))
}
