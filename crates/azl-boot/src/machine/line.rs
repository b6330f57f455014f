//! QEMU's command line for one boot of a machine.

use super::{DISK, Start};
use crate::firmware::Firmware;
use crate::scenario::{DiskBus, SecureBoot};

/// What every machine has.
const FIXED: &str = "-nodefaults -no-user-config -display none -no-reboot -rtc base=utc -device virtio-rng-pci \
                     -chardev file,id=console,path=serial.log,append=on -serial chardev:console \
                     -qmp unix:qmp.sock,server=on,wait=off";

/// Returns the arguments; `port` of the loopback interface leads to the guest's sshd, `told` are SMBIOS strings for it.
pub(super) fn arguments(start: &Start<'_>, firmware: &Firmware, port: Option<u16>, told: &[String]) -> Vec<String> {
    let machine = start.machine;
    let mut args = words(FIXED);
    args.extend(words(platform(machine.secure_boot)));
    args.extend(start.runner.arguments().map(str::to_owned));
    args.extend(["-m".to_owned(), machine.memory_mib.to_string(), "-smp".to_owned(), machine.cpus.to_string()]);
    let flash = |unit: u32, file: &str, access: &str| format!("if=pflash,format=raw,unit={unit},file={file}{access}");
    args.extend(["-drive".to_owned(), flash(0, &firmware.code, ",readonly=on")]);
    args.extend(["-drive".to_owned(), flash(1, "vars.fd", "")]);
    // Flushes of the guest need not reach this machine's disk: what is cut here is the guest's power, not ours.
    args.extend(["-drive".to_owned(), format!("if=none,id=disk,format=raw,cache=unsafe,file={DISK}")]);
    args.extend(words(attach(machine.disk_bus)));
    args.extend(network(port));
    for text in told {
        args.extend(["-smbios".to_owned(), format!("type=11,value={}", text.replace(',', ",,"))]);
    }
    args
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Firmware that checks signatures keeps its variables where only system management mode can write them.
fn platform(secure_boot: SecureBoot) -> &'static str {
    match secure_boot {
        SecureBoot::Off => "-machine q35,smm=off",
        SecureBoot::Enrolled => {
            "-machine q35,smm=on -global driver=cfi.pflash01,property=secure,value=on -global ICH9-LPC.disable_s3=1"
        }
    }
}

/// A network of its own for a guest that is talked to: it gets an address, and nothing from it leads out.
fn network(port: Option<u16>) -> Vec<String> {
    let Some(port) = port else { return words("-nic none") };
    let network = format!("user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{port}-:22");
    let mut args = vec!["-netdev".to_owned(), network];
    // The firmware is not to boot from it.
    args.extend(words("-device virtio-net-pci,netdev=net,romfile="));
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
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;
    use crate::monitor::Monitor;
    use crate::probe::Runner;
    use crate::scenario::Machine;

    fn line(runner: &Runner, secure_boot: SecureBoot, port: Option<u16>, told: &[String]) -> String {
        let machine = Machine {
            memory_mib: 700,
            cpus: 2,
            disk_bus: DiskBus::Nvme,
            disk_mib: None,
            secure_boot,
            kernel_arguments: String::new(),
            credentials: BTreeMap::new(),
            boots: vec![],
        };
        let start = Start {
            machine: &machine,
            monitor: &Monitor::Packaged { root: "/r".into() },
            runner,
            image: ("x.vhd", Path::new("/store/x")),
            certificate: None,
            work: Path::new("/w"),
            log: Path::new("/l"),
        };
        let firmware = Firmware { code: "/CODE.fd".to_owned(), vars: "/VARS.fd".to_owned() };
        arguments(&start, &firmware, port, told).join(" ")
    }

    #[test]
    fn the_machine_has_what_the_scenario_says_and_no_network() {
        let line = line(&Runner::Kvm, SecureBoot::Off, None, &[]);
        for part in [
            "-machine q35,smm=off",
            "-accel kvm -cpu host -m 700 -smp 2",
            "unit=0,file=/CODE.fd,readonly=on",
            "unit=1,file=vars.fd",
            "file=disk.raw",
            "-device nvme,",
            "-nic none",
        ] {
            assert!(line.contains(part), "{line}\nlacks {part}");
        }
    }

    #[test]
    fn a_guest_that_is_talked_to_reaches_nothing_itself() {
        let line = line(&Runner::Kvm, SecureBoot::Off, Some(2200), &["a=b,c".to_owned()]);
        assert!(
            line.contains("user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:2200-:22") && !line.contains("-nic"),
            "{line}"
        );
        assert!(line.ends_with("-smbios type=11,value=a=b,,c"), "{line}");
    }

    #[test]
    fn firmware_that_checks_signatures_gets_system_management_mode() {
        let line = line(&Runner::Tcg { reason: String::new() }, SecureBoot::Enrolled, None, &[]);
        assert!(line.contains("smm=on") && line.contains("property=secure,value=on"), "{line}");
        assert!(line.contains("-accel tcg,thread=multi -cpu max"), "{line}");
    }
}
