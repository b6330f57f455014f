//! QEMU's machine protocol: one JSON object per line (docs/interop/qmp-spec in QEMU).

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use azl_host::socket;
use serde_json::Value;

/// Longest wait for an answer; the monitor answers at once unless the host is overloaded.
const ANSWER: Duration = Duration::from_secs(20);

/// A line from QEMU.
#[derive(Debug, Clone, PartialEq)]
enum Message {
    Greeting(String),
    Event(String),
    Return(Value),
    Error(String),
}

/// A session with a running QEMU.
pub(crate) struct Qmp {
    stream: BufReader<UnixStream>,
    version: String,
    events: Vec<String>,
}

impl Qmp {
    /// Opens a session on the socket, which may not be there yet.
    pub(crate) fn connect(path: &Path) -> Option<Self> {
        let stream = socket::connect(path).ok()?;
        stream.set_read_timeout(Some(ANSWER)).ok()?;
        let mut qmp = Self { stream: BufReader::new(stream), version: String::new(), events: Vec::new() };
        match qmp.read()? {
            Message::Greeting(version) => qmp.version = version,
            _ => return None,
        }
        qmp.execute("qmp_capabilities")?;
        Some(qmp)
    }

    /// Returns the version of QEMU.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Returns the machine's state in QEMU's word, e.g. `running`; nothing if QEMU does not answer.
    pub(crate) fn status(&mut self) -> Option<String> {
        self.execute("query-status")?.get("status")?.as_str().map(str::to_owned)
    }

    /// Returns the names of events seen so far, e.g. `SHUTDOWN`.
    pub(crate) fn events(&self) -> &[String] {
        &self.events
    }

    /// Presses the machine's power button; what comes of it is the guest's affair.
    pub(crate) fn press_button(&mut self) {
        let _ = self.execute("system_powerdown");
    }

    /// Asks QEMU to end at once.
    pub(crate) fn quit(&mut self) {
        let _ = self.execute("quit");
    }

    fn execute(&mut self, command: &str) -> Option<Value> {
        let line = serde_json::json!({ "execute": command }).to_string() + "\n";
        self.stream.get_mut().write_all(line.as_bytes()).ok()?;
        loop {
            match self.read()? {
                Message::Return(value) => return Some(value),
                Message::Error(_) => return None,
                Message::Event(name) => self.events.push(name),
                Message::Greeting(_) => {}
            }
        }
    }

    fn read(&mut self) -> Option<Message> {
        let mut line = String::new();
        loop {
            match self.stream.read_line(&mut line) {
                Ok(0) => return None,
                Ok(_) => return parse(&line),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
    }
}

fn parse(line: &str) -> Option<Message> {
    let value: Value = serde_json::from_str(line).ok()?;
    if let Some(version) = value.pointer("/QMP/version/qemu") {
        let part = |name: &str| version.get(name).and_then(Value::as_u64).unwrap_or(0);
        return Some(Message::Greeting(format!("{}.{}.{}", part("major"), part("minor"), part("micro"))));
    }
    if let Some(event) = value.get("event").and_then(Value::as_str) {
        return Some(Message::Event(event.to_owned()));
    }
    if let Some(error) = value.get("error") {
        return Some(Message::Error(error.to_string()));
    }
    value.get("return").cloned().map(Message::Return)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_is_told_apart() {
        let greeting = r#"{"QMP": {"version": {"qemu": {"micro": 13, "minor": 0, "major": 10}, "package": ""}, "capabilities": ["oob"]}}"#;
        assert_eq!(parse(greeting), Some(Message::Greeting("10.0.13".to_owned())));
        assert_eq!(
            parse(r#"{"timestamp": {"seconds": 1}, "event": "SHUTDOWN", "data": {}}"#),
            Some(Message::Event("SHUTDOWN".to_owned()))
        );
        assert!(matches!(parse(r#"{"return": {"status": "running"}}"#), Some(Message::Return(_))));
        assert!(matches!(parse(r#"{"error": {"class": "GenericError", "desc": "x"}}"#), Some(Message::Error(_))));
        assert_eq!(parse("not json"), None);
    }

    #[test]
    fn a_session_greets_asks_and_collects_events() {
        let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
        let qemu = std::thread::spawn(move || {
            let mut reader = BufReader::new(theirs);
            let mut line = String::new();
            reader.read_line(&mut line).expect("a question");
            let answer =
                "{\"event\": \"RESUME\"}\n{\"return\": {\"status\": \"internal-error\", \"running\": false}}\n";
            reader.get_mut().write_all(answer.as_bytes()).expect("an answer");
            line
        });
        let mut qmp = Qmp { stream: BufReader::new(ours), version: String::new(), events: Vec::new() };
        assert_eq!(qmp.status().as_deref(), Some("internal-error"));
        assert_eq!(qmp.events(), ["RESUME"]);
        assert_eq!(qemu.join().expect("no panic"), "{\"execute\":\"query-status\"}\n");
    }
}
