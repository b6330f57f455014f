//! The boots of a machine in QEMU, on one disk and with one variable store.

mod line;

use std::path::{Path, PathBuf};
use std::time::Duration;

use azl_host::clock::{self, Stopwatch};
use azl_host::process::{Running, tail_of};
use azl_host::{CmdError, FileError, files, interrupt, socket};
use base64::Engine as _;

use crate::console::Console;
use crate::disk::{self, DiskError};
use crate::firmware::Firmware;
use crate::monitor::{Monitor, Network};
use crate::probe::Runner;
use crate::qmp::Qmp;
use crate::report::BootReport;
use crate::scenario::{Boot, End, Machine, SecureBoot};
use crate::ssh::{self, Ssh};
use crate::variables;
use crate::watch::{State, Watcher, millis};

/// Lines of the console kept in a report of failure.
pub(crate) const TAIL: usize = 40;
/// Pause between looks at the console.
const PAUSE: Duration = Duration::from_millis(20);
/// Pause between questions to QEMU.
const STATUS_PAUSE: Duration = Duration::from_millis(500);
/// Time on hardware in which a machine switches itself off after its button was pressed.
const OFF: Duration = Duration::from_secs(60);
/// The firmware's own shell: it found nothing to start.
const FIRMWARE_SHELL: [&str; 2] = ["UEFI Interactive Shell", "Shell>"];

/// Everything a run needs.
pub(crate) struct Start<'a> {
    pub(crate) machine: &'a Machine,
    pub(crate) monitor: &'a Monitor,
    pub(crate) runner: &'a Runner,
    /// The image's name and file.
    pub(crate) image: (&'a str, &'a Path),
    /// The certificate (X.509, DER) of who signed what the firmware starts, if anybody did.
    pub(crate) certificate: Option<&'a [u8]>,
    /// Empty scratch directory.
    pub(crate) work: &'a Path,
    /// Where console lines go with their times.
    pub(crate) log: &'a Path,
}

/// What a run gave.
pub(crate) struct Outcome {
    /// Every boot of the scenario, also those that were not reached.
    pub(crate) boots: Vec<BootReport>,
    /// Why it failed, if it did.
    pub(crate) failure: Option<String>,
    pub(crate) elapsed: Duration,
    pub(crate) tail: Vec<String>,
    pub(crate) monitor: String,
    pub(crate) firmware: Option<String>,
}

/// Why a run gave no verdict.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("cannot boot `{image}`: {reason}")]
    Image { image: String, reason: String },
    #[error("cannot start the monitor: {0}")]
    Monitor(String),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Scenario(#[from] crate::scenario::ScenarioError),
}

impl From<CmdError> for StartError {
    fn from(error: CmdError) -> Self {
        Self::Monitor(error.to_string())
    }
}

/// Name of the file with what the monitor itself says.
const MONITOR_LOG: &str = "monitor.log";
/// Name of the console's file in the scratch directory.
pub(crate) const SERIAL: &str = "serial.log";
/// Names of the disk and the variable store there.
const DISK: &str = "disk.raw";
const VARIABLES: &str = "vars.fd";

/// Takes the machine through its boots, up to the first that fails.
///
/// # Errors
/// [`StartError`] if it could not be started; a machine that fails is an outcome.
pub(crate) fn run(start: &Start<'_>) -> Result<Outcome, StartError> {
    let bench = Bench::set_up(start)?;
    let mut outcome = Outcome {
        boots: Vec::new(),
        failure: None,
        elapsed: Duration::ZERO,
        tail: Vec::new(),
        monitor: String::new(),
        firmware: Some(bench.firmware.code.clone()),
    };
    for (index, boot) in start.machine.boots.iter().enumerate() {
        if outcome.failure.is_some() || interrupt::requested() {
            let watcher = Watcher::new(&boot.steps, &[], 1)?;
            outcome.boots.push(BootReport { steps: watcher.unreached(), millis: None });
            continue;
        }
        let passage = bench.boot(boot)?;
        outcome.elapsed += passage.elapsed;
        outcome.monitor = passage.monitor;
        if let State::Failed(reason) = passage.watcher.state() {
            let several = start.machine.boots.len() > 1;
            outcome.failure = Some(if several { format!("boot {}: {reason}", index + 1) } else { reason.clone() });
            outcome.tail = passage.tail;
        }
        outcome.boots.push(BootReport { steps: passage.watcher.steps(), millis: Some(millis(passage.elapsed)) });
    }
    Ok(outcome)
}

/// What lasts from boot to boot: disk, variables, key.
struct Bench<'a> {
    start: &'a Start<'a>,
    firmware: Firmware,
    /// What the guest learns from outside.
    told: Vec<String>,
}

/// What one boot gave.
struct Passage {
    watcher: Watcher,
    elapsed: Duration,
    tail: Vec<String>,
    monitor: String,
}

