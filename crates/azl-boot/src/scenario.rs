//! What to start and what to expect of it, complete: what an action carries.
//!
//! What people write is in [`file`]: it may share steps between scenarios, and leave out what has a default.

mod file;

pub use file::scenarios;

use std::collections::BTreeMap;

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

/// A virtual machine and the boots it goes through, on one disk and with one variable store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Machine {
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Processors.
    pub cpus: u32,
    /// How the disk is attached.
    pub disk_bus: DiskBus,
    /// Size in MiB of the disk the image is put on; the image's own if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_mib: Option<u32>,
    /// Whether the firmware refuses what is not signed.
    #[serde(default, skip_serializing_if = "SecureBoot::is_off")]
    pub secure_boot: SecureBoot,
    /// Kernel arguments given from outside, through SMBIOS; heard by systemd-boot and systemd-stub.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kernel_arguments: String,
    /// systemd credentials given from outside, through SMBIOS: name → text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub credentials: BTreeMap<String, String>,
    /// Boots, in this order; the first that fails is the last.
    pub boots: Vec<Boot>,
}

/// Whether the firmware refuses what is not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecureBoot {
    /// It starts anything.
    #[default]
    Off,
    /// The certificate that comes with the image is its platform key, its key exchange key and its only signer.
    Enrolled,
}

impl SecureBoot {
    fn is_off(&self) -> bool {
        *self == Self::Off
    }
}

/// One boot of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Boot {
    /// What is done to the disk before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damage: Option<Damage>,
    /// Steps, expected in this order.
    pub steps: Vec<Step>,
    /// Console lines that fail the boot whenever they appear.
    pub forbid: Vec<Pattern>,
    /// Seconds the machine is watched for forbidden lines after the last step.
    pub settle_seconds: u32,
    /// How the boot ends.
    #[serde(default)]
    pub end: End,
}

/// A file of the EFI system partition, one bit of whose middle byte is flipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Damage {
    /// Its path in the partition, 8.3 names separated by `/`.
    pub esp_file: String,
}

/// How a boot ends, once its last step is done and the console has settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The power is cut: the emulator is killed, whatever the guest is writing.
    #[default]
    PowerCut,
    /// The power button is pressed, and the machine must switch itself off within a minute.
    PowerButton,
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

/// A console line to wait for, or a command to run over ssh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Step {
    /// Name in reports.
    pub name: String,
    /// Command for root's shell, given over ssh; it must end with success. Without it the step is a console line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// What a line must contain, of the console or of what the command prints; a command may print anything without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Pattern>,
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
    /// One scenario of several makes no sense.
    #[error("scenario `{name}`: {mistake}")]
    Scenario {
        /// Its name.
        name: String,
        /// What is wrong with it.
        mistake: Box<ScenarioError>,
    },
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
        match self {
            Self::Machine(machine) => machine.check(),
            Self::Container(container) => {
                if let Some(step) = container.steps.iter().find(|step| step.run.is_some()) {
                    return refuse(format!(
                        "step `{}` is a command over ssh, which a container does not answer",
                        step.name
                    ));
                }
                check_watched(&container.steps, &container.forbid)
            }
        }
    }
}

impl Machine {
    fn check(&self) -> Result<(), ScenarioError> {
        if self.cpus == 0 || self.memory_mib < 64 {
            return refuse("a machine needs a processor and at least 64 MiB of memory");
        }
        if self.boots.is_empty() {
            return refuse("a machine that is never booted proves nothing");
        }
        if let Some(name) = self.credentials.keys().find(|name| name.is_empty() || name.contains(['=', '/', ':'])) {
            return refuse(format!("`{name}` is no name of a credential"));
        }
        for boot in &self.boots {
            if boot.steps.is_empty() {
                return refuse("a boot without steps proves nothing: name at least one line to wait for");
            }
            check_watched(&boot.steps, &boot.forbid)?;
        }
        Ok(())
    }

    /// Returns whether a step is a command over ssh, so that the machine needs a network and a key.
    pub(crate) fn wants_ssh(&self) -> bool {
        self.boots.iter().flat_map(|boot| &boot.steps).any(|step| step.run.is_some())
    }
}

fn refuse<T>(message: impl Into<String>) -> Result<T, ScenarioError> {
    Err(ScenarioError::Value(message.into()))
}

fn check_watched(steps: &[Step], forbid: &[Pattern]) -> Result<(), ScenarioError> {
    for step in steps {
        if step.seconds == 0 {
            return refuse(format!("step `{}` has no time", step.name));
        }
        if step.run.is_none() && step.expect.is_none() {
            return refuse(format!("step `{}` neither waits for a line nor runs a command", step.name));
        }
        step.expect.as_ref().map(Pattern::compile).transpose()?;
    }
    forbid.iter().try_for_each(|pattern| pattern.compile().map(drop))
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

fn default_container_seconds() -> u32 {
    60
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_pattern_find_their_lines() {
        let text = Pattern::Text("a.b".to_owned()).compile().expect("text");
        assert!(text.is_match("xa.by") && !text.is_match("axb"));
        let expression = Pattern::Expression { regex: "^x+$".to_owned() }.compile().expect("expression");
        assert!(expression.is_match("xx") && !expression.is_match("xy"));
        assert!(Pattern::Expression { regex: "x*".to_owned() }.compile().is_err());
    }

    #[test]
    fn what_an_action_carries_is_read_back_as_it_was() {
        let text = "kind = \"machine\"\n[[steps]]\nname = \"k\"\nexpect = \"Linux version\"\nseconds = 9\n";
        let written: serde_json::Value = toml::from_str(text).expect("TOML");
        for scenario in scenarios(&written).expect("a scenario").into_values() {
            let value = serde_json::to_value(&scenario).expect("plain data");
            assert_eq!(Scenario::from_value(&value), Ok(scenario));
        }
    }
}
