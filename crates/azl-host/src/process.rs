//! The one way to run another program.
//!
//! A [`Cmd`] is a value: cloneable, printable as a line one can paste into a shell. Its environment
//! starts empty but for `PATH`. A failure keeps the command, the exit cause and the last lines of output.
//!
//! **Invariant:** a process that exceeds a bound, or that somebody asks us to stop, is killed with its whole process
//! group.

mod inherited;
mod running;
mod tail;
mod tree;
mod watch;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use crate::cgroup::{Group, Place};
use crate::dialogue::Dialogue;
use crate::left::Left;
use crate::{files, interrupt};
use inherited::Inherited;
pub use running::Running;
pub use tail::{TAIL_LINES, tail_of};
pub use watch::{Bounds, Usage};
use watch::{Stopped, Watch};

/// A program to run, with arguments, working directory and environment.
#[derive(Debug, Clone)]
pub struct Cmd {
    program: PathBuf,
    args: Vec<OsString>,
    directory: PathBuf,
    env: BTreeMap<String, String>,
    input: Vec<u8>,
    bounds: Bounds,
    place: Option<Place>,
    inherited: Inherited,
}

/// A program that could not be run or did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum CmdError {
    /// The program could not be started.
    #[error("cannot start `{command}`: {source}")]
    Start {
        /// The command line.
        command: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The program ended with a failure.
    #[error("{cause}: {command}\n{tail}")]
    Failed {
        /// The command line.
        command: String,
        /// `exit status N`, `killed by signal N`, or the bound that was exceeded.
        cause: String,
        /// The last lines of its output.
        tail: String,
    },
    /// Somebody asked this program to stop.
    #[error("interrupted")]
    Interrupted,
    /// The log could not be written.
    #[error(transparent)]
    File(#[from] files::FileError),
}

/// What a successful program printed.
#[derive(Debug, Clone)]
pub struct Output {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl Cmd {
    /// Starts a command for `program`, to run in `directory`.
    pub fn new(program: impl Into<PathBuf>, directory: impl Into<PathBuf>) -> Self {
        let path = crate::environment::var("PATH").unwrap_or_else(|| "/usr/sbin:/usr/bin:/sbin:/bin".to_owned());
        Self {
            program: program.into(),
            args: Vec::new(),
            directory: directory.into(),
            env: BTreeMap::from([("PATH".to_owned(), path)]),
            input: Vec::new(),
            bounds: Bounds::default(),
            place: None,
            inherited: Inherited::default(),
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<T: Into<OsString>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Passes on a variable of this process, if it is set.
    #[must_use]
    pub fn inherit(self, name: &str) -> Self {
        match crate::environment::var(name) {
            Some(value) => self.env(name, value),
            None => self,
        }
    }

    /// Sets what [`Cmd::output`] writes to the program's standard input; without it the program reads nothing.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// Sets the wall time after which the program is killed.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.bounds.time = Some(timeout);
        self
    }

    /// Sets everything that the program may use. [`Cmd::run_logged`] heeds it all, the others heed time.
    #[must_use]
    pub fn bounds(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// Has [`Cmd::run_logged`] make a group there that keeps the bounds and counts what is used; without a place, and
    /// for what groups there do not keep, it looks at the processes.
    #[must_use]
    pub fn group_in(mut self, place: Option<&Place>) -> Self {
        self.place = place.cloned();
        self
    }

    /// Makes the command that enters a group and then becomes this one. A shell sets variables of its own, so the
    /// environment is set once more after it.
    pub(crate) fn enter(self, group: &Group) -> Self {
        let [shell, arguments @ ..] = group.entrance();
        let environment = self.env.iter().map(|(name, value)| format!("{name}={value}").into());
        let environment = ["/usr/bin/env".into(), "-i".into()].into_iter().chain(environment);
        let program = [self.program.into()].into_iter().chain(self.args);
        let args = arguments.into_iter().chain(environment).chain(program).collect();
        Self { program: shell.into(), args, ..self }
    }

    /// Sets the permission bits that new files do not get; without it they are this process's.
    #[must_use]
    pub fn umask(mut self, bits: u32) -> Self {
        self.inherited.umask = Some(bits);
        self
    }

    /// Lets the program use at most so many of the processors that this process may use.
    #[must_use]
    pub fn processors(mut self, count: usize) -> Self {
        self.inherited.processors = Some(count);
        self
    }

    /// Has the program inherit an open file; returns the number it has there.
    pub fn file(mut self, file: File) -> (Self, i32) {
        let number = file.as_raw_fd();
        self.inherited.file = Some(Arc::new(file));
        (self, number)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).current_dir(&self.directory).env_clear().envs(&self.env);
        command.stdin(Stdio::null()).process_group(0);
        command
    }

    fn start(&self, command: &mut Command) -> Result<Child, CmdError> {
        if interrupt::requested() {
            return Err(CmdError::Interrupted);
        }
        self.inherited
            .during(|| command.spawn())
            .map_err(|source| CmdError::Start { command: self.to_string(), source })
    }

    /// Runs to the end and returns the output.
    ///
    /// # Errors
    /// [`CmdError`] if the program cannot be started, fails or exceeds its time.
    pub fn output(&self) -> Result<Output, CmdError> {
        let mut command = self.command();
        if !self.input.is_empty() {
            command.stdin(Stdio::piped());
        }
        let mut child = self.start(command.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
        if let Some(stdin) = child.stdin.take() {
            write_all(stdin, self.input.clone());
        }
        let stdout = child.stdout.take().map(read_all);
        let stderr = child.stderr.take().map(read_all);
        let (status, _) = Watch::new(&mut child, &self.bounds).wait();
        let collect = |reader: Option<std::thread::JoinHandle<Vec<u8>>>| {
            reader.and_then(|reader| reader.join().ok()).unwrap_or_default()
        };
        let output = Output { stdout: collect(stdout), stderr: collect(stderr) };
        match status {
            Ok(status) if status.success() => Ok(output),
            other => Err(self.failed(other, || tail::last_lines(&[output.stdout, output.stderr].concat()))),
        }
    }

    /// Runs to the end with standard output and error written to the file `log` as they come. What the program leaves
    /// running is killed.
    ///
    /// # Errors
    /// [`CmdError`] if the program cannot be started, fails or exceeds its bounds; the tail is the log's.
    pub fn run_logged(&self, log: &Path) -> Result<Usage, CmdError> {
        let group = self.place.as_ref().map(|place| place.group(&self.bounds)).transpose()?;
        let mut child = match &group {
            Some(group) => self.clone().enter(group).start_logged(log)?,
            None => self.start_logged(log)?,
        };
        match Watch::new(&mut child, &self.bounds).with_log(log).within(group.as_ref()).wait() {
            (Ok(status), usage) if status.success() => Ok(usage),
            (other, _) => Err(outside(self.failed(other, || tail_of(log)), group.as_ref())),
        }
    }

    fn start_logged(&self, log: &Path) -> Result<Child, CmdError> {
        let file = files::create(log)?;
        let second =
            file.try_clone().map_err(|source| files::FileError { operation: "open", path: log.to_owned(), source })?;
        self.start(self.command().stdout(file).stderr(second))
    }

    /// Runs to the end with this process's standard output and error.
    ///
    /// # Errors
    /// [`CmdError`] if the program cannot be started, fails or exceeds its time; it has shown its output already.
    pub fn run_inherited(&self) -> Result<(), CmdError> {
        let mut child = self.start(&mut self.command())?;
        match Watch::new(&mut child, &self.bounds).wait().0 {
            Ok(status) if status.success() => Ok(()),
            other => Err(self.failed(other, String::new)),
        }
    }

    /// Runs to the end with this process's terminal: input, output, and its process group, so that a shell can read.
    /// Whoever sits there decides how long; no limit is watched.
    ///
    /// # Errors
    /// [`CmdError`] if the program cannot be started; how it ended is its user's affair.
    pub fn run_interactive(&self) -> Result<(), CmdError> {
        let mut command = self.command();
        let mut child =
            self.start(command.stdin(Stdio::inherit()).process_group(rustix::process::getpgrp().as_raw_pid()))?;
        child.wait().map(drop).map_err(|source| CmdError::Start { command: self.to_string(), source })
    }

    /// Starts the program and returns at once; its output goes to the file `log`.
    ///
    /// # Errors
    /// [`CmdError`] if the program cannot be started.
    pub fn spawn_logged(&self, log: &Path) -> Result<Running, CmdError> {
        Ok(Running { child: self.start_logged(log)? })
    }

    /// Starts the program and leaves it running when this one ends; its output goes to the file `log`.
    ///
    /// # Errors
    /// [`CmdError`] if the program cannot be started.
    pub fn leave_running(&self, log: &Path) -> Result<Left, CmdError> {
        Ok(Left::of(self.start_logged(log)?.id()))
    }

    /// Starts the program and returns at once, to ask it and to hear its answers; its standard error is not heard.
    ///
    /// # Errors
    /// [`CmdError`] if the program cannot be started.
    pub fn converse(&self) -> Result<Dialogue, CmdError> {
        let mut command = self.command();
        let child = self.start(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()))?;
        Ok(Dialogue::new(Running { child }))
    }

    fn failed(&self, status: Result<ExitStatus, Stopped>, tail: impl FnOnce() -> String) -> CmdError {
        let cause = match status {
            Ok(status) => match status.signal() {
                Some(signal) => format!("killed by signal {signal}"),
                None => format!("exit status {}", status.code().unwrap_or(-1)),
            },
            Err(Stopped::Interrupted) => return CmdError::Interrupted,
            Err(Stopped::Because(cause)) => cause,
        };
        CmdError::Failed { command: self.to_string(), cause, tail: tail() }
    }
}

/// Tells a program that could not enter its group from one that failed there.
fn outside(error: CmdError, group: Option<&Group>) -> CmdError {
    match error {
        CmdError::Failed { command, tail, .. } if group.is_some_and(|group| group.is_refusal(&tail)) => {
            CmdError::Start { command, source: std::io::Error::other(tail) }
        }
        other => other,
    }
}

/// Writes in a thread of its own; a program that does not read to the end says why itself.
fn write_all(mut stdin: std::process::ChildStdin, bytes: Vec<u8>) {
    std::thread::spawn(move || {
        let _ = stdin.write_all(&bytes);
    });
}

fn read_all(mut stream: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        bytes
    })
}

impl fmt::Display for Cmd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", quote(&self.program.to_string_lossy()))?;
        for arg in &self.args {
            write!(f, " {}", quote(&arg.to_string_lossy()))?;
        }
        Ok(())
    }
}

fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_is_empty_but_for_what_was_set() {
        let output = Cmd::new("/usr/bin/env", "/").env("A", "b").output().expect("env runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("A=b\n") && !text.contains("HOME="), "{text}");
    }

    #[test]
    fn failure_keeps_command_cause_and_tail() {
        let error = Cmd::new("/bin/sh", "/").args(["-c", "echo out; exit 3"]).output().expect_err("fails");
        assert_eq!(error.to_string(), "exit status 3: /bin/sh -c 'echo out; exit 3'\nout");
    }

    #[test]
    fn input_larger_than_a_pipe_is_written_while_the_output_is_read() {
        let bytes = vec![b'x'; 1 << 20];
        let output = Cmd::new("/bin/cat", "/").input(bytes.clone()).output().expect("cat runs");
        assert_eq!(output.stdout, bytes);
    }

    #[test]
    fn time_limit_kills_the_group() {
        let limited = Cmd::new("/bin/sh", "/").args(["-c", "sleep 60 & wait"]).timeout(Duration::from_millis(50));
        let error = limited.output().expect_err("exceeds its limit");
        assert!(error.to_string().starts_with("exceeded its time limit"));
    }

    /// Runs a shell script with a log.
    fn logged(name: &str, script: &str, bounds: Bounds) -> Result<Usage, CmdError> {
        let log = std::env::temp_dir().join(format!("azl-host-{name}-{}", std::process::id()));
        let result = Cmd::new("/bin/sh", "/").args(["-c", script]).bounds(bounds).run_logged(&log);
        files::remove_file(log).expect("clean up");
        result
    }

    #[test]
    fn usage_counts_the_children_too() {
        let busy = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
        let usage = logged("usage", &format!("sh -c '{busy}'; sh -c '{busy}'"), Bounds::default()).expect("runs");
        assert!(usage.cpu >= Duration::from_millis(50), "{usage:?}");
        assert!(usage.peak_memory > 100 << 10, "{usage:?}");
    }

    #[test]
    fn the_bound_that_was_exceeded_is_named() {
        let cases = [
            (Bounds { output: Some(1 << 20), ..Bounds::default() }, "yes", "printed more than 1 MiB"),
            (
                Bounds { processes: Some(10), ..Bounds::default() },
                "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 60 & done; wait",
                "had more than 10 processes at one time",
            ),
            (
                Bounds { memory: Some(64 << 20), ..Bounds::default() },
                "a=0123456789abcdef; while :; do a=$a$a; done",
                "used more than 64 MiB of memory",
            ),
        ];
        for (index, (bounds, script, expected)) in cases.into_iter().enumerate() {
            let error = logged(&format!("bound-{index}"), script, bounds).expect_err("exceeds");
            assert!(error.to_string().starts_with(expected), "{error}");
        }
    }

    #[test]
    fn what_a_program_leaves_running_is_killed() {
        logged("left", "setsid sleep 1234567 & sleep 0.3", Bounds::default()).expect("runs");
        let all = Cmd::new("/bin/ps", "/").args(["-eo", "args"]).output().expect("ps runs");
        assert!(!String::from_utf8_lossy(&all.stdout).contains("sleep 1234567"));
    }
}