impl<'a> Bench<'a> {
    fn set_up(start: &'a Start<'a>) -> Result<Self, StartError> {
        let (machine, work) = (start.machine, start.work);
        disk::put(start.image, &work.join(DISK), machine.disk_mib).map_err(|error| disk_error(start, error))?;
        let (firmware, template) = start.monitor.firmware(machine.secure_boot).map_err(StartError::Monitor)?;
        let template = files::read(template)?;
        files::write_atomic_mode(work.join(VARIABLES), &variables(start, template)?, 0o600)?;
        files::write_atomic(work.join(SERIAL), b"")?;
        files::create(start.log)?;
        let mut told = told(machine);
        if machine.wants_ssh() {
            let key = ssh::make_key(start.monitor, work).map_err(StartError::Monitor)?;
            told.push(credential(ssh::CREDENTIAL, &key));
        }
        Ok(Self { start, firmware, told })
    }

    fn boot(&self, boot: &Boot) -> Result<Passage, StartError> {
        let (start, work) = (self.start, self.start.work);
        if let Some(damage) = &boot.damage {
            disk::damage(&work.join(DISK), damage).map_err(|error| disk_error(start, error))?;
        }
        let port = match start.machine.wants_ssh() {
            true => Some(socket::free_port().map_err(|error| StartError::Monitor(error.to_string()))?),
            false => None,
        };
        let args = line::arguments(start, &self.firmware, port, &self.told);
        let network = if port.is_some() { Network::Host } else { Network::None };
        let mut watching = Watching {
            boot,
            monitor_log: work.join(MONITOR_LOG),
            patience: start.runner.patience(),
            console: Console::follow(&work.join(SERIAL), start.log)?,
            watcher: Watcher::new(&boot.steps, &boot.forbid, start.runner.patience())?,
            control: Control::new(work),
            ssh: port.map(|port| Ssh::new(start.monitor, work, port)),
            running: start.monitor.command(work, network, args).spawn_logged(&work.join(MONITOR_LOG))?,
        };
        let elapsed = watching.watch()?;
        Ok(watching.finish(elapsed))
    }
}

fn disk_error(start: &Start<'_>, error: DiskError) -> StartError {
    match error {
        DiskError::Image(reason) => StartError::Image { image: start.image.0.to_owned(), reason },
        DiskError::File(error) => StartError::File(error),
    }
}

fn variables(start: &Start<'_>, template: Vec<u8>) -> Result<Vec<u8>, StartError> {
    match (start.machine.secure_boot, start.certificate) {
        (SecureBoot::Off, _) => Ok(template),
        (SecureBoot::Enrolled, Some(certificate)) => {
            variables::enrol(template, certificate).map_err(StartError::Monitor)
        }
        (SecureBoot::Enrolled, None) => {
            let reason = "no certificate comes with it: what the firmware starts is not signed for Secure Boot";
            Err(StartError::Image { image: start.image.0.to_owned(), reason: reason.to_owned() })
        }
    }
}

/// Returns the SMBIOS strings (type 11) for the guest.
fn told(machine: &Machine) -> Vec<String> {
    let mut told: Vec<String> = machine.credentials.iter().map(|(name, text)| credential(name, text)).collect();
    if !machine.kernel_arguments.is_empty() {
        // Whichever of the two starts the kernel: the boot loader, or the stub of a unified kernel image.
        for program in ["boot", "stub"] {
            told.push(format!("io.systemd.{program}.kernel-cmdline-extra={}", machine.kernel_arguments));
        }
    }
    told
}

fn credential(name: &str, text: &str) -> String {
    format!("io.systemd.credential.binary:{name}={}", base64::engine::general_purpose::STANDARD.encode(text))
}

/// One boot that goes on.
struct Watching<'a> {
    boot: &'a Boot,
    monitor_log: PathBuf,
    patience: u32,
    console: Console,
    watcher: Watcher,
    control: Control,
    ssh: Option<Ssh<'a>>,
    running: Running,
}

