//! A program that is asked and answers, again and again.
//!
//! Not here: what questions and answers look like; the caller knows the program.
//!
//! **Invariant:** a question is written whole and sent before its answer is read.
//! **Invariant:** the program ends with its [`Dialogue`].

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{ChildStdin, ChildStdout};

use crate::process::Running;

/// A running program's two ends: made by [`crate::Cmd::converse`]; dropping it kills the program.
#[derive(Debug)]
pub struct Dialogue {
    stdin: Option<ChildStdin>,
    stdout: Option<BufReader<ChildStdout>>,
    _running: Running,
}

impl Dialogue {
    pub(crate) fn new(mut running: Running) -> Self {
        let stdin = running.child.stdin.take();
        let stdout = running.child.stdout.take().map(BufReader::new);
        Self { stdin, stdout, _running: running }
    }

    /// Sends a question.
    ///
    /// # Errors
    /// If the program has ended.
    pub fn ask(&mut self, question: &[u8]) -> io::Result<()> {
        let stdin = self.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        stdin.write_all(question)?;
        stdin.flush()
    }

    /// Reads up to the next line feed and returns what is before it.
    ///
    /// # Errors
    /// If the program has ended.
    pub fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        self.answers()?.read_until(b'\n', &mut line)?;
        match line.pop() {
            Some(b'\n') => Ok(line),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Reads as many bytes as `buffer` holds.
    ///
    /// # Errors
    /// If the program ends before.
    pub fn fill(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        self.answers()?.read_exact(buffer)
    }

    /// Reads as many bytes and forgets them.
    ///
    /// # Errors
    /// If the program ends before.
    pub fn skip(&mut self, count: u64) -> io::Result<()> {
        match io::copy(&mut self.answers()?.take(count), &mut io::sink())? {
            skipped if skipped == count => Ok(()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn answers(&mut self) -> io::Result<&mut BufReader<ChildStdout>> {
        self.stdout.as_mut().ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }
}

#[cfg(test)]
mod tests {
    use crate::Cmd;

    #[test]
    fn each_question_is_answered_before_the_next() {
        let mut cat = Cmd::new("/bin/cat", "/").converse().expect("starts");
        for question in ["one", "two"] {
            cat.ask(format!("{question}\n12345678").as_bytes()).expect("asked");
            assert_eq!(cat.line().expect("answered"), question.as_bytes());
            let mut buffer = [0; 3];
            cat.fill(&mut buffer).expect("answered");
            assert_eq!(&buffer, b"123");
            cat.skip(5).expect("answered");
        }
    }

    #[test]
    fn a_program_that_ended_is_an_error() {
        let mut ended = Cmd::new("/bin/true", "/").converse().expect("starts");
        assert!(ended.line().is_err());
    }
}
