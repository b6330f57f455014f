//! What people and machines see: live lines on a terminal, plain lines elsewhere, JSON events with `--json`.
//!
//! Not here: what the lines say (`azl_pipeline::progress`).
//!
//! **Invariant:** standard output carries results only (or, with `--json`, events only); progress goes to standard error.
//! No text moves the cursor or does anything else to a terminal.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use azl_diagnostics::Diagnostic;
use azl_host::clock::Stopwatch;
use azl_host::terminal::{Live, harmless};
use azl_host::{files, terminal};
use azl_pipeline::error::Failure;
use azl_pipeline::events::{Event, Reporter, SCHEMA, Stamped};
use azl_pipeline::progress::{Progress, Screen};
use azl_pipeline::runs::Recorder;

/// The one place that prints.
pub(crate) struct Ui {
    json: bool,
    progress: Arc<Mutex<Progress>>,
    live: Option<Live>,
    started: Stopwatch,
    run: OnceLock<Recorder>,
}

impl Ui {
    pub(crate) fn new(json: bool, jobs: usize) -> Self {
        let started = Stopwatch::start();
        let is_live = !json && terminal::shows_progress();
        let screen = if is_live { Screen::Live } else { Screen::Plain };
        let progress = Arc::new(Mutex::new(Progress::new(screen, jobs)));
        let shown = Arc::clone(&progress);
        let live = is_live.then(|| {
            Live::new(move || {
                let (width, height) = terminal::size();
                // Half of the screen is left to what was printed.
                lock(&shown).lines(millis(started), width, height / 2).join("\n")
            })
        });
        Self { json, progress, live, started, run: OnceLock::new() }
    }

    /// Takes events down in the directory of a run from now on.
    pub(crate) fn record(&self, run: Recorder) {
        // A second store opened by the same verb belongs to the same run.
        let _ = self.run.set(run);
    }

    /// Returns the run that is taken down.
    pub(crate) fn run(&self) -> Option<&Recorder> {
        self.run.get()
    }

    /// Prints a result.
    pub(crate) fn print(&self, text: &str) {
        write(&harmless(text));
    }

    /// Prints a result as text, or as the JSON object given.
    pub(crate) fn result(&self, text: &str, json: &serde_json::Value) {
        self.clear();
        if self.json {
            write(&format!("{}\n", with_schema(json)));
        } else {
            self.print(text);
        }
    }

    fn clear(&self) {
        if let Some(live) = &self.live {
            live.clear();
        }
    }

    fn line(&self, text: &str) {
        let text = harmless(text);
        match &self.live {
            Some(live) => live.print(&text),
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
        self.clear();
        let mut text = describe(failure, root);
        if let Some(run) = &self.run.get() {
            text = format!("{}\nrun: {}", text.trim_end(), run.directory().display());
        }
        if self.json {
            let diagnostics = match failure {
                Failure::Configuration(diagnostics) => serde_json::to_value(diagnostics).unwrap_or_default(),
                _ => serde_json::Value::Null,
            };
            let event = serde_json::json!({
                "event": "failure", "exit_code": failure.exit_code(), "message": text, "diagnostics": diagnostics,
            });
            write(&format!("{}\n", with_schema(&event)));
        }
        self.line(text.trim_end());
        ExitCode::from(failure.exit_code())
    }
}

impl Reporter for Ui {
    fn report(&self, event: &Event) {
        let stamped = Stamped::new(millis(self.started), event.clone());
        if let Some(run) = self.run.get() {
            run.note(&stamped);
        }
        if self.json {
            write(&stamped.line());
            return;
        }
        // Drawing asks for the state again, so it is not held while a line is printed.
        let text = lock(&self.progress).note(&stamped);
        if let Some(text) = text {
            self.line(&text);
        }
    }
}

/// Writes to standard output as it is; JSON is for machines, and its strings are whole.
fn write(text: &str) {
    let mut out = std::io::stdout().lock();
    // A closed pipe is the reader's choice, not a failure.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn lock(progress: &Mutex<Progress>) -> std::sync::MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}

fn millis(started: Stopwatch) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn with_schema(value: &serde_json::Value) -> serde_json::Value {
    let mut value = value.clone();
    if let Some(object) = value.as_object_mut() {
        object.insert("schema".to_owned(), SCHEMA.into());
    }
    value
}

/// Says what failed, in words.
pub(crate) fn describe(failure: &Failure, root: Option<&Path>) -> String {
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
