//! What a boot gave, for machines and people.

use serde::{Deserialize, Serialize};

/// The outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every step was reached and nothing forbidden was seen.
    Passed,
    /// Something else.
    Failed,
}

/// The outcome of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepVerdict {
    /// Its line came in time.
    Passed,
    /// The run ended while it was waited for.
    Failed,
    /// The run ended before.
    NotReached,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StepReport {
    /// Name.
    pub name: String,
    /// The command that was run over ssh; none for a console line.
    pub run: Option<String>,
    /// What a line had to contain.
    pub expect: Option<String>,
    /// Outcome.
    pub verdict: StepVerdict,
    /// Milliseconds since the step before.
    pub millis: Option<u64>,
    /// Milliseconds since the start.
    pub at_millis: Option<u64>,
    /// The line that fulfilled it.
    pub line: Option<String>,
    /// What the command printed.
    pub output: Vec<String>,
}

/// One boot, or the one run of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BootReport {
    /// Steps, in the scenario's order.
    pub steps: Vec<StepReport>,
    /// Milliseconds from start to end; none if the run ended before it.
    pub millis: Option<u64>,
}

/// A boot test's report; schema 2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// Raised when a field changes its meaning.
    pub schema: u32,
    /// Outcome.
    pub verdict: Verdict,
    /// Why it failed.
    pub reason: Option<String>,
    /// The image's name.
    pub image: String,
    /// The image's SHA-256.
    pub image_sha256: String,
    /// `kvm`, `tcg` or `container`.
    pub runner: String,
    /// Why the guest was emulated, where it was.
    pub runner_reason: Option<String>,
    /// The monitor and its version, e.g. `QEMU 10.0.13`.
    pub monitor: String,
    /// The firmware's file, for machines.
    pub firmware: Option<String>,
    /// Boots, in the scenario's order.
    pub boots: Vec<BootReport>,
    /// Milliseconds from start to verdict.
    pub total_millis: u64,
    /// The last console lines of a failed run.
    pub console_tail: Vec<String>,
}

impl Report {
    /// Returns the report as JSON, ending with a newline.
    ///
    /// # Panics
    /// Never: a report is plain data.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report is plain data") + "\n"
    }

    /// Returns the report as JUnit XML: a test case per step, and one for the run as a whole.
    pub fn to_junit(&self) -> String {
        crate::junit::render(self)
    }

    /// Returns what a person needs to see of a failure: the reason, the steps and the last lines.
    pub fn explain(&self) -> String {
        let mut lines = vec![format!(
            "boot of `{}` failed ({}): {}",
            self.image,
            self.runner,
            self.reason.as_deref().unwrap_or("no reason is known")
        )];
        lines.extend(self.table());
        if !self.console_tail.is_empty() {
            lines.push("last console lines:".to_owned());
            lines.extend(self.console_tail.iter().map(|line| format!("  {line}")));
        }
        lines.join("\n")
    }

    /// Returns a line for the verdict and one for each step.
    pub fn summary(&self) -> String {
        let verdict = match self.verdict {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
        };
        let millis = self.total_millis;
        let head = format!("{verdict}: {}, {} boots in {millis} ms ({})", self.image, self.boots.len(), self.runner);
        std::iter::once(head).chain(self.table()).collect::<Vec<_>>().join("\n")
    }

    fn table(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (index, boot) in self.boots.iter().enumerate() {
            if self.boots.len() > 1 {
                lines.push(format!("  boot {}", index + 1));
            }
            lines.extend(boot.steps.iter().map(row));
        }
        lines
    }
}

fn row(step: &StepReport) -> String {
    match (step.verdict, step.at_millis) {
        (StepVerdict::Passed, Some(at)) => format!("  passed       {} at {at} ms", step.name),
        (StepVerdict::Passed, None) => format!("  passed       {}", step.name),
        (StepVerdict::Failed, _) => format!("  failed       {}", step.name),
        (StepVerdict::NotReached, _) => format!("  not reached  {}", step.name),
    }
}
