//! One start of a disk image in QEMU.

use std::path::{Path, PathBuf};
use std::time::Duration;

use azl_host::clock::{self, Stopwatch};
use azl_host::process::{Running, tail_of};
use azl_host::{FileError, files, interrupt};

use crate::console::Console;
use crate::disk;
use crate::firmware::Firmware;
use crate::monitor::{Monitor, Places};
use crate::probe::Runner;
use crate::qmp::Qmp;
use crate::scenario::{DiskBus, Machine};
use crate::watch::{State, Watcher};

/// Lines of the console kept in a report of failure.
pub(crate) const TAIL: usize = 40;
/// Pause between looks at the console.
const PAUSE: Duration = Duration::from_millis(20);
/// Pause between questions to QEMU.
const STATUS_PAUSE: Duration = Duration::from_millis(500);
/// The firmware's own shell: it found nothing to start.
const FIRMWARE_SHELL: [&str; 2] = ["UEFI Interactive Shell", "Shell>"];

/// Everything a start needs.
pub(crate) struct Start<'a> {
    pub(crate) machine: &'a Machine,
    pub(crate) monitor: &'a Monitor,
    pub(crate) runner: &'a Runner,
    /// The image's name and file.
    pub(crate) image: (&'a str, &'a Path),
    /// Empty scratch directory.
    pub(crate) work: &'a Path,
    /// Where console lines go with their times.
    pub(crate) log: &'a Path,
}

