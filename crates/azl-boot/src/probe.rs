//! Whether this host's KVM really runs a guest.
//!
//! `/dev/kvm` that opens is no proof: under some nested set-ups QEMU stops with `KVM internal error` or aborts. So the
//! smallest 64-bit guest there is, the UEFI firmware itself, is started without disk or kernel and must print its first
//! line in time.

use std::path::Path;
use std::time::Duration;

use azl_host::clock::{self, Stopwatch};
use azl_host::{files, interrupt};

use crate::console::Lines;
use crate::monitor::{Monitor, Network};
use crate::scenario::SecureBoot;

/// Time for the firmware's first line; it takes under a second where KVM works.
const LIMIT: Duration = Duration::from_secs(10);
/// The start of the line that the firmware's boot device selection prints.
const SIGN_OF_LIFE: &str = "BdsDxe";

/// What executes the guest's instructions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runner {
    /// The processor, through KVM.
    Kvm,
    /// QEMU's emulation.
    Tcg {
        /// Why not KVM.
        reason: String,
    },
}

impl Runner {
    /// Returns the name used in actions and reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Tcg { .. } => "tcg",
        }
    }

    /// Returns the reason for emulation, if that is what runs.
    pub fn why_not_kvm(&self) -> Option<&str> {
        match self {
            Self::Kvm => None,
            Self::Tcg { reason } => Some(reason),
        }
    }

    /// Returns QEMU's arguments for the accelerator and the processor model.
    pub(crate) fn arguments(&self) -> [&'static str; 4] {
        match self {
            Self::Kvm => ["-accel", "kvm", "-cpu", "host"],
            Self::Tcg { .. } => ["-accel", "tcg,thread=multi", "-cpu", "max"],
        }
    }

    /// Returns how many times longer than on hardware a step may take.
    pub(crate) fn patience(&self) -> u32 {
        match self {
            Self::Kvm => 1,
            Self::Tcg { .. } => 10,
        }
    }
}

/// Starts the probe guest in the empty directory `work` and says what to use.
///
/// # Errors
/// If the monitor has no firmware or cannot be started at all.
pub(crate) fn probe(monitor: &Monitor, work: &Path) -> Result<Runner, String> {
    if !files::exists("/dev/kvm") {
        return Ok(Runner::Tcg { reason: "this host has no /dev/kvm".to_owned() });
    }
    let (firmware, _) = monitor.firmware(SecureBoot::Off)?;
    let console = work.join("probe.console");
    files::write_atomic(&console, b"").map_err(|error| error.to_string())?;
    let command = monitor.command(work, Network::None, arguments(&firmware.code));
    let log = work.join("probe.log");
    let mut running = command.spawn_logged(&log).map_err(|error| error.to_string())?;
    let watch = Stopwatch::start();
    loop {
        let printed = files::read(&console).unwrap_or_default();
        let said = files::read(&log).unwrap_or_default();
        if let Some(runner) =
            judge(&printed, &String::from_utf8_lossy(&said), running.ended().is_some(), watch.elapsed())
        {
            running.kill();
            return Ok(runner);
        }
        if interrupt::requested() {
            return Err("asked to stop".to_owned());
        }
        clock::sleep(Duration::from_millis(20));
    }
}

fn arguments(code: &str) -> Vec<String> {
    let fixed = "-machine q35,smm=off -accel kvm -cpu host -m 256 -nodefaults -no-user-config -display none -no-reboot \
                 -nic none -chardev file,id=console,path=probe.console -serial chardev:console";
    let flash = format!("if=pflash,format=raw,unit=0,readonly=on,file={code}");
    fixed.split(' ').map(str::to_owned).chain(["-drive".to_owned(), flash]).collect()
}

fn judge(console: &[u8], log: &str, ended: bool, elapsed: Duration) -> Option<Runner> {
    let mut lines = Lines::default();
    let complete = lines.feed(console);
    if complete.iter().any(|line| line.contains(SIGN_OF_LIFE)) || lines.partial().contains(SIGN_OF_LIFE) {
        return Some(Runner::Kvm);
    }
    let complaint = log.lines().find(|line| !line.trim().is_empty());
    let reason = match (ended, complaint) {
        (true, complaint) => format!("QEMU with KVM ended at once: {}", complaint.unwrap_or("without a word")),
        (false, Some(complaint)) if complaint.contains("KVM internal error") => {
            format!("KVM is there but cannot run a 64-bit guest: {complaint}")
        }
        (false, _) if elapsed > LIMIT => {
            format!("KVM is there but the probe guest printed nothing within {} s", LIMIT.as_secs())
        }
        _ => return None,
    };
    Some(Runner::Tcg { reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(200);

    fn reason(runner: Option<Runner>) -> String {
        match runner {
            Some(Runner::Tcg { reason }) => reason,
            other => panic!("expected emulation, got {other:?}"),
        }
    }

    #[test]
    fn the_firmwares_line_means_kvm() {
        let console = b"\x1b[2J\x1b[01;01HBdsDxe: failed to load Boot0001";
        assert_eq!(judge(console, "", false, SOON), Some(Runner::Kvm));
    }

    #[test]
    fn every_other_end_means_emulation_with_its_reason() {
        assert!(reason(judge(b"", "KVM internal error. Suberror: 1\nRAX=0", false, SOON)).contains("64-bit guest"));
        assert!(reason(judge(b"", "error: failed to set MSR 0x10a\n", true, SOON)).contains("MSR 0x10a"));
        assert!(reason(judge(b"", "", true, SOON)).contains("without a word"));
        assert!(reason(judge(b"", "", false, LIMIT + SOON)).contains("printed nothing within 10 s"));
        assert_eq!(judge(b"", "", false, SOON), None);
    }
}
