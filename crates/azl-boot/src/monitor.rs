//! The virtual machine monitor, and the ssh that talks to its guests, and where they run: from unpacked packages inside
//! bubblewrap, or the host's own.
//!
//! **Invariant:** what is sandboxed sees its packages, one scratch directory, and no network, but for the loopback
//! interface where a scenario logs in.

use std::path::{Path, PathBuf};

use azl_host::{Cmd, environment, files};

use crate::firmware::{self, Firmware};
use crate::scenario::SecureBoot;

/// Variable with the path of a QEMU of the host to use instead of the packaged one.
pub const QEMU_VARIABLE: &str = "AZL_QEMU";

/// Where the scratch directory is inside the sandbox.
const WORK: &str = "/w";
/// The emulator's program.
const QEMU: &str = "qemu-system-x86_64";

/// A monitor that can be started.
#[derive(Debug, Clone)]
pub(crate) enum Monitor {
    /// Unpacked packages, run inside bubblewrap.
    Packaged {
        /// The directory they are unpacked in.
        root: PathBuf,
    },
    /// A program of the host, run as it is.
    Host {
        /// Its path.
        qemu: PathBuf,
    },
}

/// What network a program has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    /// None.
    None,
    /// The host's, for a port of its loopback interface: QEMU listens there for the guest's sshd, ssh connects.
    Host,
}

impl Monitor {
    /// Returns the host's monitor if the user named one.
    ///
    /// # Errors
    /// If the named program does not exist.
    pub(crate) fn of_host() -> Result<Option<Self>, String> {
        let Some(path) = environment::var(QEMU_VARIABLE) else { return Ok(None) };
        let qemu = PathBuf::from(&path);
        match files::size(&qemu).is_some() || files::exists(&qemu) {
            true => Ok(Some(Self::Host { qemu })),
            false => Err(format!("{QEMU_VARIABLE} names `{path}`, which does not exist")),
        }
    }

    /// Returns the command line that runs QEMU with `args` in the scratch directory `work`.
    pub(crate) fn command(&self, work: &Path, network: Network, args: Vec<String>) -> Cmd {
        match self {
            Self::Host { qemu } => plain(qemu, work).args(args),
            Self::Packaged { root } => {
                sandboxed(root, work, network).arg("--").arg(format!("/usr/bin/{QEMU}")).args(args)
            }
        }
    }

    /// Returns the command line that runs a program of the monitor's packages, as root of a user namespace, so that it
    /// finds its name whoever runs this.
    pub(crate) fn companion(&self, program: &str, work: &Path, network: Network) -> Cmd {
        match self {
            Self::Host { qemu } => {
                let beside = qemu.with_file_name(program);
                if files::exists(&beside) { plain(&beside, work) } else { plain(Path::new(program), work) }
            }
            Self::Packaged { root } => sandboxed(root, work, network)
                .args(["--uid", "0", "--gid", "0", "--"])
                .arg(format!("/usr/bin/{program}")),
        }
    }

    /// Returns the firmware to use, and the file of its variable template as this process sees it.
    ///
    /// # Errors
    /// If the monitor comes with none that fits.
    pub(crate) fn firmware(&self, secure_boot: SecureBoot) -> Result<(Firmware, PathBuf), String> {
        let root = match self {
            Self::Packaged { root } => root.as_path(),
            Self::Host { .. } => Path::new("/"),
        };
        let directory = root.join(firmware::DESCRIPTORS);
        let names = files::list(&directory).map_err(|error| error.to_string())?;
        let read = |name: &String| Some((name.clone(), files::read_to_string(directory.join(name)).ok()?));
        let descriptors: Vec<_> = names.iter().filter(|name| name.ends_with(".json")).filter_map(read).collect();
        let firmware = firmware::choose(&descriptors, secure_boot)?;
        let vars = root.join(firmware.vars.trim_start_matches('/'));
        Ok((firmware, vars))
    }
}

fn plain(program: &Path, work: &Path) -> Cmd {
    Cmd::new(program, work).env("TMPDIR", work.display().to_string()).env("LC_ALL", "C")
}

fn sandboxed(root: &Path, work: &Path, network: Network) -> Cmd {
    let mut cmd = Cmd::new("bwrap", work)
        .args(["--unshare-all", "--die-with-parent", "--new-session"])
        .arg("--ro-bind")
        .arg(root.join("usr"))
        .arg("/usr")
        .arg("--ro-bind-try")
        .arg(root.join("etc"))
        .arg("/etc");
    if network == Network::Host {
        cmd = cmd.arg("--share-net");
    }
    for name in ["bin", "sbin", "lib", "lib64"] {
        cmd = cmd.args(["--symlink".to_owned(), format!("usr/{name}"), format!("/{name}")]);
    }
    cmd = cmd.args(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]);
    if files::exists("/dev/kvm") {
        cmd = cmd.args(["--dev-bind", "/dev/kvm", "/dev/kvm"]);
    }
    cmd = cmd.arg("--bind").arg(work).args([WORK, "--chdir", WORK, "--clearenv"]);
    let env = [("PATH", "/usr/bin"), ("LC_ALL", "C.UTF-8"), ("TMPDIR", WORK)];
    env.iter().fold(cmd, |cmd, (name, value)| cmd.args(["--setenv", name, value]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packaged() -> Monitor {
        Monitor::Packaged { root: "/r".into() }
    }

    #[test]
    fn the_packaged_monitor_sees_its_packages_and_the_scratch_directory() {
        let line = packaged().command(Path::new("/s"), Network::None, vec!["-version".to_owned()]).to_string();
        for part in ["--unshare-all", "--ro-bind /r/usr /usr", "--bind /s /w", "--clearenv"] {
            assert!(line.contains(part), "{line}\nlacks {part}");
        }
        assert!(line.ends_with("-- /usr/bin/qemu-system-x86_64 -version") && !line.contains("--share-net"), "{line}");
    }

    #[test]
    fn a_network_is_shared_only_where_it_is_asked_for() {
        let line = |network| packaged().companion("ssh", Path::new("/s"), network).to_string();
        assert!(
            line(Network::Host).contains("--share-net") && line(Network::Host).ends_with("--gid 0 -- /usr/bin/ssh")
        );
        assert!(!line(Network::None).contains("--share-net"));
    }
}