impl Watching<'_> {
    /// Watches until the boot has failed, or is done and ended as it should.
    fn watch(&mut self) -> Result<Duration, StartError> {
        let settle = Duration::from_secs(u64::from(self.boot.settle_seconds));
        let watch = Stopwatch::start();
        let mut pressed = None;
        loop {
            // Asked before the console is read, so that a machine's last lines are not missed.
            let ended = self.running.ended().is_some();
            let now = watch.elapsed();
            self.look(now)?;
            let settled = now >= self.watcher.last_step() + settle;
            match (self.watcher.state(), self.boot.end, pressed) {
                _ if interrupt::requested() => return Ok(now),
                (State::Failed(_), ..) => return Ok(now),
                (State::Settled, ..) if ended => return Ok(now),
                (State::Settled, End::PowerCut, _) if settled => return Ok(now),
                (State::Settled, End::PowerButton, None) if settled => {
                    self.control.press_button();
                    pressed = Some(now);
                }
                (State::Settled, End::PowerButton, Some(since)) if now > since + OFF * self.patience => {
                    let limit = (OFF * self.patience).as_secs();
                    self.watcher.fail(format!("the machine did not switch itself off within {limit} s of its button"));
                }
                (State::Waiting, ..) if ended => self.watcher.fail(ended_early(&self.watcher, &self.monitor_log)),
                (State::Settled | State::Waiting, ..) => clock::sleep(PAUSE),
            }
        }
    }

    fn look(&mut self, now: Duration) -> Result<(), StartError> {
        for line in self.console.poll(now)? {
            // Where a refusal is what the scenario waits for, the shell comes after it and is no news.
            if self.watcher.awaited().is_some() && FIRMWARE_SHELL.iter().any(|sign| line.contains(sign)) {
                self.watcher.fail("the firmware found nothing to start and opened its shell".to_owned());
            }
            self.watcher.line(&line, now);
        }
        self.watcher.partial(&self.console.partial(), now);
        self.ask(now)?;
        self.watcher.tick(now);
        if let Some(complaint) = self.control.complaint(now) {
            self.watcher.fail(complaint);
        }
        Ok(())
    }

    fn ask(&mut self, now: Duration) -> Result<(), StartError> {
        let (Some(ssh), Some(command)) = (&mut self.ssh, self.watcher.command()) else { return Ok(()) };
        if let Some(answer) = ssh.pursue(command, now)? {
            self.watcher.answer(&answer, now);
        }
        Ok(())
    }

    /// Ends the machine as a cut of its power would, if it still runs.
    fn finish(mut self, elapsed: Duration) -> Passage {
        if let Some(qmp) = &mut self.control.qmp {
            qmp.quit();
        }
        self.running.kill();
        let mut tail = self.console.tail(TAIL);
        tail.extend(self.ssh.as_ref().and_then(Ssh::complaint));
        let monitor = format!("QEMU {}", self.control.version).trim_end().to_owned();
        Passage { tail, elapsed, monitor, watcher: self.watcher }
    }
}

fn ended_early(watcher: &Watcher, monitor_log: &Path) -> String {
    let awaited = watcher.awaited().unwrap_or("the end");
    let said = tail_of(monitor_log);
    match said.trim() {
        "" => format!("the machine switched itself off or was reset while `{awaited}` was waited for"),
        said => format!("QEMU ended while `{awaited}` was waited for: {said}"),
    }
}

/// The control connection, made when QEMU is ready for it.
struct Control {
    socket: PathBuf,
    qmp: Option<Qmp>,
    asked: Duration,
    version: String,
}

impl Control {
    fn new(work: &Path) -> Self {
        Self { socket: work.join("qmp.sock"), qmp: None, asked: Duration::ZERO, version: String::new() }
    }

    /// Presses the power button, as ACPI knows it.
    fn press_button(&mut self) {
        if let Some(qmp) = &mut self.qmp {
            qmp.press_button();
        }
    }

    /// Asks now and then, and returns what is wrong with the machine if it has stopped.
    fn complaint(&mut self, now: Duration) -> Option<String> {
        if now < self.asked + STATUS_PAUSE {
            return None;
        }
        self.asked = now;
        if self.qmp.is_none() {
            self.qmp = Qmp::connect(&self.socket);
            self.version = self.qmp.as_ref().map_or_else(String::new, |qmp| qmp.version().to_owned());
        }
        let qmp = self.qmp.as_mut()?;
        let status = qmp.status()?;
        let stopped = matches!(status.as_str(), "internal-error" | "io-error" | "guest-panicked" | "paused");
        stopped.then(|| format!("the machine stopped: QEMU reports `{status}`{}", events(qmp)))
    }
}

fn events(qmp: &Qmp) -> String {
    match qmp.events() {
        [] => String::new(),
        events => format!(" after {}", events.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::DiskBus;
    use std::collections::BTreeMap;

    #[test]
    fn what_the_guest_is_told_goes_to_boot_loader_stub_and_systemd() {
        let machine = Machine {
            memory_mib: 512,
            cpus: 1,
            disk_bus: DiskBus::Nvme,
            disk_mib: None,
            secure_boot: SecureBoot::Off,
            kernel_arguments: "fips=1".to_owned(),
            credentials: BTreeMap::from([("a.b".to_owned(), "text".to_owned())]),
            boots: vec![],
        };
        assert_eq!(
            told(&machine),
            [
                "io.systemd.credential.binary:a.b=dGV4dA==",
                "io.systemd.boot.kernel-cmdline-extra=fips=1",
                "io.systemd.stub.kernel-cmdline-extra=fips=1",
            ]
        );
    }
}
