//! `bench boot`: from the kernel's first instruction to `multi-user.target`, ours and a peer's, on one machine in turn.
//!
//! Both disks are started by the same QEMU line, log in by the same key from outside, and are asked the same question:
//! what systemd noted as the time of the target, on a clock that begins with the kernel. Firmware and boot loader are not
//! in it. Only the ratio means something: under emulation both are many times slower than on hardware.
//!
//! The peer is any disk image with UEFI, systemd, sshd, a serial console and DHCP. It is not made here: what it takes to
//! install another distribution is that one's affair. The one compared with is Debian stable:
//!
//! ```text
//! mmdebstrap --variant=minbase --include=systemd,systemd-sysv,systemd-resolved,udev,dbus,libpam-systemd,openssh-server,\
//!            linux-image-cloud-amd64,initramfs-tools,systemd-boot-efi trixie ROOT      without host keys and machine id
//! systemctl --root=ROOT enable systemd-networkd                                         DHCP on en*
//! ukify build --linux … --initrd … --cmdline 'root=PARTLABEL=root rw console=ttyS0'     as EFI/BOOT/BOOTX64.EFI
//! mkfs.ext4 -d ROOT                                                                     as the partition `root`
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use azl_action::ports::BlobStore;
use azl_action::{Blob, NodeId};
use azl_boot::{Boot, DiskBus, End, Machine, Pattern, Report, Scenario, SecureBoot, Step};
use azl_host::{clock, files};
use azl_plan::{Inputs, boot as boot_stage};

use super::build::{BuildBench, Measure, Verdict, infrastructure, median};
use crate::error::Failure;
use crate::events::Reporter;
use crate::image;
use crate::realise::{Realised, realise};
use crate::session::Session;

const CLAIM: &str = "quick";
const PROMISE: &str = "kernel start to multi-user.target in at most 0.6 of the peer's time";
const LIMIT: f64 = 0.6;
/// The question, and the answer's first word.
const QUESTION: &str = "systemctl show multi-user.target --property=ActiveEnterTimestampMonotonic";
const ANSWER: &str = "ActiveEnterTimestampMonotonic=";
/// The step whose output holds the answer.
const ASKED: &str = "multi-user.target";

/// Boots the image and the disk `peer` `times` each, in turn, and compares the middle times.
///
/// # Errors
/// If the image cannot be composed, or one of them does not come up.
pub fn boot(
    inputs: &Inputs,
    name: &str,
    (peer, times): (&Path, usize),
    session: &Session,
    reporter: &dyn Reporter,
) -> Result<BuildBench, Failure> {
    let ours = image::disk(inputs, name, session, reporter)?;
    let peer = keep(peer, session)?;
    let mut trials = BTreeMap::new();
    for time in 0..times {
        for (who, disk) in [("ours", &ours), ("peer", &peer)] {
            trials.insert(format!("{who}/{time}"), (disk.clone(), scenario(time)?));
        }
    }
    let graph = boot_stage::trials(inputs, &trials).map_err(infrastructure)?;
    let realised = realise(&graph, &session.ports, reporter, &session.settings.policy)?;
    Ok(BuildBench { rows: vec![compare(&seconds(&realised, "ours", session)?, &seconds(&realised, "peer", session)?)] })
}

fn compare(ours: &[f64], peer: &[f64]) -> Measure {
    let text = |times: &[f64]| times.iter().map(|time| format!("{time:.2}")).collect::<Vec<_>>().join(", ");
    let (all, middle) = ([text(ours), text(peer)], [median(ours.to_vec()), median(peer.to_vec())]);
    let ratio = middle[0] / middle[1];
    Measure {
        claim: CLAIM,
        ours: format!("{:.2} s, {ratio:.2} of the peer's; each: {}", middle[0], all[0]),
        peer: format!("{:.2} s; each: {}", middle[1], all[1]),
        promise: PROMISE,
        verdict: Verdict::of(ratio <= LIMIT),
    }
}

/// Keeps a copy of the peer's disk in the store.
fn keep(peer: &Path, session: &Session) -> Result<Blob, Failure> {
    let store: &dyn BlobStore = &*session.ports.store;
    let name = peer.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let copy = store.scratch("peer")?.join("disk");
    files::copy_sparse(peer, &copy)?;
    Ok(Blob { name, digest: store.take(&copy)? })
}

/// One boot. Its mark keeps it from being answered by a boot of another time.
fn scenario(time: usize) -> Result<serde_json::Value, Failure> {
    let line = |name: &str, text: &str| Step {
        name: name.to_owned(),
        run: None,
        expect: Some(Pattern::Text(text.to_owned())),
        seconds: 120,
    };
    let ask = |name: &str, command: &str, answer: Option<&str>| Step {
        run: Some(command.to_owned()),
        expect: answer.map(|answer| Pattern::Text(answer.to_owned())),
        ..line(name, "")
    };
    let boot = Boot {
        damage: None,
        steps: vec![
            line("login prompt", "login:"),
            ask("settled", "systemctl is-system-running --wait || true", None),
            ask(ASKED, QUESTION, Some(ANSWER)),
            ask("in its own words", "systemd-analyze time", None),
        ],
        forbid: vec![],
        settle_seconds: 0,
        end: End::PowerCut,
    };
    let machine = Machine {
        memory_mib: 1024,
        cpus: 2,
        disk_bus: DiskBus::Nvme,
        disk_mib: None,
        secure_boot: SecureBoot::Off,
        // Under emulation on a busy host a kernel takes late interrupts for a broken timer, and panics.
        kernel_arguments: "no_timer_check".to_owned(),
        credentials: BTreeMap::from([("azl.bench".to_owned(), format!("{} {time}", clock::now()))]),
        boots: vec![boot],
    };
    serde_json::to_value(Scenario::Machine(machine)).map_err(infrastructure)
}

fn seconds(realised: &Realised, who: &str, session: &Session) -> Result<Vec<f64>, Failure> {
    let of_whom = |node: &&NodeId| node.stage() == "boot" && boot_stage::image_of(node) == who;
    let mut times = Vec::new();
    for node in realised.results.keys().filter(of_whom) {
        let Some(report) = realised.outputs(node).get("report.json") else { continue };
        let report: Report = serde_json::from_slice(&session.ports.store.read(*report)?).map_err(infrastructure)?;
        times.push(time(&report).ok_or_else(|| infrastructure(format!("`{node}` has no time of its target")))?);
    }
    Ok(times)
}

/// Returns the seconds from the kernel's start to the target.
fn time(report: &Report) -> Option<f64> {
    let steps = report.boots.iter().flat_map(|boot| &boot.steps);
    let line = steps.filter(|step| step.name == ASKED).find_map(|step| step.line.as_deref())?;
    let micros: f64 = line.trim().strip_prefix(ANSWER)?.parse().ok()?;
    // Zero is systemd's word for a target that was not reached.
    (micros > 0.0).then_some(micros / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_times_decide() {
        let held = compare(&[3.0, 9.0, 3.1], &[6.0, 5.9, 60.0]);
        assert_eq!(held.verdict, Verdict::Held);
        assert!(held.ours.contains("3.10 s, 0.52 of the peer's; each: 3.00, 9.00, 3.10"), "{}", held.ours);
        assert_eq!(compare(&[4.0], &[6.0]).verdict, Verdict::Missed);
    }

    #[test]
    fn the_scenario_is_one_and_differs_from_time_to_time() {
        let (one, two) = (scenario(0).expect("plain data"), scenario(1).expect("plain data"));
        assert!(Scenario::from_value(&one).is_ok());
        assert_ne!(one, two);
    }
}
