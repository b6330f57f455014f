//! Does `Boot` actions on this host.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use azl_action::ports::{BlobStore, Hypervisor, PortError, RootComposer};
use azl_action::{ActionResult, Blob, Boot};
use azl_host::{FileError, files, interrupt};

use crate::container;
use crate::machine::{self, Outcome, SERIAL, Start, StartError};
use crate::monitor::Monitor;
use crate::probe::{self, Runner};
use crate::report::{Report, Verdict};
use crate::scenario::{CONTAINER_RUNNER, Machine, Scenario};
use crate::watch::millis;

/// How the name of the certificate ends that Secure Boot enrols (X.509, DER).
const CERTIFICATE: &str = ".der";

/// Starts machines in QEMU and containers in bubblewrap.
///
/// The `runner` of a machine's action is `kvm`, `tcg`, or `auto`: what a probe guest shows this host can do.
pub struct Qemu {
    composer: Arc<dyn RootComposer>,
    /// What the probe found, once per process.
    probed: Mutex<Option<Runner>>,
}

impl Qemu {
    /// Makes a hypervisor; `composer` unpacks the monitor's packages.
    pub fn new(composer: Arc<dyn RootComposer>) -> Self {
        Self { composer, probed: Mutex::default() }
    }

    /// Says what runs guests on this host, by starting a small one; the answer is kept.
    ///
    /// # Errors
    /// [`PortError`] if the monitor cannot be unpacked or started at all.
    pub fn probe(&self, monitor: &[Blob], store: &dyn BlobStore) -> Result<Runner, PortError> {
        let mut probed = self.probed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runner) = probed.as_ref() {
            return Ok(runner.clone());
        }
        let work = store.scratch("probe")?;
        let runner = self
            .monitor(monitor, store)
            .and_then(|monitor| probe::probe(&monitor, &work).map_err(PortError::Infrastructure));
        let _ = files::remove_dir_all(&work);
        Ok(probed.insert(runner?).clone())
    }

    fn monitor(&self, packages: &[Blob], store: &dyn BlobStore) -> Result<Monitor, PortError> {
        match Monitor::of_host().map_err(PortError::Infrastructure)? {
            Some(monitor) => Ok(monitor),
            None => Ok(Monitor::Packaged { root: self.composer.compose(packages, store)? }),
        }
    }

    fn runner(&self, boot: &Boot<Vec<Blob>>, store: &dyn BlobStore) -> Result<Runner, PortError> {
        match boot.runner.as_str() {
            "auto" => self.probe(&boot.monitor, store),
            "kvm" => Ok(Runner::Kvm),
            "tcg" => Ok(Runner::Tcg { reason: "asked for".to_owned() }),
            other => Err(PortError::Input(format!("unknown runner `{other}`\nhint: use `auto`, `kvm` or `tcg`"))),
        }
    }

    fn machine(&self, machine: &Machine, boot: &Boot<Vec<Blob>>, run: &Run<'_>) -> Result<Report, PortError> {
        let store = run.store;
        let runner = self.runner(boot, store)?;
        let monitor = self.monitor(&boot.monitor, store)?;
        let certificate = boot.image.iter().find(|blob| blob.name.ends_with(CERTIFICATE));
        let certificate = certificate.map(|blob| store.read(blob.digest)).transpose()?;
        let (image, certificate) = ((run.image.name.as_str(), run.path.as_path()), certificate.as_deref());
        let start =
            Start { machine, monitor: &monitor, runner: &runner, image, certificate, work: &run.work, log: run.log };
        let outcome = machine::run(&start).map_err(start_error)?;
        Ok(report(run.image, outcome, runner.name(), runner.why_not_kvm()))
    }
}

/// What a run works with.
struct Run<'a> {
    image: &'a Blob,
    path: PathBuf,
    work: PathBuf,
    log: &'a Path,
    store: &'a dyn BlobStore,
}

impl Hypervisor for Qemu {
    fn boot(&self, boot: &Boot<Vec<Blob>>, store: &dyn BlobStore, log: &Path) -> Result<ActionResult, PortError> {
        let scenario = Scenario::from_value(&boot.scenario).map_err(|error| PortError::Input(error.to_string()))?;
        let image = image_of(&boot.image, &scenario)?;
        let run = Run { image, path: store.path(image.digest)?, work: store.scratch("boot")?, log, store };
        let report = match &scenario {
            Scenario::Machine(machine) => self.machine(machine, boot, &run),
            Scenario::Container(container) => {
                let outcome = container::run(container, (&image.name, &run.path), &run.work, log);
                outcome.map_err(start_error).map(|outcome| report(image, outcome, CONTAINER_RUNNER, None))
            }
        };
        let result = report.and_then(|report| conclude(report, &run.work, log, store));
        let _ = files::remove_dir_all(&run.work);
        // Whatever was seen until then is no verdict.
        if interrupt::requested() { Err(PortError::Interrupted) } else { result }
    }
}