/// What a run gave.
pub(crate) struct Outcome {
    pub(crate) watcher: Watcher,
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

/// Name of the file with what the monitor itself says.
const MONITOR_LOG: &str = "monitor.log";
/// Name of the console's file in the scratch directory.
pub(crate) const SERIAL: &str = "serial.log";

/// Starts the machine and watches it to its verdict.
///
/// # Errors
/// [`StartError`] if it could not be started; a machine that fails is an outcome.
pub(crate) fn run(start: &Start<'_>) -> Result<Outcome, StartError> {
    let (name, image) = start.image;
    let bad_image = |reason| StartError::Image { image: name.to_owned(), reason };
    let size = disk::visible_size(name, &mut files::open(image)?).map_err(bad_image)?;
    let (firmware, vars) = start.monitor.firmware().map_err(StartError::Monitor)?;
    files::copy(&vars, start.work.join("vars.fd"))?;
    files::set_mode(start.work.join("vars.fd"), 0o600)?;
    files::write_atomic(start.work.join(SERIAL), b"")?;

    let args = arguments(start, &firmware, &start.monitor.image_path(image), size);
    let command = start.monitor.command(&Places { work: start.work, image: Some(image) }, args);
    let mut watcher = Watcher::new(&start.machine.steps, &start.machine.forbid, start.runner.patience())?;
    let mut console = Console::follow(&start.work.join(SERIAL), start.log)?;
    let mut control = Control::new(start.work);
    let mut running =
        command.spawn_logged(&start.work.join(MONITOR_LOG)).map_err(|error| StartError::Monitor(error.to_string()))?;
    let elapsed = watch(start, &mut console, &mut watcher, (&mut running, &mut control))?;
    stop(&mut control, &mut running);
    Ok(Outcome {
        tail: console.tail(TAIL),
        elapsed,
        monitor: format!("QEMU {}", control.version).trim_end().to_owned(),
        firmware: Some(firmware.code),
        watcher,
    })
}

fn watch(
    start: &Start<'_>,
    console: &mut Console,
    watcher: &mut Watcher,
    (running, control): (&mut Running, &mut Control),
) -> Result<Duration, FileError> {
    let settle = Duration::from_secs(u64::from(start.machine.settle_seconds));
    let watch = Stopwatch::start();
    loop {
        // Asked before the console is read, so that a machine's last lines are not missed.
        let ended = running.ended().is_some();
        let now = watch.elapsed();
        look(console, watcher, now)?;
        if let Some(complaint) = control.complaint(now) {
            watcher.fail(complaint);
        }
        match watcher.state() {
            _ if interrupt::requested() => return Ok(now),
            State::Failed(_) => return Ok(now),
            State::Settled if ended || now >= watcher.last_step() + settle => return Ok(now),
            State::Waiting if ended => watcher.fail(ended_early(watcher, &start.work.join(MONITOR_LOG))),
            State::Settled | State::Waiting => clock::sleep(PAUSE),
        }
    }
}

fn look(console: &mut Console, watcher: &mut Watcher, now: Duration) -> Result<(), FileError> {
    for line in console.poll(now)? {
        if FIRMWARE_SHELL.iter().any(|sign| line.contains(sign)) {
            watcher.fail("the firmware found nothing to start and opened its shell".to_owned());
        }
        watcher.line(&line, now);
    }
    watcher.partial(&console.partial(), now);
    watcher.tick(now);
    Ok(())
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

fn stop(control: &mut Control, running: &mut Running) {
    if let Some(qmp) = &mut control.qmp {
        qmp.quit();
    }
    running.kill();
}

fn arguments(start: &Start<'_>, firmware: &Firmware, image: &str, size: u64) -> Vec<String> {
    let fixed = "-machine q35,smm=off -nodefaults -no-user-config -display none -no-reboot -nic none -rtc base=utc \
                 -device virtio-rng-pci -chardev file,id=console,path=serial.log -serial chardev:console \
                 -qmp unix:qmp.sock,server=on,wait=off";
    let mut args: Vec<String> = fixed.split(' ').map(str::to_owned).collect();
    args.extend(start.runner.arguments().map(str::to_owned));
    args.extend([
        "-m".to_owned(),
        start.machine.memory_mib.to_string(),
        "-smp".to_owned(),
        start.machine.cpus.to_string(),
    ]);
    let flash = |unit: u32, file: &str, access: &str| format!("if=pflash,format=raw,unit={unit},file={file}{access}");
    args.extend(["-drive".to_owned(), flash(0, &firmware.code, ",readonly=on")]);
    args.extend(["-drive".to_owned(), flash(1, "vars.fd", "")]);
    // Writes go to a temporary file beside the scratch directory's others; the shipped bytes are only read.
    let disk = serde_json::json!({
        "driver": "raw", "offset": 0, "size": size, "file": { "driver": "file", "filename": image, "locking": "off" },
    });
    args.extend([
        "-drive".to_owned(),
        format!("if=none,id=disk,snapshot=on,file=json:{}", disk.to_string().replace(',', ",,")),
    ]);
    args.extend(attach(start.machine.disk_bus).split(' ').map(str::to_owned));
    args
}

fn attach(bus: DiskBus) -> &'static str {
    match bus {
        DiskBus::VirtioBlk => "-device virtio-blk-pci,drive=disk,bootindex=1",
        DiskBus::VirtioScsi => "-device virtio-scsi-pci -device scsi-hd,drive=disk,bootindex=1",
        DiskBus::Nvme => "-device nvme,drive=disk,serial=azl-boot,bootindex=1",
        DiskBus::Ahci => "-device ide-hd,drive=disk,bus=ide.0,bootindex=1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Pattern, Step};

    fn arguments_for(runner: &Runner) -> String {
        let step = Step { name: "k".to_owned(), expect: Pattern::Text("x".to_owned()), seconds: 1 };
        let machine = Machine {
            memory_mib: 700,
            cpus: 2,
            disk_bus: DiskBus::Nvme,
            steps: vec![step],
            forbid: vec![],
            settle_seconds: 0,
        };
        let monitor = Monitor::Packaged { root: "/r".into() };
        let start = Start {
            machine: &machine,
            monitor: &monitor,
            runner,
            image: ("x.vhd", Path::new("/store/x")),
            work: Path::new("/w"),
            log: Path::new("/l"),
        };
        let firmware = Firmware { code: "/CODE.fd".to_owned(), vars: "/VARS.fd".to_owned() };
        arguments(&start, &firmware, "/image", 1 << 20).join(" ")
    }

    #[test]
    fn the_disk_is_the_shipped_file_without_its_footer_under_a_snapshot() {
        let line = arguments_for(&Runner::Kvm);
        assert!(
            line.contains("snapshot=on,file=json:{")
                && line.contains("\"size\":1048576")
                && line.contains("\"filename\":\"/image\""),
            "{line}"
        );
        assert!(line.contains("unit=0,file=/CODE.fd,readonly=on") && line.contains("unit=1,file=vars.fd"), "{line}");
        assert!(
            line.contains("-accel kvm -cpu host -m 700 -smp 2")
                && line.contains("-nic none")
                && line.contains("-device nvme,"),
            "{line}"
        );
    }

    #[test]
    fn emulation_uses_its_own_processor_model() {
        assert!(arguments_for(&Runner::Tcg { reason: String::new() }).contains("-accel tcg,thread=multi -cpu max"));
    }
}
