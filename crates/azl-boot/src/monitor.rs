//! The virtual machine monitor and where it runs: from unpacked packages inside bubblewrap, or the host's own.
//!
//! **Invariant:** the sandboxed monitor sees its packages, one scratch directory, the image read-only, and no network.

use std::path::{Path, PathBuf};

use azl_host::{Cmd, environment, files};

use crate::firmware::{self, Firmware};

/// Variable with the path of a QEMU of the host to use instead of the packaged one.
pub const QEMU_VARIABLE: &str = "AZL_QEMU";

/// Where the scratch directory and the image are inside the sandbox.
const WORK: &str = "/w";
const IMAGE: &str = "/image";

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

/// What the monitor may touch besides itself.
pub(crate) struct Places<'a> {
    /// Writable scratch directory; the monitor's working directory.
    pub(crate) work: &'a Path,
    /// The image, if there is one.
    pub(crate) image: Option<&'a Path>,
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

    /// Returns the path of the image as the monitor sees it.
    pub(crate) fn image_path(&self, image: &Path) -> String {
        match self {
            Self::Packaged { .. } => IMAGE.to_owned(),
            Self::Host { .. } => image.display().to_string(),
        }
    }

    /// Returns the command line that runs QEMU with `args` in the scratch directory.
    pub(crate) fn command(&self, places: &Places<'_>, args: Vec<String>) -> Cmd {
        match self {
            Self::Host { qemu } => Cmd::new(qemu, places.work)
                .args(args)
                .env("TMPDIR", places.work.display().to_string())
                .env("LC_ALL", "C"),
            Self::Packaged { root } => self.sandboxed(root, places).arg("/usr/bin/qemu-system-x86_64").args(args),
        }
    }

    fn sandboxed(&self, root: &Path, places: &Places<'_>) -> Cmd {
        let mut cmd = Cmd::new("bwrap", places.work)
            .args(["--unshare-all", "--die-with-parent", "--new-session"])
            .arg("--ro-bind")
            .arg(root.join("usr"))
            .arg("/usr")
            .arg("--ro-bind-try")
            .arg(root.join("etc"))
            .arg("/etc");
        for name in ["bin", "sbin", "lib", "lib64"] {
            cmd = cmd.args(["--symlink".to_owned(), format!("usr/{name}"), format!("/{name}")]);
        }
        cmd = cmd.args(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]);
        if files::exists("/dev/kvm") {
            cmd = cmd.args(["--dev-bind", "/dev/kvm", "/dev/kvm"]);
        }
        cmd = cmd.arg("--bind").arg(places.work).args([WORK, "--chdir", WORK]);
        if let Some(image) = places.image {
            cmd = cmd.arg("--ro-bind").arg(image).arg(IMAGE);
        }
        let env = [("PATH", "/usr/bin"), ("LC_ALL", "C.UTF-8"), ("TMPDIR", WORK)];
        cmd = cmd.arg("--clearenv");
        env.iter().fold(cmd, |cmd, (name, value)| cmd.args(["--setenv", name, value])).arg("--")
    }

    /// Returns the firmware to use, and the file of its variable template as this process sees it.
    ///
    /// # Errors
    /// If the monitor comes with none that fits.
    pub(crate) fn firmware(&self) -> Result<(Firmware, PathBuf), String> {
        let root = match self {
            Self::Packaged { root } => root.as_path(),
            Self::Host { .. } => Path::new("/"),
        };
        let directory = root.join(firmware::DESCRIPTORS);
        let names = files::list(&directory).map_err(|error| error.to_string())?;
        let read = |name: &String| Some((name.clone(), files::read_to_string(directory.join(name)).ok()?));
        let descriptors: Vec<_> = names.iter().filter(|name| name.ends_with(".json")).filter_map(read).collect();
        let firmware = firmware::choose(&descriptors)?;
        let vars = root.join(firmware.vars.trim_start_matches('/'));
        Ok((firmware, vars))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packaged_monitor_has_no_network_and_the_image_read_only() {
        let monitor = Monitor::Packaged { root: "/r".into() };
        let places = Places { work: Path::new("/s"), image: Some(Path::new("/store/x.vhd")) };
        let line = monitor.command(&places, vec!["-version".to_owned()]).to_string();
        for part in
            ["--unshare-all", "--ro-bind /r/usr /usr", "--ro-bind /store/x.vhd /image", "--bind /s /w", "--clearenv"]
        {
            assert!(line.contains(part), "{line}\nlacks {part}");
        }
        assert!(line.ends_with("-- /usr/bin/qemu-system-x86_64 -version") && !line.contains("--share-net"), "{line}");
    }
}
