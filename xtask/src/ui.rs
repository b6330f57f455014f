//! What people and machines see: progress bars on a terminal, plain lines elsewhere, JSON events with `--json`.
//!
//! **Invariant:** standard output carries results only (or, with `--json`, events only); progress goes to standard error.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;

use azl_diagnostics::Diagnostic;
use azl_host::clock::Stopwatch;
use azl_host::terminal::Progress;
use azl_host::{files, terminal};
use azl_pipeline::error::Failure;
use azl_pipeline::events::{Event, Reporter, SCHEMA, StageTime};

/// The one place that prints.
pub(crate) struct Ui {
    json: bool,
    progress: Option<Progress>,
    started: Stopwatch,
    running: Mutex<BTreeMap<String, f64>>,
}

impl Ui {
    pub(crate) fn new(json: bool) -> Self {
        let progress = (!json && terminal::shows_progress()).then(Progress::new);
        Self { json, progress, started: Stopwatch::start(), running: Mutex::default() }
    }

    /// Prints a result.
    pub(crate) fn print(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        // A closed pipe is the reader's choice, not a failure.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Prints a result as text, or as the JSON object given.
    pub(crate) fn result(&self, text: &str, json: &serde_json::Value) {
        if self.json {
            self.print(&format!("{}\n", with_schema(json)));
        } else {
            self.print(text);
        }
    }

    fn line(&self, text: &str) {
        match &self.progress {
            Some(progress) => progress.line(text),
            None => {
                let _ = writeln!(std::io::stderr().lock(), "{text}");
            }
        }
    }

    /// Shows warnings; `root` is where authored files are found.
    pub(crate) fn warn(&self, warnings: &[Diagnostic], root: &Path) {
        if !warnings.is_empty() {
            self.line(render(warnings, Some(root)).trim_end());
        }
    }

    /// Shows a failure and returns its exit code; `root` is where authored files are found.
    pub(crate) fn fail(&self, failure: &Failure, root: Option<&Path>) -> ExitCode {
        if let Some(progress) = &self.progress {
            progress.clear();
        }
        let text = describe(failure, root);
        if self.json {
            let diagnostics = match failure {
                Failure::Configuration(diagnostics) => serde_json::to_value(diagnostics).unwrap_or_default(),
                _ => serde_json::Value::Null,
            };
            let event = serde_json::json!({
                "event": "failure", "exit_code": failure.exit_code(), "message": text, "diagnostics": diagnostics,
            });
            self.print(&format!("{}\n", with_schema(&event)));
        }
        self.line(text.trim_end());
        ExitCode::from(failure.exit_code())
    }

    fn finished(&self, node: &str, cached: bool, millis: u64) {
        if let Ok(mut running) = self.running.lock() {
            running.remove(node);
        }
        if let Some(progress) = &self.progress {
            progress.finished(node);
        }
        if !cached {
            self.line(&format!("{} {node:<44} {}", self.clock(), seconds(millis as f64 / 1000.0)));
        }
    }

    fn clock(&self) -> String {
        let elapsed = self.started.elapsed().as_secs();
        format!("[{:>3}:{:02}]", elapsed / 60, elapsed % 60)
    }

    fn show(&self, event: &Event) {
        match event {
            Event::Stage { name, nodes } => {
                if let Some(progress) = &self.progress {
                    progress.stage(name, *nodes);
                }
            }
            Event::Started { node, .. } => {
                if let Some(progress) = &self.progress {
                    progress.started(node);
                } else if is_long(node) {
                    self.line(&format!("{} {node:<44} started", self.clock()));
                }
            }
            Event::Finished { node, cached, millis, .. } => self.finished(node, *cached, *millis),
            Event::Failed { node, .. } => {
                if let Some(progress) = &self.progress {
                    progress.finished(node);
                }
                self.line(&format!("{} {node:<44} FAILED", self.clock()));
            }
            Event::Retried { node, attempt, message } => {
                self.line(&format!(
                    "{} {node:<44} failed the {attempt}. time, is tried again: {message}",
                    self.clock()
                ));
            }
            Event::Waiting { node, holder } => {
                self.line(&format!("{} {node:<44} is being done by {holder}; waiting for it", self.clock()));
            }
            Event::Lost { .. } => {}
            Event::Note { message } => self.line(&format!("{} note: {message}", self.clock())),
            Event::Summary { performed, cached, seconds, stages } => {
                if let Some(progress) = &self.progress {
                    progress.clear();
                }
                self.line(summary(*performed, *cached, *seconds, stages).trim_end());
            }
        }
    }
}

impl Reporter for Ui {
    fn report(&self, event: &Event) {
        if self.json {
            let value = serde_json::to_value(event).unwrap_or_default();
            self.print(&format!("{}\n", with_schema(&value)));
        } else {
            self.show(event);
        }
    }
}

/// Stages whose actions take long enough that a plain log should say when they begin.
fn is_long(node: &str) -> bool {
    ["seed:", "rpm:", "boot:"].iter().any(|stage| node.starts_with(stage))
}

fn with_schema(value: &serde_json::Value) -> serde_json::Value {
    let mut value = value.clone();
    if let Some(object) = value.as_object_mut() {
        object.insert("schema".to_owned(), SCHEMA.into());
    }
    value
}

fn seconds(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds as u64;
    format!("{} min {:02} s", whole / 60, whole % 60)
}

fn summary(performed: usize, cached: usize, total: f64, stages: &[StageTime]) -> String {
    let mut text = String::new();
    if performed > 0 {
        let _ = writeln!(text, "\n{:<16} {:>8} {:>14}", "stage", "actions", "work");
        for stage in stages {
            let _ = writeln!(text, "{:<16} {:>8} {:>14}", stage.stage, stage.actions, seconds(stage.seconds));
        }
    }
    let _ = writeln!(text, "{performed} actions done, {cached} known already, {}", seconds(total));
    text
}

fn describe(failure: &Failure, root: Option<&Path>) -> String {
    match failure {
        Failure::Configuration(diagnostics) => render(diagnostics, root),
        Failure::Build(message) => format!("error: {message}"),
        Failure::Verification(message) => format!("error: {message}"),
        Failure::Infrastructure(message) => format!("error: {message}"),
    }
}

/// Renders diagnostics with the lines of the files they point into.
pub(crate) fn render(diagnostics: &[Diagnostic], root: Option<&Path>) -> String {
    let mut sources: BTreeMap<String, String> = BTreeMap::new();
    for span in diagnostics.iter().filter_map(|diagnostic| diagnostic.span.as_ref()) {
        if let Some(Ok(text)) = root.map(|root| files::read_to_string(root.join(&span.file))) {
            sources.insert(span.file.clone(), text);
        }
    }
    azl_diagnostics::render_all(diagnostics, |file| sources.get(file).map(String::as_str))
}