/// Returns the one blob that can be started.
fn image_of<'b>(image: &'b [Blob], scenario: &Scenario) -> Result<&'b Blob, PortError> {
    let suffixes: &[&str] = match scenario {
        Scenario::Machine(_) => &[".vhd", ".raw", ".img"],
        Scenario::Container(_) => &[".oci.tar"],
    };
    let fits = |blob: &&Blob| suffixes.iter().any(|suffix| blob.name.ends_with(suffix));
    match image.iter().filter(fits).collect::<Vec<_>>().as_slice() {
        [one] => Ok(one),
        found => {
            let names = image.iter().map(|blob| blob.name.as_str()).collect::<Vec<_>>().join(", ");
            Err(PortError::Input(format!(
                "expected one image ending in {}, found {} among: {names}",
                suffixes.join(" or "),
                found.len()
            )))
        }
    }
}

fn report(blob: &Blob, outcome: Outcome, runner: &str, runner_reason: Option<&str>) -> Report {
    Report {
        schema: 2,
        verdict: if outcome.failure.is_none() { Verdict::Passed } else { Verdict::Failed },
        image: blob.name.clone(),
        image_sha256: blob.digest.to_string(),
        runner: runner.to_owned(),
        runner_reason: runner_reason.map(str::to_owned),
        monitor: outcome.monitor,
        firmware: outcome.firmware,
        boots: outcome.boots,
        total_millis: millis(outcome.elapsed),
        console_tail: if outcome.failure.is_some() { outcome.tail } else { Vec::new() },
        reason: outcome.failure,
    }
}

/// A passed run's documents are outputs; a failed run's lie beside its log, since a failure has no outputs.
fn conclude(report: Report, work: &Path, log: &Path, store: &dyn BlobStore) -> Result<ActionResult, PortError> {
    let serial = files::read(work.join(SERIAL)).map_err(file_error)?;
    let (json, junit) = (report.to_json(), report.to_junit());
    if report.verdict == Verdict::Failed {
        for (name, bytes) in [("report.json", json.as_bytes()), ("junit.xml", junit.as_bytes()), (SERIAL, &serial)] {
            files::write_atomic(beside(log, name), bytes).map_err(file_error)?;
        }
        return Err(PortError::Work { message: report.explain(), log: Some(log.to_owned()) });
    }
    let outputs = BTreeMap::from([
        ("report.json".to_owned(), store.put(json.as_bytes())?),
        ("junit.xml".to_owned(), store.put(junit.as_bytes())?),
        (SERIAL.to_owned(), store.put(&serial)?),
    ]);
    Ok(ActionResult { outputs, log: None, millis: report.total_millis, usage: azl_action::Usage::default() })
}

fn beside(log: &Path, name: &str) -> std::path::PathBuf {
    let stem = log.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    log.with_file_name(format!("{stem}.{name}"))
}

fn start_error(error: StartError) -> PortError {
    match error {
        StartError::Image { .. } | StartError::Scenario(_) => PortError::Input(error.to_string()),
        StartError::Monitor(_) | StartError::File(_) => PortError::Infrastructure(error.to_string()),
    }
}

fn file_error(error: FileError) -> PortError {
    PortError::Infrastructure(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario(text: &str) -> Scenario {
        let value: serde_json::Value = toml::from_str(text).expect("TOML");
        crate::scenarios(&value).expect("a scenario").into_values().next().expect("one")
    }

    fn blob(name: &str) -> Blob {
        Blob { name: name.to_owned(), digest: azl_digest::Digest::of(name.as_bytes()) }
    }

    #[test]
    fn the_image_is_chosen_by_the_kind_of_scenario() {
        let blobs = [blob("vm.packages.json"), blob("vm.vhd"), blob("c.oci.tar")];
        let machine = scenario("kind = \"machine\"\nsteps = [{ name = \"n\", expect = \"x\", seconds = 1 }]");
        assert_eq!(image_of(&blobs, &machine).expect("one disk").name, "vm.vhd");
        assert_eq!(image_of(&blobs, &scenario("kind = \"container\"")).expect("one archive").name, "c.oci.tar");
        let error = image_of(&blobs[..1], &machine).expect_err("no disk").to_string();
        assert!(error.contains("found 0 among: vm.packages.json"), "{error}");
    }

    #[test]
    fn documents_of_a_failure_lie_beside_its_log() {
        assert_eq!(beside(Path::new("/logs/ab12.log"), "report.json"), Path::new("/logs/ab12.report.json"));
    }
}
