//! What to start and what to expect of it.
//!
//! ```toml
//! # images/<name>.boot.toml
//! kind = "machine"
//! memory-mib = 512
//! forbid = ["Kernel panic", { regex = "azl-init: step \\S+ failed" }]
//!
//! [[steps]]
//! name = "kernel"
//! expect = "Linux version"
//! seconds = 20
//! ```

use regex::Regex;
use serde::{Deserialize, Serialize};

/// The `runner` of container scenarios.
pub const CONTAINER_RUNNER: &str = "container";

/// What is started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Scenario {
    /// A disk image in a virtual machine.
    Machine(Machine),
    /// An OCI image as a container.
    Container(Container),
}

/// A virtual machine and its expected console lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Machine {
    /// Memory in MiB.
    #[serde(default = "default_memory")]
    pub memory_mib: u32,
    /// Processors.
    #[serde(default = "default_cpus")]
    pub cpus: u32,
    /// How the disk is attached.
    #[serde(default)]
    pub disk_bus: DiskBus,
    /// Steps, expected in this order.
    pub steps: Vec<Step>,
    /// Lines that fail the boot whenever they appear.
    #[serde(default)]
    pub forbid: Vec<Pattern>,
    /// Seconds the machine is watched for forbidden lines after the last step.
    #[serde(default)]
    pub settle_seconds: u32,
}

/// A container and its expected output lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Container {
    /// Command; if empty, the image's own entry point and command.
    #[serde(default)]
    pub command: Vec<String>,
    /// Steps, expected in this order.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// Lines that fail the run whenever they appear.
    #[serde(default)]
    pub forbid: Vec<Pattern>,
    /// Seconds within which the command must end with success, besides the steps' own limits.
    #[serde(default = "default_container_seconds")]
    pub seconds: u32,
}

/// A line to wait for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Step {
    /// Name in reports.
    pub name: String,
    /// What a line must contain.
    pub expect: Pattern,
    /// Time limit on hardware, counted from the step before; multiplied under emulation.
    pub seconds: u32,
}

/// What a line must contain: a text, or `{ regex = "…" }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Pattern {
    /// A text that occurs in the line as it is.
    Text(String),
    /// A regular expression in the syntax of Rust's `regex` crate.
    Expression {
        /// The expression.
        regex: String,
    },
}

/// How a disk is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskBus {
    /// virtio block device.
    #[default]
    VirtioBlk,
    /// SCSI disk on a virtio controller.
    VirtioScsi,
    /// NVMe namespace, as Azure's newer sizes have.
    Nvme,
    /// SATA disk.
    Ahci,
}

/// A scenario that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// The value has another shape.
    #[error("not a boot scenario: {0}")]
    Shape(String),
    /// A regular expression does not parse.
    #[error("`{expression}` is not a regular expression: {reason}")]
    Expression {
        /// The expression.
        expression: String,
        /// What is wrong.
        reason: String,
    },
    /// A field's value cannot be meant.
    #[error("{0}")]
    Value(String),
}

impl Scenario {
    /// Reads a scenario from the value an action carries and checks it.
    ///
    /// # Errors
    /// [`ScenarioError`] for unknown fields, expressions that do not parse, and machines that cannot be.
    pub fn from_value(value: &serde_json::Value) -> Result<Self, ScenarioError> {
        let scenario: Self = Scenario::deserialize(value).map_err(|error| ScenarioError::Shape(error.to_string()))?;
        scenario.check()?;
        Ok(scenario)
    }

