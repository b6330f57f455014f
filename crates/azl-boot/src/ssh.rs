//! Commands run in the guest over ssh, by OpenSSH's own client.
//!
//! ```text
//! ssh master ── TCP, loopback ── QEMU's user network ── guest's sshd        one login per boot
//!      └─ control socket in the scratch directory ── ssh, once per command
//! ```
//!
//! The key is made for one run and forgotten with it; the guest learns its public half from outside. What the guest's
//! host key was at the first login, it must be at every later one of the run.
//!
//! Not here: deciding what an answer means.

use std::path::Path;
use std::time::Duration;

use azl_host::process::{Running, tail_of};
use azl_host::{Cmd, CmdError, files};

use crate::monitor::{Monitor, Network};
use crate::watch::Answer;

const KEY: &str = "id";
const CONTROL: &str = "control";
const LOG: &str = "ssh.log";
const ANSWER: &str = "answer.log";
/// The credential from which systemd writes root's authorized keys.
pub(crate) const CREDENTIAL: &str = "ssh.authorized_keys.root";
/// Longest wait for sshd's greeting in one attempt; an emulated guest takes its time.
const GREETING: &str = "ConnectTimeout=30";
/// Pause between attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// Makes the key of a run in its scratch directory and returns the public half, as `authorized_keys` has it.
///
/// # Errors
/// If it cannot be made.
pub(crate) fn make_key(monitor: &Monitor, work: &Path) -> Result<String, String> {
    let keygen = monitor.companion("ssh-keygen", work, Network::None);
    // Of the kinds that a guest in FIPS mode takes, the smallest.
    keygen
        .args(["-q", "-t", "ecdsa", "-b", "256", "-N", "", "-C", "azl-boot", "-f", KEY])
        .output()
        .map_err(|e| e.to_string())?;
    files::read_to_string(work.join(format!("{KEY}.pub"))).map_err(|error| error.to_string())
}

/// Talks to the guest of one boot.
pub(crate) struct Ssh<'a> {
    monitor: &'a Monitor,
    work: &'a Path,
    /// Port of the loopback interface that leads to the guest's sshd.
    port: u16,
    master: Option<Running>,
    command: Option<Running>,
    attempted: Option<Duration>,
}

impl<'a> Ssh<'a> {
    pub(crate) fn new(monitor: &'a Monitor, work: &'a Path, port: u16) -> Self {
        // The last boot's, if the machine was killed.
        let _ = files::remove_file(work.join(CONTROL));
        Self { monitor, work, port, master: None, command: None, attempted: None }
    }

    /// Does what is next for a command to be answered, and returns at once: the answer, once it is there.
    ///
    /// # Errors
    /// If ssh cannot be started at all.
    pub(crate) fn pursue(&mut self, command: &str, now: Duration) -> Result<Option<Answer>, CmdError> {
        if let Some(running) = &mut self.command {
            let Some(success) = running.ended() else { return Ok(None) };
            self.command = None;
            let output = files::read(self.work.join(ANSWER)).unwrap_or_default();
            return Ok(Some(Answer { success, output: String::from_utf8_lossy(&output).into_owned() }));
        }
        if self.logged_in(now)? {
            self.command = Some(self.ask(command).spawn_logged(&self.work.join(ANSWER))?);
        }
        Ok(None)
    }

    /// Returns what ssh last said about logging in, if it said anything.
    pub(crate) fn complaint(&self) -> Option<String> {
        let said = tail_of(&self.work.join(LOG));
        said.lines().rev().find(|line| !line.trim().is_empty()).map(|line| format!("ssh: {line}"))
    }

    fn logged_in(&mut self, now: Duration) -> Result<bool, CmdError> {
        if self.master.as_mut().is_some_and(|master| master.ended().is_none()) {
            // Made only when the login has succeeded.
            return Ok(files::exists(self.work.join(CONTROL)));
        }
        if self.attempted.is_none_or(|last| now >= last + PAUSE) {
            self.attempted = Some(now);
            self.master = Some(self.login().spawn_logged(&self.work.join(LOG))?);
        }
        Ok(false)
    }

    fn login(&self) -> Cmd {
        let options = [
            "BatchMode=yes",
            "IdentitiesOnly=yes",
            "HostKeyAlias=guest",
            "StrictHostKeyChecking=accept-new",
            "UserKnownHostsFile=known_hosts",
            "GlobalKnownHostsFile=/dev/null",
            "ServerAliveInterval=30",
            GREETING,
        ];
        let ssh = self.monitor.companion("ssh", self.work, Network::Host);
        let ssh = ssh.args(["-F", "none", "-N", "-M", "-S", CONTROL, "-i", KEY, "-p", &self.port.to_string()]);
        options.iter().fold(ssh, |ssh, option| ssh.args(["-o", option])).arg("root@127.0.0.1")
    }

    fn ask(&self, command: &str) -> Cmd {
        let ssh = self.monitor.companion("ssh", self.work, Network::None);
        // Without its master it must fail, not look for a guest by itself.
        ssh.args(["-F", "none", "-S", CONTROL, "-o", "ProxyCommand=false", "root@guest", "--", command])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_has_the_network_and_the_commands_have_the_login() {
        let monitor = Monitor::Packaged { root: "/r".into() };
        let ssh = Ssh::new(&monitor, Path::new("/s"), 2200);
        let (login, ask) = (ssh.login().to_string(), ssh.ask("id -u").to_string());
        assert!(
            login.contains("--share-net") && login.contains("-p 2200") && login.ends_with("root@127.0.0.1"),
            "{login}"
        );
        assert!(
            !ask.contains("--share-net") && ask.ends_with("-S control -o ProxyCommand=false root@guest -- 'id -u'"),
            "{ask}"
        );
    }

    /// An ssh whose login makes the control file, and whose commands are run by the shell.
    const SSH: &str =
        "#!/bin/sh\nfor last; do :; done\ncase \"$*\" in *-M*) : > control; exec sleep 60;; esac\nsh -c \"$last\"\n";

    fn answer(ssh: &mut Ssh<'_>, command: &str) -> Answer {
        for tick in 0.. {
            if let Some(answer) = ssh.pursue(command, Duration::from_secs(tick)).expect("starts") {
                return answer;
            }
            azl_host::clock::sleep(Duration::from_millis(5));
        }
        unreachable!("the loop ends by an answer")
    }

    #[test]
    fn commands_are_answered_one_after_the_other_over_one_login() {
        let scratch = tempfile::tempdir().expect("scratch");
        let bin = scratch.path().join("bin");
        files::create_dir_all(&bin).expect("made");
        files::write_atomic_mode(bin.join("ssh"), SSH.as_bytes(), 0o755).expect("written");
        let monitor = Monitor::Host { qemu: bin.join("qemu") };
        let mut ssh = Ssh::new(&monitor, scratch.path(), 1);
        assert_eq!(answer(&mut ssh, "echo one"), Answer { success: true, output: "one\n".to_owned() });
        assert!(!answer(&mut ssh, "exit 3").success);
    }
}
