//! The one way to run another program.
//!
//! A [`Cmd`] is a value: cloneable, printable as a line one can paste into a shell. Its environment
//! starts empty but for `PATH`. A failure keeps the command, the exit cause and the last lines of output.
//!
//! **Invariant:** a process that outlives its time limit is killed with its whole process group.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::clock::{self, Stopwatch};
use crate::dialogue::Dialogue;
use crate::files;

/// Lines of output kept in an error.
pub const TAIL_LINES: usize = 40;

/// A program to run, with arguments, working directory and environment.
#[derive(Debug, Clone)]
pub struct Cmd {
    program: PathBuf,
    args: Vec<OsString>,
    directory: PathBuf,
    env: BTreeMap<String, String>,
    input: Vec<u8>,
    timeout: Option<Duration>,
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
        /// `exit status N`, `killed by signal N` or `exceeded its time limit of N s`.
        cause: String,
        /// The last lines of its output.
        tail: String,
    },
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
            timeout: None,
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
        self.timeout = Some(timeout);
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).current_dir(&self.directory).env_clear().envs(&self.env);
        command.stdin(Stdio::null()).process_group(0);
        command
    }

    fn start(&self, command: &mut Command) -> Result<Child, CmdError> {
        command.spawn().map_err(|source| CmdError::Start { command: self.to_string(), source })
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
        let status = self.wait(&mut child);
        let collect = |reader: Option<std::thread::JoinHandle<Vec<u8>>>| {
            reader.and_then(|reader| reader.join().ok()).unwrap_or_default()
        };
        let output = Output { stdout: collect(stdout), stderr: collect(stderr) };
        match status {
            Ok(status) if status.success() => Ok(output),
            other => {
                let both = [output.stdout, output.stderr].concat();
                Err(self.failed(&other, &String::from_utf8_lossy(&both)))
            }
        }
    }

    /// Runs to the end with standard output and error written to the file `log` as they come.
    ///
    /// # Errors
    /// [`CmdError`] if the program cannot be started, fails or exceeds its time; the tail is the log's.
    pub fn run_logged(&self, log: &Path) -> Result<(), CmdError> {
        let file = files::create(log)?;
        let second =
            file.try_clone().map_err(|source| files::FileError { operation: "open", path: log.to_owned(), source })?;
        let mut child = self.start(self.command().stdout(file).stderr(second))?;
        match self.wait(&mut child) {
            Ok(status) if status.success() => Ok(()),
            other => Err(self.failed(&other, &tail_of(log))),
        }
    }

    /// Runs to the end with this process's standard output and error.
    ///
    /// # Errors
    /// [`CmdError`] if the program cannot be started, fails or exceeds its time; it has shown its output already.
    pub fn run_inherited(&self) -> Result<(), CmdError> {
        let mut child = self.start(&mut self.command())?;
        match self.wait(&mut child) {
            Ok(status) if status.success() => Ok(()),
            other => Err(self.failed(&other, "")),
        }
    }

    /// Starts the program and returns at once; its output goes to the file `log`.
    ///
    /// # Errors
    /// [`CmdError`] if the program cannot be started.
    pub fn spawn_logged(&self, log: &Path) -> Result<Running, CmdError> {
        let file = files::create(log)?;
        let second =
            file.try_clone().map_err(|source| files::FileError { operation: "open", path: log.to_owned(), source })?;
        let child = self.start(self.command().stdout(file).stderr(second))?;
        Ok(Running { child })
    }

    /// Starts the program and leaves it running when this one ends; its output goes to the file `log`.
    ///
    /// # Errors
    /// [`CmdError`] if the program cannot be started.
    pub fn leave_running(&self, log: &Path) -> Result<crate::Left, CmdError> {
        let file = files::create(log)?;
        let second =
            file.try_clone().map_err(|source| files::FileError { operation: "open", path: log.to_owned(), source })?;
        let child = self.start(self.command().stdout(file).stderr(second))?;
        let process = child.id();
        Ok(crate::Left::of(process))
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

    fn wait(&self, child: &mut Child) -> Result<ExitStatus, String> {
        let Some(timeout) = self.timeout else {
            return child.wait().map_err(|error| error.to_string());
        };
        let watch = Stopwatch::start();
        let mut pause = Duration::from_millis(2);
        loop {
            if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
                return Ok(status);
            }
            if watch.elapsed() > timeout {
                kill_group(child);
                return Err(format!("exceeded its time limit of {} s", timeout.as_secs()));
            }
            clock::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(100));
        }
    }

    fn failed(&self, status: &Result<ExitStatus, String>, output: &str) -> CmdError {
        let cause = match status {
            Ok(status) => match status.signal() {
                Some(signal) => format!("killed by signal {signal}"),
                None => format!("exit status {}", status.code().unwrap_or(-1)),
            },
            Err(cause) => cause.clone(),
        };
        CmdError::Failed { command: self.to_string(), cause, tail: last_lines(output) }
    }
}

/// A program that runs beside this one; dropping it kills it and its process group.
#[derive(Debug)]
pub struct Running {
    pub(crate) child: Child,
}

impl Running {
    /// Returns whether the program ended, and if so whether with success.
    pub fn ended(&mut self) -> Option<bool> {
        self.child.try_wait().ok().flatten().map(|status| status.success())
    }

    /// Kills the program and its process group and waits for it.
    pub fn kill(&mut self) {
        kill_group(&mut self.child);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ended().is_none() {
            self.kill();
        }
    }
}

fn kill_group(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
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

fn last_lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

/// Returns the last [`TAIL_LINES`] lines of a log file, or nothing if it cannot be read.
pub fn tail_of(log: &Path) -> String {
    let Ok(file) = files::open(log) else { return String::new() };
    let mut tail = std::collections::VecDeque::new();
    for line in BufReader::new(file).split(b'\n').map_while(Result::ok) {
        tail.push_back(String::from_utf8_lossy(&line).into_owned());
        if tail.len() > TAIL_LINES {
            tail.pop_front();
        }
    }
    Vec::from(tail).join("\n")
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
}