    /// Checks what the types alone do not.
    ///
    /// # Errors
    /// [`ScenarioError`] for the first mistake.
    pub fn check(&self) -> Result<(), ScenarioError> {
        let refuse = |message: &str| Err(ScenarioError::Value(message.to_owned()));
        if let Self::Machine(machine) = self {
            if machine.steps.is_empty() {
                return refuse("a machine without steps proves nothing: name at least one line to wait for");
            }
            if machine.cpus == 0 || machine.memory_mib < 64 {
                return refuse("a machine needs a processor and at least 64 MiB of memory");
            }
        }
        for step in self.steps() {
            if step.seconds == 0 {
                return Err(ScenarioError::Value(format!("step `{}` has no time", step.name)));
            }
            step.expect.compile()?;
        }
        self.forbid().iter().try_for_each(|pattern| pattern.compile().map(drop))
    }

    /// Returns the steps.
    pub fn steps(&self) -> &[Step] {
        match self {
            Self::Machine(machine) => &machine.steps,
            Self::Container(container) => &container.steps,
        }
    }

    /// Returns the forbidden lines.
    pub fn forbid(&self) -> &[Pattern] {
        match self {
            Self::Machine(machine) => &machine.forbid,
            Self::Container(container) => &container.forbid,
        }
    }
}

impl Pattern {
    /// Returns the expression that finds this pattern in a line.
    ///
    /// # Errors
    /// [`ScenarioError::Expression`] if it does not parse, [`ScenarioError::Value`] if it is found in every line.
    pub fn compile(&self) -> Result<Regex, ScenarioError> {
        let source = match self {
            Self::Text(text) => regex::escape(text),
            Self::Expression { regex } => regex.clone(),
        };
        let compiled = Regex::new(&source)
            .map_err(|error| ScenarioError::Expression { expression: source.clone(), reason: error.to_string() })?;
        if compiled.is_match("") {
            return Err(ScenarioError::Value(format!("`{source}` is found in every line")));
        }
        Ok(compiled)
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Expression { regex } => write!(f, "/{regex}/"),
        }
    }
}

fn default_memory() -> u32 {
    512
}

fn default_cpus() -> u32 {
    1
}

fn default_container_seconds() -> u32 {
    60
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        boot: Scenario,
    }

    fn parse(text: &str) -> Result<Scenario, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let value = serde_json::to_value(&file.boot).expect("plain data");
        Scenario::from_value(&value).map_err(|error| error.to_string())
    }

    const STEP: &str = "[[boot.steps]]\nname = \"k\"\nexpect = \"Linux version\"\nseconds = 9\n";

    #[test]
    fn defaults_fill_in_the_machine_and_both_pattern_forms_load() {
        let text = format!("[boot]\nkind = \"machine\"\nforbid = [\"a.b\", {{ regex = \"x+\" }}]\n{STEP}");
        let Ok(Scenario::Machine(machine)) = parse(&text) else { panic!("a machine") };
        assert_eq!((machine.memory_mib, machine.cpus, machine.disk_bus), (512, 1, DiskBus::VirtioBlk));
        let text_pattern = machine.forbid[0].compile().expect("text");
        assert!(text_pattern.is_match("a.b") && !text_pattern.is_match("axb"));
        assert!(machine.forbid[1].compile().expect("expression").is_match("xx"));
    }

    #[test]
    fn mistakes_are_named() {
        let cases = [
            (format!("[boot]\nkind = \"machine\"\nmemroy-mib = 1\n{STEP}"), "memroy-mib"),
            ("[boot]\nkind = \"machine\"\nsteps = []\n".to_owned(), "proves nothing"),
            (format!("[boot]\nkind = \"machine\"\ncpus = 0\n{STEP}"), "needs a processor"),
            (format!("[boot]\nkind = \"machine\"\nforbid = [{{ regex = \"(\" }}]\n{STEP}"), "not a regular expression"),
            (format!("[boot]\nkind = \"machine\"\nforbid = [\"\"]\n{STEP}"), "every line"),
            (format!("[boot]\nkind = \"rocket\"\n{STEP}"), "rocket"),
        ];
        for (text, expected) in cases {
            let error = parse(&text).expect_err(expected);
            assert!(error.contains(expected), "{error} lacks {expected}");
        }
    }
}
